// Covers: log, engine_log, health
#include "server/log.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/engine_log.h"
#include "server/health.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;

class FixedClock final : public io::Clock {
 public:
  std::chrono::nanoseconds Monotonic() override { return {}; }
  milliseconds WallTime() override { return milliseconds(1'700'000'000'123); }
  void Sleep(std::chrono::microseconds) override {}
};

class LogTest : public ServerTest {
 protected:
  LogTest() { server_->SetLog(log_); }
  std::string Take() { return std::exchange(lines_, {}); }

  FixedClock wall_;
  std::string lines_;
  Log log_{wall_, [this](std::string_view line) { lines_ += line; }};
};

TEST_F(LogTest, IsForPeopleOrForPrograms) {
  log_.Write(LogLevel::kWarning, "refused", "no \n\"more\"", {{"count", 3}, {"who", "x\xff"}});
  EXPECT_EQ(Take(), "2023-11-14T22:13:20.123Z # no \\x0a\"more\"\n");
  EXPECT_EQ(Line("config set log-format json"), "OK");
  log_.Write(LogLevel::kNotice, "refused", "no \n\"more\"", {{"count", 3}, {"who", "x\xff"}});
  EXPECT_EQ(Take(),
            R"({"time":"2023-11-14T22:13:20.123Z","level":"notice","event":"refused","message":"no \n\"more\"",)"
            "\"count\":3,\"who\":\"x\xef\xbf\xbd\"}\n");
}

TEST_F(LogTest, TakesWhatScriptsWrite) {
  EXPECT_EQ(Send({"eval", "redis.log(redis.LOG_WARNING, 'a\\n', 1, 'b') redis.log(redis.LOG_DEBUG, 'no')", "0"}),
            "(nil)");
  EXPECT_EQ(Take(), "2023-11-14T22:13:20.123Z # a\\x0a 1 b\n");
  Send({"function", "load", "#!lua name=l\nredis.log(3, 'loads') redis.register_function('f', function() end)"});
  EXPECT_EQ(Take(), "2023-11-14T22:13:20.123Z # loads\n");
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  log_.Write(LogLevel::kVerbose, "a", "a");
  EXPECT_EQ(Take(), "");
  EXPECT_EQ(Line("config set loglevel verbose"), "OK");
  log_.Write(LogLevel::kVerbose, "a", "a");
  EXPECT_THAT(Take(), EndsWith("- a\n"));
  Log::Nowhere().Write(LogLevel::kWarning, "a", "a");
}

TEST_F(LogTest, TellsOfCheckpointsRewritesAndTheEnd) {
  EXPECT_EQ(Line("save"), "OK");
  EXPECT_EQ(Take(),
            "2023-11-14T22:13:20.123Z * a checkpoint begins\n"
            "2023-11-14T22:13:20.123Z * the checkpoint is there, after 0 us\n");
  config_.SetFile("missing/a.conf");
  Line("config rewrite");
  EXPECT_THAT(Take(), HasSubstr("# CONFIG REWRITE failed: "));
  config_.SetFile("a.conf");
  Line("config rewrite");
  EXPECT_THAT(Take(), EndsWith("* CONFIG REWRITE has written a.conf\n"));
  Line("shutdown nosave");
  EXPECT_EQ(server_->stop_reason(), "SHUTDOWN of client 127.0.0.1:50000");
  server_->AskToStop("signal SIGTERM");
  EXPECT_EQ(server_->stop_reason(), "SHUTDOWN of client 127.0.0.1:50000") << "the first reason counts";
}

TEST_F(LogTest, TellsOfAClockThatJumps) {
  Pass(milliseconds(100));
  clock_.wall -= milliseconds(7000);
  Pass(milliseconds(100));
  EXPECT_THAT(Take(), HasSubstr("# the system's clock went back by 7000 ms"));
  clock_.wall += milliseconds(9000);
  Pass(milliseconds(100));
  EXPECT_THAT(Take(), HasSubstr("# the system's clock went on by 9000 ms"));
  Pass(milliseconds(10000));
  EXPECT_EQ(Take(), "") << "time that passes is no jump";
  EXPECT_THAT(Line("info amethyst"), HasSubstr("clock_jumps:2\\x0d\\x0alast_clock_jump_ms:9000"));
}

TEST_F(LogTest, TellsOfRefusedConnectionsOnceASecond) {
  Configure("maxclients", "1");
  Pass(milliseconds(2000));
  for (int i = 0; i < 3; ++i) {
    net::MemoryConnection connection("x");
    EXPECT_EQ(server_->Connect(connection), nullptr);
    Pass(milliseconds(100));
  }
  EXPECT_THAT(Take(), EndsWith("# refused 1 connections: maxclients 1 is reached\n"));
  Pass(milliseconds(1000));
  EXPECT_THAT(Take(), EndsWith("# refused 2 connections: maxclients 1 is reached\n"));
}

TEST_F(LogTest, TellsOfMemoryOfClientsOnce) {
  Configure("maxmemory", "1gb");
  client_->LeaveUnread(Config::kOutsideEngineBytes);
  Pass(milliseconds(100));
  EXPECT_THAT(Take(), HasSubstr("that maxmemory leaves them"));
  Pass(milliseconds(100));
  EXPECT_EQ(Take(), "");
  client_->LeaveUnread(0);
  Pass(milliseconds(100));
  EXPECT_THAT(Take(), HasSubstr("bytes again"));
}

TEST_F(LogTest, TellsOfErrorsOfTheEngine) {
  EngineLog engine(log_);
  engine.OnEvent({.kind = amethyst::EventKind::kErrorLatched, .text = "disk on fire", .error = ErrorCode::kIo});
  EXPECT_THAT(Take(), HasSubstr("disk on fire; no write is taken until the server is started again"));
  engine.OnEvent({.kind = amethyst::EventKind::kErrorWaits, .text = "full", .error = ErrorCode::kNoSpace});
  engine.OnEvent({.kind = amethyst::EventKind::kErrorCleared});
  EXPECT_THAT(Take(), HasSubstr("* background work goes on again\n"));
  engine.OnEvent({.kind = amethyst::EventKind::kFlushEnd, .text = "full", .error = ErrorCode::kNoSpace});
  EXPECT_THAT(Take(), HasSubstr("# a flush failed"));
  engine.OnEvent({.kind = amethyst::EventKind::kWriteDelayBegin, .cause = DelayCause::kFlush});
  EXPECT_THAT(Take(), HasSubstr("* writes are slowed down: flush"));
  engine.OnEvent({.kind = amethyst::EventKind::kTableMade});
  EXPECT_EQ(Take(), "");
}

}  // namespace
}  // namespace amethyst::server
