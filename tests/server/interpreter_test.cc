// Covers: interpreter, runtime, script_flags, machine, sandbox, protection, reply_to_lua, lua_to_reply
#include <gmock/gmock.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server/lua/interpreter.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Answers every command with the bytes that the test says, and ends what it is asked about too often.
class FakeRunner final : public CommandRunner {
 public:
  bool RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol, std::string* answer) override {
    called.emplace_back(words.begin(), words.end());
    last_protocol = protocol;
    *answer = answers;
    return is_allowed;
  }
  bool Knows(std::span<const std::string_view> /*words*/) override { return true; }
  void WriteLog(LogLevel /*level*/, std::string_view /*text*/) override {}
  std::string_view Interrupt() override { return ++looks > looks_max ? "Script ended: it has run for too long" : ""; }

  std::string answers = "+OK\r\n";
  bool is_allowed = true;
  uint64_t looks = 0;
  uint64_t looks_max = UINT64_MAX;
  std::vector<std::vector<std::string>> called;
  Reply::Protocol last_protocol = Reply::Protocol::kResp2;
};

class InterpreterTest : public testing::Test {
 protected:
  // The reply's bytes, or why the script is none.
  std::string Run(std::string_view script, std::vector<std::string_view> args = {}) {
    const auto name = interpreter_.Add(script, false);
    if (!name) return name.error();
    std::string bytes;
    Reply reply(&bytes, protocol_);
    was_counted_ = interpreter_.Run({.name = *name, .keys = {}, .args = args}, runner_, reply);
    return bytes;
  }
  // Of a command that answers so, whose value the script returns.
  std::string Returned(std::string_view answer) {
    runner_.answers = answer;
    return Run("return redis.call('get')");
  }
  void ExpectRefused(std::string_view script) {
    EXPECT_THAT(Run(script), HasSubstr("Attempt to modify a readonly table")) << script;
  }

  Interpreter interpreter_;
  FakeRunner runner_;
  Reply::Protocol protocol_ = Reply::Protocol::kResp2;
  bool was_counted_ = false;
};

