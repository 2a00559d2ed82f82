// What `top` says of figures. Covers: top_command, top_look, top_lines, top_screen
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/process_fixture.h"
#include "cli/shell_fixture.h"
#include "cli/top_lines.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kNowMs = 1'700'000'000'000;

Look LookAt(uint64_t updates) {
  figures::Contents contents{.writer = {.database_uid = {.low = 1, .high = 2}, .pid = 77, .opened_ms = kNowMs - 65'000},
                             .sequence = 2 * updates,
                             .figures = {},
                             .events = {}};
  figures::Figures& now = contents.figures;
  now.updates = updates;
  now.updated_ms = kNowMs - 300;
  now.heartbeat_ns = updates * 2'000'000'000;
  now.stats.writes = 1000 * updates;
  now.stats.entries_written = 2000 * updates;
  now.stats.user_bytes_written = 4096 * updates;
  now.stats.gets = 500 * updates;
  now.stats.cache_hits = 90 * updates;
  now.stats.cache_misses = 10 * updates;
  now.stats.compaction_debt_bytes = 64 << 20;
  now.stats.levels = {{.tables = 3, .runs = 3, .bytes = 1 << 20, .entries = 1234},
                      {.tables = 8, .runs = 1, .bytes = 8 << 20, .entries = 9999}};
  now.stall = {.cause = figures::Stall::kDebt, .since_ms = kNowMs - 12'000, .delay_ns_per_kib = 3000};
  now.jobs = {{.kind = figures::JobKind::kMerge,
               .from = 1,
               .to = 2,
               .tables = 4,
               .bytes = 8 << 20,
               .bytes_done = 2 << 20,
               .started_ms = kNowMs - 5000,
               .reason = "level 1 is full"}};
  for (uint64_t number = 1; number <= 30; ++number) {
    contents.events.push_back({.number = number,
                               .time_ms = kNowMs - 1000,
                               .kind = figures::EventKind::kFlush,
                               .numbers = {number << 20, 1 << 20, 1500}});
  }
  now.events = 30;
  Look look{.contents = contents, .writer = Look::WriterIs::kThere, .now_ms = kNowMs, .age_ms = 300};
  look.levels = now.stats.levels;
  return look;
}

std::string TextOf(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) text += line.text + "\n";
  return text;
}

std::string Shown(const Look& look, const std::optional<Rates>& rates = {}, const TopSize& size = {}) {
  return TextOf(TopLines("data/db", look, rates, size));
}

TEST(Top, SaysWhatTheWriterDoesAndWhatHoldsItUp) {
  const std::string text = Shown(LookAt(2), RatesBetween(LookAt(1), LookAt(2)));
  EXPECT_THAT(text, HasSubstr("writer: process 77, open for 1m 5s; figures of 300ms ago"));
  EXPECT_THAT(text, HasSubstr("writers slowed: compactions are behind, for 12s, 3.0 us per KiB"));
  EXPECT_THAT(text, HasSubstr("writes   500/s, 1,000/s entries, 2.0 KiB/s")) << "two seconds lie between";
  EXPECT_THAT(text, HasSubstr("reads    250/s gets"));
  EXPECT_THAT(text, HasSubstr(" 90.0 % hits"));
  EXPECT_THAT(text, HasSubstr("debt     64.0 MiB"));
  EXPECT_THAT(text, HasSubstr("merge 1 to 2 ###.......  25 % of 8.0 MiB in 4 tables, 5s: level 1 is full"));
  EXPECT_THAT(text, HasSubstr("flushed 30.0 MiB of memory to 1.0 MiB, 1.5 ms"));
  EXPECT_THAT(text, HasSubstr("1     ####################       8.0 MiB       8     1           9,999"));
}

TEST(Top, ShowsTotalsWhereThereAreNoRates) {
  EXPECT_THAT(Shown(LookAt(2)), HasSubstr("writes   2,000 batches, 4,000 entries, 8.0 KiB"));
  EXPECT_FALSE(RatesBetween(LookAt(2), LookAt(2))) << "the same update";
  Look other = LookAt(3);
  other.contents->writer.pid = 78;
  EXPECT_FALSE(RatesBetween(LookAt(2), other));
  EXPECT_FALSE(RatesBetween(Look(), LookAt(2)));
}

TEST(Top, FitsIntoTheScreen) {
  for (const auto& [columns, rows] : {std::pair<size_t, size_t>{80, 23}, {40, 10}, {1, 1}, {200, 60}}) {
    for (const bool unicode : {false, true}) {
      const auto lines = TopLines(std::string(300, 'd'), LookAt(2), {}, {columns, rows, unicode});
      EXPECT_LE(lines.size(), rows);
      for (const TopLine& line : lines) {
        const auto continues = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; };
        EXPECT_LE(line.text.size() - static_cast<size_t>(std::ranges::count_if(line.text, continues)), columns);
      }
    }
  }
  const std::string text = Shown(LookAt(2), {}, {.columns = 80, .rows = 23});
  EXPECT_THAT(text,
              AllOf(HasSubstr("30.0 MiB of memory"), HasSubstr("jobs     1"), Not(HasSubstr(" 2.0 MiB of memory"))));
}

