// What the shell shows of events. Covers: watch_command, event_log
#include <gmock/gmock.h>

#include "cli/event_log.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class WatchShell : public ShellTest {};

TEST_F(WatchShell, ShowsWhatTheDatabaseDid) {
  const Answer answer = Pipe("put apple artichoke\nflush\nfamily create fruit\nwatch\nwatch\nget apple\n");
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.out, MatchesRegex("1\tflush-begin [0-9]+ bytes read\n"
                                       "2\ttable-made table [0-9]+, level 0, 1 entries, [0-9]+ bytes written\n"
                                       "3\tflush-end 1 entries, [0-9]+ bytes read, [0-9]+ bytes written\n"
                                       "4\tfamily-made fruit\n"
                                       "artichoke\n"));
}

TEST_F(WatchShell, ShowsItInJson) {
  const Answer answer = Pipe("put a 1\nflush\nwatch --json\n");
  EXPECT_THAT(answer.out, HasSubstr(R"({"event":"flush-begin","number":1,"time_ms":)"));
  EXPECT_THAT(answer.out, HasSubstr(R"("family":"default","family_id":0,"to_level":0,"table":)"));
}

TEST_F(WatchShell, IsNotForATransaction) { EXPECT_EQ(Pipe("begin\nwatch\nrollback\n").code, ExitCode::kUsage); }

TEST(EventText, SaysWhatEachKindHas) {
  EXPECT_EQ(EventLine({.kind = EventKind::kCompactionEnd,
                       .from_level = 0,
                       .to_level = 1,
                       .family_id = 3,
                       .number = 9,
                       .family = "f",
                       .text = "level 0 has 5 runs",
                       .bytes_read = 10,
                       .bytes_written = 8}),
            "9\tcompaction-end family f, level 0 to 1, 10 bytes read, 8 bytes written, level 0 has 5 runs");
  EXPECT_EQ(EventLine({.kind = EventKind::kWriteDelayBegin, .cause = DelayCause::kLevel0, .number = 1}),
            "1\twrite-delay-begin level-0");
  EXPECT_EQ(EventLine({.kind = EventKind::kErrorWaits, .number = 1, .text = "full", .error = ErrorCode::kNoSpace}),
            "1\terror-waits NoSpace, full");
  EXPECT_EQ(EventLine({.kind = EventKind::kClockJump, .number = 1, .jump = std::chrono::seconds(-7)}),
            "1\tclock-jump -7000 ms");
  EXPECT_EQ(EventLine({.kind = EventKind::kEventsLost, .number = 1, .value = 5}), "1\tevents-lost 5");
  EXPECT_EQ(EventJson({.kind = EventKind::kBackup, .number = 1, .text = "/s", .value = 2}),
            R"({"event":"backup","number":1,"time_ms":0,"value":2,"text":"/s"})");
}

TEST(EventLogOfSession, KeepsTheLast) {
  EventLog log;
  for (uint64_t i = 1; i <= EventLog::kKeptMax + 5; ++i) log.OnEvent({.kind = EventKind::kFlushEnd, .number = i});
  const std::vector<Event> kept = log.Take();
  ASSERT_EQ(kept.size(), EventLog::kKeptMax);
  EXPECT_EQ(kept.front().number, 6u);
  EXPECT_TRUE(log.Take().empty());
}

}  // namespace
}  // namespace amethyst::cli
