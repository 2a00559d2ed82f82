// What range deletes hide leaves tables and log by the deadline, counted from the range delete.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::Text;

const std::string kSecret = "the secret that must go";
constexpr int kDeadlineS = 100;

// One process after the other has the database; each has a clock that begins anew, unless it is set.
class RangeDeleteDeadline : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(std::chrono::seconds ahead = {}) {
    environment_.emplace(files_, 1);
    environment_->clock().JumpWallTime(ahead);
    Options options = support::SmallOptions();
    options.compression = Compression::kNone;
    options.delete_deadline_s = kDeadlineS;
    db_ = support::OpenOrFail("/db", options, support::Over(*environment_));
    ASSERT_NE(db_, nullptr);
  }
  void Close() {
    ASSERT_EQ(Text(db_->Close()), "");
    db_.reset();
  }
  // What stood in the files stays, and what the process does afterwards does not count.
  void Kill() {
    auto left = std::make_shared<io::MemoryFileSystem>();
    ASSERT_TRUE(left->CreateDirectories("/db"));
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) {
      ASSERT_TRUE(io::ReplaceFile(*left, "/db/" + name, io::ReadFile(*files_, "/db/" + name).value()));
    }
    db_.reset();
    files_ = left;
  }
  void Pass(int seconds) {
    for (int second = 0; second < seconds; ++second) {
      environment_->clock().Advance(std::chrono::seconds(1));
      while (environment_->RunOneJob()) {
      }
    }
  }
  // A table of the last level, with the secret in its middle.
  void Fill() {
    for (uint64_t i = 0; i < 2'000; ++i) {
      ASSERT_TRUE(db().Put(Key(i), i == 1'000 ? kSecret : std::string(100, 'v')));
    }
    Settle();
  }
  void Settle() {
    ASSERT_EQ(Text(db().Flush()), "");
    ASSERT_EQ(Text(db().CompactRange()), "");
  }
  // The files that hold the secret.
  std::string Where() {
    std::string where;
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) {
      if (io::ReadFile(*files_, "/db/" + name).value().contains(kSecret)) where += name + " ";
    }
    return where;
  }
  DB& db() { return *db_; }

  std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  std::optional<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
};

TEST_F(RangeDeleteDeadline, TakesAValueOutOfATable) {
  Fill();
  ASSERT_NE(Where(), "");
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  Pass(kDeadlineS + 30);
  EXPECT_EQ(Where(), "");
  EXPECT_EQ(support::ContentOf(db()).size(), 1'800u);
}

TEST_F(RangeDeleteDeadline, TakesAValueOutOfMemoryAndLog) {
  ASSERT_TRUE(db().Put(Key(1'000), kSecret));
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  ASSERT_NE(Where(), "");
  Pass(kDeadlineS + 30);
  EXPECT_EQ(Where(), "");
}

TEST_F(RangeDeleteDeadline, IsCountedAcrossOpens) {
  Fill();
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  for (int open = 0; open < 6; ++open) {
    Pass(kDeadlineS / 4);
    ASSERT_NO_FATAL_FAILURE(Close());
    ASSERT_NO_FATAL_FAILURE(Open(std::chrono::seconds((open + 1) * kDeadlineS / 4)));
  }
  EXPECT_EQ(Where(), "");
}

TEST_F(RangeDeleteDeadline, IsKeptBySessionsThatAreTooShortForTheBackground) {
  Fill();
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  for (int second = 0; second <= kDeadlineS; second += 10) {
    ASSERT_NO_FATAL_FAILURE(Close());
    ASSERT_NO_FATAL_FAILURE(Open(std::chrono::seconds(second)));
  }
  ASSERT_NO_FATAL_FAILURE(Close());
  EXPECT_EQ(Where(), "");
}

TEST_F(RangeDeleteDeadline, TakesItOnceTheLastSnapshotHasGone) {
  Fill();
  {
    const Snapshot snapshot = db().GetSnapshot();
    ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
    Pass(kDeadlineS + 30);
    EXPECT_NE(Where(), "") << "the snapshot sees it";
    EXPECT_EQ(db().Get(Key(1'000), {.snapshot = &snapshot}).value(), kSecret);
  }
  Pass(kDeadlineS / 2);
  EXPECT_EQ(Where(), "");
}

//  As on a machine that has no clock of its own.
TEST_F(RangeDeleteDeadline, PassesThoughTheClockBeginsAnewAtEachStart) {
  for (const bool killed : {false, true}) {
    Fill();
    ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
    ASSERT_TRUE(db().Flush());
    for (int session = 0; session < 5; ++session) {
      Pass(30);
      ASSERT_NO_FATAL_FAILURE(killed ? Kill() : Close());
      ASSERT_NO_FATAL_FAILURE(Open());
    }
    Pass(1);
    EXPECT_EQ(Where(), "") << killed;
  }
}

// Each from its own time: one that is old does not make those that come later due at once.
TEST_F(RangeDeleteDeadline, OfALaterRangeDeleteIsItsOwn) {
  Fill();
  for (uint64_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(db().DeleteRange(Key(i * 10), Key(i * 10 + 1)));
    ASSERT_TRUE(db().Flush());
    Pass(kDeadlineS / 2);
  }
  const uint64_t before = db().GetStats().compactions;
  ASSERT_TRUE(db().DeleteRange(Key(500), Key(501)));
  ASSERT_TRUE(db().Flush());
  Pass(5);
  ASSERT_TRUE(db().DeleteRange(Key(510), Key(511)));
  ASSERT_TRUE(db().Flush());
  Pass(5);
  ASSERT_TRUE(db().DeleteRange(Key(520), Key(521)));
  ASSERT_TRUE(db().Flush());
  Pass(5);
  EXPECT_LE(db().GetStats().compactions - before, 1u);
}

}  // namespace
}  // namespace amethyst::engine