TEST(Top, SaysThatTheWriterIsGoneAndHowOldTheFiguresAre) {
  Look look = LookAt(2);
  look.writer = Look::WriterIs::kGone;
  look.age_ms = 12'000;
  const std::string text = Shown(look);
  EXPECT_THAT(text, HasSubstr("no writer: figures of 12s ago, by process 77"));
  EXPECT_THAT(text, Not(HasSubstr("merge 1 to 2"))) << "its jobs ended with it";
}

TEST(Top, WhatThisBuildDoesNotKnowIsShownAllTheSame) {
  Look look = LookAt(2);
  look.contents->figures.stall.cause = static_cast<figures::Stall>(99);
  look.contents->figures.jobs[0].kind = static_cast<figures::JobKind>(99);
  look.contents->figures.jobs[0].started_ms = UINT64_MAX;
  look.contents->figures.jobs[0].reason = "\x1b[2J\xff";
  look.contents->events.push_back({.number = 31, .time_ms = UINT64_MAX, .kind = static_cast<figures::EventKind>(99)});
  const std::string text = Shown(look);
  EXPECT_THAT(text, AllOf(HasSubstr("does not know"), HasSubstr("unknown 1 to 2"), HasSubstr("event of kind 99")));
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "nothing in a file reaches the terminal as a command to it";
  const auto json = nlohmann::json::parse(TopJson("db", look, {}));
  EXPECT_EQ(json["stall"]["cause"], "unknown");
}

class TopShell : public ShellTest {};

TEST_F(TopShell, ShowsTheTreeAloneWhereNobodyHasPublishedFigures) {
  Amethyst({"put", "a", "1"});
  Amethyst({"flush"});
  const Answer answer = Amethyst({"top", "--once"});
  EXPECT_EQ(answer.code, ExitCode::kOk);
  EXPECT_THAT(answer.out, HasSubstr("no figures: no writer has published figures here; the tree as its files show it"));
  EXPECT_THAT(answer.out, HasSubstr("0     ####################"));
  const auto json = nlohmann::json::parse(Run({"--json", "top", database_}).out);
  EXPECT_EQ(json["levels"][0]["tables"], 1);
  EXPECT_EQ(json["writer"], false);
  EXPECT_TRUE(json.contains("no_figures"));
  EXPECT_EQ(Run({"top", "--once", directory_.File("nothing")}).code, ExitCode::kError);
}

TEST_F(TopShell, SaysWhatIsWrongWithAFileThatIsNoneOfFigures) {
  Amethyst({"put", "a", "1"});
  std::ofstream(database_ + "/STATS") << "my own notes";
  EXPECT_THAT(Amethyst({"top", "--once"}).out, HasSubstr("STATS: it has 12 bytes, too few for a header"));
}

