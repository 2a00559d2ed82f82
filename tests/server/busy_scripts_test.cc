// A script that runs for long, and what other clients get meanwhile. Covers: script_runner, server_scripts
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kForEver = "while true do end";
constexpr std::string_view kBusyWithScript =
    "(error) BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
constexpr std::string_view kBusyWithFunction =
    "(error) BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
constexpr std::string_view kKilled = "(error) ERR Script killed by user with SCRIPT KILL... script: ";

class BusyScripts : public ServerTest {
 protected:
  BusyScripts() { Configure("busy-reply-threshold", "100"); }
  // What the script answers, once `meanwhile` has let it end.
  std::string Eval(const std::string& script, std::function<void()> meanwhile) {
    WhileBusy(std::move(meanwhile));
    return Send({"eval", script, "0"});
  }
  void LoadForEver() {
    Send({"function", "load", "#!lua name=lib\nredis.register_function('f', function() while true do end end)"});
  }

  Client other_{*this, "127.0.0.1:2"};
};

TEST_F(BusyScripts, TellTheOthersAndAreKilled) {
  std::string pinged;
  EXPECT_THAT(Eval(kForEver,
                   [&] {
                     pinged = other_.Line("ping");
                     EXPECT_EQ(other_.Line("get a"), kBusyWithScript);
                     EXPECT_EQ(other_.Line("nosuch"),
                               "(error) ERR unknown command 'nosuch', with args beginning with: ");
                     EXPECT_EQ(other_.Line("hello 2").substr(0, 9), "[\"server\"");
                     EXPECT_EQ(other_.Line("function stats"), kBusyWithScript);
                     EXPECT_EQ(other_.Line("function kill"), kBusyWithScript);
                     EXPECT_EQ(other_.Line("script kill"), "OK");
                   }),
              StartsWith(std::string(kKilled)));
  EXPECT_EQ(pinged, kBusyWithScript);
  EXPECT_EQ(other_.Line("ping"), "PONG");
  EXPECT_EQ(other_.Line("script kill"), "(error) NOTBUSY No scripts in execution right now.");
}

TEST_F(BusyScripts, CannotCatchTheirEnd) {
  for (const char* const script :
       {"while true do pcall(function() while true do end end) end",
        "local function f() while true do redis.call('ping') end end while true do pcall(f) end",
        "while true do coroutine.wrap(function() local x = 1 end)() end"}) {
    EXPECT_THAT(Eval(script, [&] { EXPECT_EQ(other_.Line("script kill"), "OK"); }), StartsWith(std::string(kKilled)));
  }
}

TEST_F(BusyScripts, AreFunctionsToo) {
  LoadForEver();
  WhileBusy([&] {
    EXPECT_EQ(other_.Line("ping"), kBusyWithFunction);
    EXPECT_EQ(other_.Line("script kill"), kBusyWithFunction);
    EXPECT_THAT(other_.Line("function stats"),
                testing::MatchesRegex(R"(\["running_script", \["name", "f", "command", \["fcall", "F", "0", "x"\], )"
                                      R"("duration_ms", [0-9]+\], "engines", .*)"));
    EXPECT_EQ(other_.Line("function kill"), "OK");
  });
  EXPECT_EQ(Line("fcall F 0 x"),
            "(error) ERR Script killed by user with SCRIPT KILL... script: f, on @user_function:2.");
  EXPECT_EQ(Line("fcall_ro f 0"), "(error) ERR Can not execute a script with write flag using *_ro command.");
}

TEST_F(BusyScripts, CannotBeKilledOnceTheyHaveWritten) {
  int turns = 0;
  EXPECT_EQ(Eval("redis.call('set', 'a', 1) for i = 1, 1000000 do local x = i end return 'done'",
                 [&] {
                   ++turns;
                   EXPECT_THAT(other_.Line("script kill"), StartsWith("(error) UNKILLABLE Sorry the script already"));
                 }),
            "\"done\"");
  EXPECT_GT(turns, 1);
  EXPECT_EQ(Line("get a"), "\"1\"");
}

TEST_F(BusyScripts, LeaveNothingBehindAShutdown) {
  EXPECT_EQ(Eval("redis.call('set', 'a', 1) while true do end",
                 [&] {
                   EXPECT_EQ(other_.Line("shutdown"), kBusyWithScript);
                   EXPECT_EQ(other_.Line("shutdown nosave"), "");
                 }),
            "(error) ERR the server was shut down while the script ran; nothing of it was kept");
  EXPECT_TRUE(server_->is_stopping());
  server_->SetPoll({});
  EXPECT_EQ(space_->KeyCount(0), 0);
}

TEST_F(BusyScripts, LetNoTransactionBeRunByHalf) {
  Client open(*this, "127.0.0.1:3");
  EXPECT_EQ(open.Line("multi"), "OK");
  EXPECT_EQ(open.Line("incr a"), "QUEUED");
  Eval(kForEver, [&] {
    EXPECT_EQ(other_.Line("multi"), "OK");
    EXPECT_EQ(other_.Line("incr a"), kBusyWithScript);
    EXPECT_EQ(other_.Line("script kill"), "QUEUED");
    EXPECT_EQ(open.Line("exec"), "(error) EXECABORT Transaction discarded because of: " +
                                     std::string(kBusyWithScript.substr(std::string_view("(error) ").size())));
    EXPECT_EQ(open.Line("script kill"), "OK") << "it is no transaction any more";
  });
  EXPECT_EQ(other_.Line("incr a"), "QUEUED");
  EXPECT_EQ(other_.Line("exec"), "(error) EXECABORT Transaction discarded because of previous errors.");
  EXPECT_EQ(Line("get a"), "(nil)");
}