TEST_F(InterpreterTest, TurnsValuesIntoReplies) {
  EXPECT_EQ(Run("return 'text'"), "$4\r\ntext\r\n");
  EXPECT_EQ(Run("return 3.99"), ":3\r\n");
  EXPECT_EQ(Run("return -3.99"), ":-3\r\n");
  EXPECT_EQ(Run("return {1/0, -1/0, 0/0}"),
            "*3\r\n:-9223372036854775808\r\n:-9223372036854775808\r\n:-9223372036854775808\r\n");
  EXPECT_EQ(Run("return true"), ":1\r\n");
  EXPECT_EQ(Run("return false"), "$-1\r\n");
  EXPECT_EQ(Run("return nil"), "$-1\r\n");
  EXPECT_EQ(Run("return {1, {2, 'x'}, nil, 3}"), "*2\r\n:1\r\n*2\r\n:2\r\n$1\r\nx\r\n");
  EXPECT_EQ(Run("return {ok = 'FI\\r\\nNE'}"), "+FI  NE\r\n");
  EXPECT_EQ(Run("return {err = 'MY\\r\\nerror\\r\\n'}"), "-MY  error\r\n");
  EXPECT_EQ(Run("return {double = 1.5}"), "$3\r\n1.5\r\n");
  EXPECT_EQ(Run("return {big_number = '12\\r3'}"), "$4\r\n12 3\r\n");
  EXPECT_EQ(Run("return {verbatim_string = {format = 'txt', string = 'hi'}}"), "$2\r\nhi\r\n");
  EXPECT_EQ(Run("return {map = {a = 1}}"), "*2\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(Run("return {set = {a = true}}"), "*1\r\n$1\r\na\r\n");
  EXPECT_EQ(Run("return setmetatable({}, {__index = function() return 1 end})"), "*0\r\n");
}

TEST_F(InterpreterTest, TurnsValuesIntoRepliesOfResp3) {
  protocol_ = Reply::Protocol::kResp3;
  EXPECT_EQ(Run("return false"), "_\r\n");
  EXPECT_EQ(Run("redis.setresp(3) return {true, false}"), "*2\r\n#t\r\n#f\r\n");
  EXPECT_EQ(Run("return {double = 1.5}"), ",1.5\r\n");
  EXPECT_EQ(Run("return {big_number = '123'}"), "(123\r\n");
  EXPECT_EQ(Run("return {verbatim_string = {format = 'mkdown', string = 'hi'}}"), "=6\r\nmkd:hi\r\n");
  EXPECT_EQ(Run("return {map = {a = 1}}"), "%1\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(Run("return {set = {a = true}}"), "~1\r\n$1\r\na\r\n");
}

TEST_F(InterpreterTest, HandsRepliesBackAsTheyCame) {
  protocol_ = Reply::Protocol::kResp3;
  for (const std::string_view reply : {":7\r\n", "$2\r\nhi\r\n", "+FINE\r\n", "*2\r\n:1\r\n*0\r\n", ",2.5\r\n",
                                       "(12345\r\n", "=6\r\ntxt:hi\r\n", "_\r\n"}) {
    EXPECT_EQ(Returned(reply), reply);
  }
  EXPECT_EQ(Returned("$-1\r\n"), "_\r\n");
  EXPECT_EQ(Returned("*-1\r\n"), "_\r\n");
  EXPECT_EQ(Returned("%1\r\n$1\r\nk\r\n:1\r\n"), "%1\r\n$1\r\nk\r\n:1\r\n");
  EXPECT_EQ(Returned("~1\r\n:1\r\n"), "~1\r\n:1\r\n");
  EXPECT_EQ(Returned("#t\r\n"), ":1\r\n") << "the script speaks RESP2";
}

TEST_F(InterpreterTest, TellsErrorsWithTheirPlace) {
  EXPECT_THAT(Returned("-BAD thing\r\n"),
              testing::ContainsRegex("^-BAD thing script: [0-9a-f]{40}, on @user_script:1"));
  EXPECT_TRUE(was_counted_);
  EXPECT_EQ(Run("return redis.pcall('get')"), "-BAD thing\r\n");
  EXPECT_TRUE(was_counted_);
  EXPECT_EQ(Run("local is_ok, text = pcall(redis.call, 'get') return text"), "$9\r\nBAD thing\r\n");
  EXPECT_THAT(Run("\nerror('mine')"), StartsWith("-ERR user_script:2: mine script: "));
  EXPECT_FALSE(was_counted_);
  EXPECT_THAT(Run("error({err = 'MY own'})"), StartsWith("-MY own script: "));
  EXPECT_THAT(Run("error()"), StartsWith("-ERR nil script: "));
  EXPECT_THAT(Run("error(redis)"), HasSubstr("Attempt to modify a readonly table"));
  EXPECT_EQ(Run("return {xpcall(function() error('x', 0) end, function(e) return e .. 'y' end)}"),
            "*2\r\n$-1\r\n$2\r\nxy\r\n");
  EXPECT_THAT(Run("x x"), StartsWith("Error compiling script (new function): user_script:1: "));
}

TEST_F(InterpreterTest, PassesWordsOn) {
  Run("redis.call('set', 1.5, 9007199254740991, ARGV[1], 'a\\0b')", {"x"});
  EXPECT_THAT(runner_.called, testing::ElementsAre(std::vector<std::string>{"set", "1.5", "9007199254740991", "x",
                                                                            std::string("a\0b", 3)}));
  Run("redis.setresp(3) redis.call('a')");
  EXPECT_EQ(runner_.last_protocol, Reply::Protocol::kResp3);
  Run("redis.call('a')");
  EXPECT_EQ(runner_.last_protocol, Reply::Protocol::kResp2);
}

TEST_F(InterpreterTest, HasNothingThatReachesTheSystem) {
  for (const char* const name : {"os", "io", "debug", "package", "require", "module", "print", "dofile", "loadfile",
                                 "getfenv", "setfenv", "newproxy"}) {
    EXPECT_THAT(Run(std::string("return ") + name),
                HasSubstr(std::string("Script attempted to access nonexistent global variable '") + name + "'"));
  }
}

TEST_F(InterpreterTest, LocksItsTables) {
  for (const std::string_view script :
       {"a = 1", "redis = 1", "_G = {}", "_G.a = 1", "redis.call = 1", "cjson.encode = 1", "string.len = 1",
        "getmetatable('').__index = 1", "getmetatable(_G).__index = 1", "rawset(_G, 'a', 1)", "rawset(redis, 'a', 1)",
        "setmetatable(_G, {})", "setmetatable(redis, {})", "table.insert(_G, 1)", "loadstring('a = 1')()",
        "coroutine.wrap(function() a = 1 end)()", "KEYS = 1"}) {
    ExpectRefused(script);
  }
  EXPECT_EQ(Run("return {type(redis.nothing), type(rawget(_G, 'nothing')), type(getmetatable(redis))}"),
            "*3\r\n$3\r\nnil\r\n$3\r\nnil\r\n$3\r\nnil\r\n");
  EXPECT_EQ(Run("local n = 0 for k in pairs(redis) do n = n + 1 end return n > 20 and next(_G) ~= nil"), ":1\r\n");
  EXPECT_EQ(Run("return ('x'):rep(3):upper()"), "$3\r\nXXX\r\n");
}

TEST_F(InterpreterTest, TakesNoBytecode) {
  EXPECT_EQ(Run("return loadstring(string.dump(function() return 1 end))"), "$-1\r\n");
  EXPECT_EQ(Run("local is_done = false return load(function() if is_done then return nil end is_done = true return "
                "string.dump(function() return 1 end) end)"),
            "$-1\r\n");
  EXPECT_THAT(Run("\x1bLua"), HasSubstr("unexpected symbol near 'char(27)'"));
  EXPECT_EQ(Run("return loadstring('return 5')()"), ":5\r\n");
  EXPECT_EQ(Run("local parts = {'return ', '6'} return load(function() return table.remove(parts, 1) end)()"),
            ":6\r\n");
}

TEST_F(InterpreterTest, DrawsTheNumbersOfItsSeed) {
  constexpr std::string_view kDraw =
      "math.randomseed(5) return {math.random() * 1000000, math.random(10), math.random(5, 7)}";
  EXPECT_EQ(Run(kDraw), "*3\r\n:524839\r\n:3\r\n:7\r\n");
  Run("math.random()");
  EXPECT_EQ(Run(kDraw), "*3\r\n:524839\r\n:3\r\n:7\r\n");
  EXPECT_EQ(Run("return math.random(7, 7)"), ":7\r\n");
  EXPECT_THAT(Run("math.random(0)"), HasSubstr("interval is empty"));
}

TEST_F(InterpreterTest, EndsAScriptThatWantsTooMuchMemory) {
  EXPECT_THAT(Run("return ('x'):rep(100000000)"), HasSubstr("not enough memory"));
  EXPECT_THAT(Run("local t = {} while true do t[#t + 1] = {} end"), HasSubstr("not enough memory"));
  EXPECT_THAT(Run("local s = 'x' while true do s = s .. s end"), HasSubstr("not enough memory"));
  EXPECT_THAT(Run("load(function() return ('x'):rep(1000000) end)"), HasSubstr("not enough memory"));
  EXPECT_EQ(Run("local t = {} for i = 1, 200000 do t[i % 100] = {i, tostring(i)} end return 1"), ":1\r\n")
      << "garbage is no use of memory";
  EXPECT_EQ(Run("return 1"), ":1\r\n");
  Run("return 1");
  EXPECT_LT(interpreter_.bytes(), size_t{40} << 20);
}

TEST_F(InterpreterTest, EndsAScriptThatRunsForTooLong) {
  runner_.looks_max = 50;
  for (const std::string_view script :
       {"while true do end", "while true do pcall(function() while true do end end) end",
        "local function f() while true do end end while true do pcall(f) end",
        "while true do coroutine.wrap(function() local x = 1 end)() end"}) {
    runner_.looks = 0;
    EXPECT_THAT(Run(script), StartsWith("-ERR Script ended: it has run for too long script: ")) << script;
  }
  EXPECT_EQ(Run("return 1"), ":1\r\n");
}

TEST_F(InterpreterTest, SurvivesDepth) {
  EXPECT_THAT(Run("local function f() return f() + 1 end f()"), HasSubstr("stack overflow"));
  EXPECT_THAT(Run("local t = {} t[1] = t return t"), HasSubstr("-ERR reached lua stack limit\r\n"));
  EXPECT_THAT(Run("return " + std::string(10000, '(') + std::string(10000, ')')), HasSubstr("chunk has too many"));
  EXPECT_THAT(Run("local function f() return pcall(f) end return f()"), StartsWith(":1"));
  EXPECT_THAT(Run("return unpack({}, 1, 1e8)"), HasSubstr("too many results to unpack"));
  EXPECT_THAT(Run("local s = 'x' for i = 1, 20 do s = '(' .. s .. ')' end return ('x'):find(('('):rep(40))"),
              HasSubstr("too many captures"));
  EXPECT_EQ(Run("return 1"), ":1\r\n");
}

TEST_F(InterpreterTest, CutsAReplyWithoutEnd) {
  EXPECT_THAT(Run("local t = ('x'):rep(1000000) for i = 1, 40 do t = {t, t} end return t"),
              HasSubstr("the reply is too large"));
}

TEST_F(InterpreterTest, ForgetsScriptsItNeedNotKeep) {
  const auto kept = interpreter_.Add("return 'kept'", true);
  const auto first = interpreter_.Add("return 'first'", false);
  ASSERT_TRUE(kept && first);
  for (int i = 0; i < 300; ++i) {
    std::string script = "return {";
    for (int k = 0; k < 3000; ++k) script += "'" + std::to_string(1000 * i + k) + "', ";
    ASSERT_TRUE(interpreter_.Add(script + "}", false)) << i;
  }
  EXPECT_NE(interpreter_.Find(*kept), nullptr);
  EXPECT_EQ(interpreter_.Find(*first), nullptr);
  EXPECT_LE(interpreter_.script_bytes(), Interpreter::Limits{}.script_bytes_max);
  EXPECT_LT(interpreter_.count(), 300U);
  interpreter_.Flush();
  EXPECT_EQ(interpreter_.count(), 0U);
  EXPECT_EQ(interpreter_.script_bytes(), 0U);
  EXPECT_LT(interpreter_.bytes(), 100'000U);
}

TEST_F(InterpreterTest, RefusesToKeepMoreThanThereIsRoomFor) {
  int kept = 0;
  std::string error;
  for (; kept < 1000; ++kept) {
    std::string script = "return {";
    for (int k = 0; k < 3000; ++k) script += "'" + std::to_string(10000 * kept + k) + "', ";
    const auto name = interpreter_.Add(script + "}", true);
    if (!name) {
      error = name.error();
      break;
    }
  }
  EXPECT_EQ(error, "Error compiling script (new function): not enough memory");
  EXPECT_GT(kept, 20);
  EXPECT_EQ(interpreter_.count(), static_cast<size_t>(kept));
}

// Words of Lua in any order, and bytes in any order: each is a script that is refused, fails, or answers.
TEST_F(InterpreterTest, TakesAnyBytesAsAScript) {
  constexpr std::string_view kWords[] = {
      "return ",     "local a = ",   "a",      "(",      ")",      "{",          "}",           "[1]",
      " = ",         "1 ",           "'x' ",   "nil ",   "end ",   "if a then ", "while a do ", "for i = 1, 3 do ",
      "function() ", "..",           "+",      "-",      "redis.", "call",       "pcall",       "error",
      "loadstring",  "setmetatable", "pairs",  "next",   "_G",     "string.",    "rep",         "dump",
      "coroutine.",  "wrap",         "cjson.", "encode", "decode", "struct.",    "pack",        "unpack",
      "cmsgpack.",   "table.",       "insert", ", ",     ":",      "#",          ";",           "\n",
      "--",          "[[",           "]]",     "\"",     "\\"};
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same scripts every time.
  for (int i = 0; i < 20'000; ++i) {
    std::string script;
    const bool is_bytes = i % 4 == 0;
    for (size_t left = random() % 30; left > 0; --left) {
      if (is_bytes) {
        script.push_back(static_cast<char>(random()));
      } else {
        script += kWords[random() % std::size(kWords)];
      }
    }
    runner_.looks = 0;
    runner_.looks_max = 50;
    EXPECT_NE(Run(script), "") << script;
  }
  EXPECT_EQ(Run("return redis.call('x')"), "+OK\r\n");
}

// What the libraries read may be anything as well.
TEST_F(InterpreterTest, ReadsAnyBytesInItsLibraries) {
  std::mt19937 random(8);  // NOLINT(cert-msc51-cpp): the same bytes every time.
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    for (const std::string_view call :
         {"return {pcall(cmsgpack.unpack, ARGV[1])}", "return {pcall(cjson.decode, ARGV[1])}",
          "return {pcall(struct.unpack, ARGV[1], ARGV[1])}", "return {pcall(struct.pack, ARGV[1], 1, 2, 3, 'x')}",
          "return {pcall(struct.size, ARGV[1])}", "return {pcall(loadstring, ARGV[1])}"}) {
      EXPECT_THAT(Run(call, {bytes}), testing::AnyOf(StartsWith("*"), StartsWith("-")));
    }
  }
}

}  // namespace
}  // namespace amethyst::server