TEST_F(TopShell, RefusesWithoutATerminalAndOffersWhatGoesWithoutOne) {
  Amethyst({"put", "a", "1"});
  const Answer answer = Amethyst({"top"});
  EXPECT_EQ(answer.code, ExitCode::kUsage);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("top --once"), HasSubstr("top --json")));
  for (const char* const interval : {"", "0", "x", "1x", "-1", "nan", "4000"}) {
    EXPECT_EQ(Amethyst({"top", "--once", "--interval", interval}).code, ExitCode::kUsage) << interval;
  }
}

class TopProcess : public Process {
 protected:
  // A process that writes, and has published figures; `lines` is its input, descriptor 3.
  static constexpr const char* kWriter =
      "mkfifo lines; (exec \"$AMETHYST\" < lines > said) & exec 3> lines; "
      "printf 'put a 1\\nput b 2\\n' >&3; until [ -e data/amethyst/STATS ]; do :; done; "
      "until amethyst --json top 2>/dev/null | grep -q '\"writes\":2'; do :; done; ";
};

TEST_F(TopProcess, ReadsTheFiguresOfAnotherProcessBesideIt) {
  const ProcessResult result = Bash(std::string(kWriter) +
                                    "amethyst top --once; kill -9 $!; wait $! 2>/dev/null; echo; exec 3>&-; "
                                    "amethyst top data/amethyst --once; amethyst get b");
  EXPECT_THAT(result.out, HasSubstr("writer: process "));
  EXPECT_THAT(result.out, HasSubstr("writes   2 batches, 2 entries"));
  EXPECT_THAT(result.out, HasSubstr("opened by a writer"));
  EXPECT_THAT(result.out, HasSubstr("\nno writer: figures of "));
  EXPECT_TRUE(result.out.ends_with("\n2\n")) << "the figures are nothing to recovery";
}

TEST_F(TopProcess, ACopyOrADestructionLeavesNoFiguresBehind) {
  const ProcessResult result = Bash(std::string(kWriter) +
                                    "printf 'checkpoint copy\\nquit\\n' >&3; exec 3>&-; wait; ls copy; "
                                    "amethyst clear --yes; ls -d data/amethyst 2>&1");
  EXPECT_THAT(result.out, Not(HasSubstr("STATS")));
  EXPECT_THAT(result.out, HasSubstr("No such file"));
}

TEST_F(TopProcess, DrawsOnATerminalUntilQ) {
  if (Bash("command -v script").status != 0) GTEST_SKIP() << "the program 'script', which makes a terminal, is missing";
  const ProcessResult result =
      Bash(std::string(kWriter) +
           "mkfifo keys; (script -qec \"stty rows 24 cols 80; TERM=xterm '$AMETHYST' top --interval 0.1\" /dev/null "
           "< keys > screen; echo status $? >> screen) & exec 4> keys; "
           "until grep -q 'opened by a writer' screen; do :; done; printf 'h' >&4; "
           "until grep -q 'pause, and go on' screen; do :; done; printf 'x ' >&4; "
           "until grep -q PAUSED screen; do :; done; printf ' +-q' >&4; until grep -q status screen; do :; done; "
           "exec 4>&-; exec 3>&-; wait; cat screen");
  EXPECT_THAT(result.out, HasSubstr("writer: process "));
  EXPECT_THAT(result.out, HasSubstr("status 0"));
  EXPECT_THAT(result.out, HasSubstr("\x1b[?1049l")) << "the terminal is as it was";
}

TEST_F(TopProcess, ATerminalThatCannotShowItIsToldSo) {
  if (Bash("command -v script").status != 0) GTEST_SKIP() << "the program 'script', which makes a terminal, is missing";
  const ProcessResult result =
      Bash("amethyst put a 1; script -qec \"TERM=nothing '$AMETHYST' top\" /dev/null < /dev/null");
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.out, HasSubstr("TERM is nothing"));
}

}  // namespace
}  // namespace amethyst::cli
