// Covers: script_commands, redis_library
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class ScriptCommands : public ServerTest {
 protected:
  std::string Eval(const std::string& script, std::vector<std::string> rest = {"0"}) {
    rest.insert(rest.begin(), {"eval", script});
    return Send(rest);
  }
};

TEST_F(ScriptCommands, RunCommandsAndAnswerWithTheirReplies) {
  EXPECT_EQ(Eval("return redis.call('set', KEYS[1], ARGV[1])", {"1", "k", "v"}), "OK");
  EXPECT_EQ(Eval("return redis.call('get', KEYS[1])", {"1", "k"}), "\"v\"");
  EXPECT_EQ(Eval("return {KEYS, ARGV}", {"1", "k", "v", "w"}), "[[\"k\"], [\"v\", \"w\"]]");
  EXPECT_EQ(Eval("redis.call('rpush', 'l', 1, 2.5) return redis.call('lrange', 'l', 0, -1)"), "[\"1\", \"2.5\"]");
  EXPECT_EQ(Eval("return redis.pcall('incr', 'l')"),
            "(error) WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_THAT(Eval("redis.call('incr', 'l')"), testing::ContainsRegex("^\\(error\\) WRONGTYPE .* script: [0-9a-f]{40}, "
                                                                      "on @user_script:1\\.$"));
  EXPECT_EQ(Eval("return redis.call('get', 'none') == false"), "1");
}

TEST_F(ScriptCommands, KeepWhatWasWrittenBeforeAnError) {
  EXPECT_THAT(Eval("redis.call('set', 'a', 1) redis.call('nosuch')"),
              StartsWith("(error) ERR Unknown Redis command called from script script: "));
  EXPECT_EQ(Line("get a"), "\"1\"");
}

TEST_F(ScriptCommands, AreFoundByTheirSha1) {
  const std::string name = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
  EXPECT_EQ(Send({"evalsha", name, "0"}), "(error) NOSCRIPT No matching script. Please use EVAL.");
  EXPECT_EQ(Send({"script", "exists", name, "x"}), "[0, 0]");
  EXPECT_EQ(Send({"script", "load", "return 1"}), '"' + name + '"');
  EXPECT_EQ(Send({"script", "exists", name, "x"}), "[1, 0]");
  EXPECT_EQ(Send({"evalsha", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "0"}), "1");
  EXPECT_EQ(Send({"evalsha_ro", name, "0"}), "1");
  EXPECT_THAT(Line("info memory"), HasSubstr("number_of_cached_scripts:1\\x0d"));
  EXPECT_EQ(Send({"script", "flush", "async"}), "OK");
  EXPECT_EQ(Send({"script", "exists", name}), "[0]");
  EXPECT_EQ(Eval("return 1"), "1");
  EXPECT_EQ(Send({"evalsha", name, "0"}), "1");
}