// What is watched meanwhile is watched as it was before the script, whose commit is a change of it.
TEST_F(BusyScripts, ChangeWhatIsWatchedMeanwhile) {
  bool is_watched = false;
  Eval("redis.call('set', 'a', 1) for i = 1, 1000000 do local x = i end", [&] {
    if (!std::exchange(is_watched, true)) EXPECT_EQ(other_.Line("watch a"), "OK");
  });
  EXPECT_EQ(other_.Line("multi"), "OK");
  EXPECT_EQ(other_.Line("exec"), "(nil array)");
}

// A client that reads meanwhile reads what the script will have changed.
TEST_F(BusyScripts, LeaveNoRecordBehindOfWhatTheyDelete) {
  EXPECT_EQ(Line("set a v"), "OK");
  EXPECT_EQ(Eval("redis.call('del', 'a') for i = 1, 1000000 do local x = i end return redis.call('exists', 'a')",
                 [&] { EXPECT_EQ(other_.Line("watch a"), "OK"); }),
            "0");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("dbsize"), "0");
}

TEST_F(BusyScripts, MayOutliveClientsThatWaitToGoOn) {
  constexpr size_t kMuch = size_t{2} << 20;
  EXPECT_EQ(Send({"set", "large", std::string(kMuch, 'x')}), "OK");
  Client slow(*this, "127.0.0.1:4");
  auto leaving = std::make_unique<Client>(*this, "127.0.0.1:5");
  slow.LeaveUnread(kMuch);
  leaving->LeaveUnread(kMuch);
  slow.Raw("get large\r\neval 'while true do end' 0\r\n");
  leaving->Raw("get large\r\nping\r\n");
  slow.LeaveUnread(0);
  leaving->LeaveUnread(0);
  WhileBusy([&] {
    leaving.reset();
    other_.Line("script kill");
  });
  server_->EndTurn();
  EXPECT_THAT(slow.Received(), StartsWith(std::string(kKilled)));
}

TEST_F(BusyScripts, AreNotDisturbedByWhoComesAndGoes) {
  Client waiter(*this, "127.0.0.1:3");
  EXPECT_EQ(waiter.Line("blpop l 1"), "");
  const std::string script =
      "redis.call('rpush', 'l', 1) for i = 1, 1000000 do local x = i end return redis.call('llen', 'l')";
  EXPECT_EQ(Eval(script,
                 [&] {
                   Client guest(*this, "127.0.0.1:4");
                   EXPECT_EQ(guest.Line("ping"), kBusyWithScript);
                   Pass(std::chrono::seconds(2));
                 }),
            "1");
  EXPECT_EQ(waiter.Received(), "[\"l\", \"1\"]") << "its time was over, but the element came first";
}

TEST_F(BusyScripts, HoldTheRequestsBehindAWaitAndAPause) {
  EXPECT_EQ(Line("client pause 1000000 write"), "OK");
  EXPECT_EQ(other_.Line("set a 1"), "");
  WhileBusy([&] {
    EXPECT_EQ(other_.Line("ping"), "") << "it is held, and so is what comes behind";
    Client killer(*this, "127.0.0.1:5");
    EXPECT_EQ(killer.Line("script kill"), "OK");
  });
  EXPECT_THAT(Send({"eval_ro", kForEver, "0"}), StartsWith(std::string(kKilled)));
  clock_.look = std::chrono::microseconds(0);
  EXPECT_EQ(Line("client unpause"), "OK");
  EXPECT_EQ(other_.Received(), "OK PONG");
}

TEST_F(BusyScripts, AnswerWhatWasSentBehindThem) {
  bool is_asked = false;
  WhileBusy([&] {
    if (!std::exchange(is_asked, true)) EXPECT_EQ(other_.Line("script kill"), "OK");
  });
  EXPECT_THAT(client_->Raw(Encode({"eval", kForEver, "0"}) + Encode({"ping"})), testing::EndsWith(" PONG"));
}

TEST_F(BusyScripts, AreBusyAfterTheThreshold) {
  int turns = 0;
  Configure("busy-reply-threshold", "0");
  EXPECT_EQ(Eval("for i = 1, 1000000 do local x = i end return 1", [&] { ++turns; }), "1");
  EXPECT_EQ(turns, 0) << "0 is never";
  Configure("lua-time-limit", "1000000");
  EXPECT_EQ(Eval("for i = 1, 1000000 do local x = i end return 1", [&] { ++turns; }), "1");
  EXPECT_EQ(turns, 0);
  Configure("lua-time-limit", "10");
  EXPECT_EQ(Eval("for i = 1, 1000000 do local x = i end return 1", [&] { ++turns; }), "1");
  EXPECT_GT(turns, 10);
  EXPECT_THAT(Line("config get busy-reply-threshold"), HasSubstr("\"10\""));
}

}  // namespace
}  // namespace amethyst::server