TEST_F(ScriptCommands, RefuseAsRedisDoes) {
  EXPECT_EQ(Eval("return 1", {"x"}), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Eval("return 1", {"1"}), "(error) ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(Eval("return 1", {"-1"}), "(error) ERR Number of keys can't be negative");
  EXPECT_EQ(Eval("x"), "(error) ERR Error compiling script (new function): user_script:1: '=' expected near '<eof>'");
  EXPECT_EQ(Send({"script", "load", "x"}),
            "(error) ERR Error compiling script (new function): user_script:1: '=' expected near '<eof>'");
  EXPECT_THAT(Eval("redis.call('get')"),
              StartsWith("(error) ERR Wrong number of args calling Redis command from script script: "));
  EXPECT_THAT(Eval("redis.call()"),
              StartsWith("(error) ERR Please specify at least one argument for this redis lib call script: "));
  EXPECT_THAT(Eval("redis.call('get', {})"),
              StartsWith("(error) ERR Lua redis lib command arguments must be strings or integers script: "));
  for (const char* const command : {"'multi'", "'eval', 'return 1', 0", "'subscribe', 'c'", "'blpop', 'l', 0"}) {
    EXPECT_THAT(Eval(std::string("redis.call(") + command + ")"),
                StartsWith("(error) ERR This Redis command is not allowed from script script: "))
        << command;
  }
  EXPECT_EQ(Line("script kill"), "(error) NOTBUSY No scripts in execution right now.");
  EXPECT_EQ(Line("script flush x"), "(error) ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  EXPECT_EQ(Line("script debug no"), "OK");
  EXPECT_EQ(Line("script debug x"), "(error) ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

TEST_F(ScriptCommands, ThatOnlyReadMayNotWrite) {
  constexpr std::string_view kRefused = "(error) ERR Write commands are not allowed from read-only scripts. script: ";
  EXPECT_THAT(Send({"eval_ro", "redis.call('set', 'a', 1)", "0"}), StartsWith(std::string(kRefused)));
  EXPECT_THAT(Send({"eval_ro", "redis.call('publish', 'a', 1)", "0"}), StartsWith(std::string(kRefused)));
  EXPECT_THAT(Eval("#!lua flags=no-writes\nredis.call('set', 'a', 1)"), StartsWith(std::string(kRefused)));
  EXPECT_EQ(Send({"eval_ro", "return redis.call('get', 'a')", "0"}), "(nil)");
  EXPECT_EQ(Send({"eval_ro", "#!lua\nreturn 1", "0"}),
            "(error) ERR Can not execute a script with write flag using *_ro command.");
  EXPECT_EQ(Send({"eval_ro", "#!lua flags=no-writes\nreturn 1", "0"}), "1");
  EXPECT_EQ(Line("exists a"), "0");
}

TEST_F(ScriptCommands, SelectForThemselves) {
  EXPECT_EQ(Eval("redis.call('select', 3) return redis.call('set', 'a', 1)"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Eval("redis.call('select', 3) return redis.call('get', 'a')"), "QUEUED");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[\"1\", (nil)]");
  EXPECT_EQ(Line("select 3"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
}

TEST_F(ScriptCommands, NeverWait) {
  EXPECT_THAT(Eval("return redis.pcall('xread', 'block', 0, 'streams', 's', '$')"),
              StartsWith("(error) ERR xread command is not allowed with BLOCK option from scripts"));
  EXPECT_EQ(Eval("redis.call('sadd', 's', 'b', 'c', 'a') return redis.call('sort', 's', 'by', 'nosort')"),
            "[\"a\", \"b\", \"c\"]")
      << "in an order that is the same everywhere";
}

TEST_F(ScriptCommands, SeeOneMoment) {
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  EXPECT_EQ(Eval("return redis.call('pttl', 'a')"), "10");
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(Eval("return redis.call('exists', 'a')"), "0");
}

TEST_F(ScriptCommands, AreWholeForThoseWhoWaitAndWatch) {
  Client waiter(*this, "127.0.0.1:2");
  EXPECT_EQ(waiter.Line("blpop l 0"), "");
  EXPECT_EQ(Eval("redis.call('rpush', 'l', 1) redis.call('rpush', 'l', 2) return redis.call('llen', 'l')"), "2");
  EXPECT_EQ(waiter.Received(), "[\"l\", \"1\"]");
  EXPECT_EQ(waiter.Line("watch l"), "OK");
  EXPECT_EQ(waiter.Line("multi"), "OK");
  EXPECT_EQ(Eval("return redis.call('rpush', 'l', 3)"), "2");
  EXPECT_EQ(waiter.Line("exec"), "(nil array)");
}

TEST_F(ScriptCommands, SpeakResp3WhenTheyAskForIt) {
  const std::string script = "redis.setresp(3) redis.call('hset', 'h', 'f', 'v') return redis.call('hgetall', 'h')";
  EXPECT_EQ(Eval(script), "[\"f\", \"v\"]");
  Line("hello 3");
  EXPECT_EQ(Eval(script), "{\"f\": \"v\"}");
  EXPECT_EQ(Eval("return redis.call('hgetall', 'h')"), "[\"f\", \"v\"]") << "the next one begins with RESP2";
  EXPECT_THAT(Eval("redis.setresp(4)"), StartsWith("(error) ERR RESP version must be 2 or 3. script: "));
}

TEST_F(ScriptCommands, HaveTheirErrorsCountedOnce) {
  Line("config resetstat");
  Eval("return redis.call('select', 99)");
  EXPECT_THAT(Line("info errorstats"), HasSubstr("errorstat_ERR:count=1\\x0d"));
  Line("config resetstat");
  Eval("return redis.pcall('nosuch')");
  Eval("redis.pcall('nosuch') return 1");
  EXPECT_THAT(Line("info errorstats"), HasSubstr("errorstat_ERR:count=2\\x0d"));
  EXPECT_THAT(Line("info commandstats"), HasSubstr("rejected_calls=0,failed_calls=1"));
}

TEST_F(ScriptCommands, CountNoErrorsByCodesThatAreNoNames) {
  Line("config resetstat");
  Eval("return redis.error_reply('\\255 x')");
  Eval("return redis.error_reply('MY_CODE x')");
  EXPECT_EQ(server_->counters().errors, 2U);
  EXPECT_EQ(server_->counters().errors_by_code.size(), 1U);
  EXPECT_EQ(server_->counters().errors_by_code.at("MY_CODE"), 1U);
}

TEST_F(ScriptCommands, AreHeldByAPauseUnlessTheyOnlyRead) {
  Client other(*this, "127.0.0.1:2");
  EXPECT_EQ(Line("client pause 100000 write"), "OK");
  EXPECT_EQ(Send({"eval_ro", "return 1", "0"}), "1");
  EXPECT_EQ(Eval("#!lua flags=no-writes\nreturn 2"), "2");
  EXPECT_EQ(Send({"script", "load", "#!lua flags=no-writes\nreturn 3"}),
            "\"50ad2340de91fe7294d5c746ad721ff185c16fc5\"");
  EXPECT_EQ(other({"eval", "return 4", "0"}), "");
  EXPECT_EQ(Line("client unpause"), "OK");
  EXPECT_EQ(other.Received(), "4");
}

TEST_F(ScriptCommands, HaveTheTableRedis) {
  EXPECT_EQ(Eval("return redis.sha1hex('')"), "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"");
  EXPECT_EQ(Eval("return redis.error_reply('MY error')"), "(error) MY error");
  EXPECT_EQ(Eval("return redis.error_reply('one')"), "(error) ERR one");
  EXPECT_EQ(Eval("return redis.status_reply('FINE')"), "FINE");
  EXPECT_EQ(Eval("return redis.status_reply(1)"), "(error) ERR wrong number or type of arguments");
  EXPECT_EQ(Eval("return redis.log(redis.LOG_WARNING, 'x')"), "(nil)");
  EXPECT_THAT(Eval("redis.log(9, 'x')"), StartsWith("(error) ERR Invalid debug level. script: "));
  EXPECT_EQ(Eval("return redis.set_repl(redis.REPL_ALL)"), "(nil)");
  EXPECT_THAT(Eval("redis.set_repl(77)"), StartsWith("(error) ERR Invalid replication flags."));
  EXPECT_EQ(Eval("return redis.acl_check_cmd('get', 'a')"), "1");
  EXPECT_THAT(Eval("redis.acl_check_cmd('nosuch')"), StartsWith("(error) ERR Invalid command passed to redis.acl"));
  EXPECT_EQ(Eval("return {redis.replicate_commands(), redis.breakpoint()}"), "[1, (nil)]");
  EXPECT_EQ(Eval("return {redis.REDIS_VERSION, redis.REDIS_VERSION_NUM}"), "[\"7.0.15\", 458767]");
}

TEST_F(ScriptCommands, PassAsManyWordsAsLuaHasRoomFor) {
  EXPECT_EQ(Eval("local a = {} for i = 1, 7990 do a[i] = i end return redis.call('rpush', 'l', unpack(a))"), "7990");
}

TEST_F(ScriptCommands, NameTheirKeys) {
  EXPECT_EQ(Send({"command", "getkeys", "eval", "return 1", "2", "a", "b", "c"}), "[\"a\", \"b\"]");
  EXPECT_EQ(Send({"command", "getkeys", "evalsha", "x", "0", "c"}), "[]");
}

}  // namespace
}  // namespace amethyst::server
