// Deleted values leave tables and log by their deadline, whatever the clock does and however often the database is
// opened, closed or killed meanwhile.
#include "engine/delete_deadline.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::ContentOf;
using support::OpenOrFail;
using support::SmallOptions;
using support::Text;

const std::string kSecret = "the secret that must go";
constexpr std::chrono::seconds kYear{365 * 86'400};

// One process after the other has the database; each has a clock that stands at a second 1'700'000'001 if not set.
class DeleteDeadline : public testing::Test {
 protected:
  static constexpr int kDeadline = 100;

  void Open(std::chrono::seconds ahead = {}) {
    environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 1);
    environment_->clock().JumpWallTime(ahead);
    Options options = SmallOptions();
    options.compression = Compression::kNone;
    options.delete_deadline_s = kDeadline;
    db_ = OpenOrFail("/db", options, support::Over(*environment_));
  }
  void Close() {
    EXPECT_EQ(Text(db_->Close()), "");
    db_.reset();
  }
  // What stood in the files stays, and what the process does afterwards does not count.
  void Kill() {
    auto left = std::make_shared<io::MemoryFileSystem>();
    EXPECT_TRUE(left->CreateDirectories("/db"));
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) {
      auto file = left->Create("/db/" + name);
      EXPECT_TRUE((*file)->Append(io::ReadFile(*files_, "/db/" + name).value()) && (*file)->Close());
    }
    db_.reset();
    files_ = left;
  }
  void Pass(int count) {
    for (int second = 0; second < count; ++second) {
      environment_->clock().Advance(std::chrono::seconds(1));
      while (environment_->RunOneJob()) {
      }
    }
  }
  // The files that hold the value, "" if none does.
  std::string Where() {
    std::string where;
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) {
      if (io::ReadFile(*files_, "/db/" + name).value().contains(kSecret)) where += name + " ";
    }
    return where;
  }
  DB& db() { return *db_; }
  simulation::ManualClock& clock() { return environment_->clock(); }

  void PutAndDelete() {
    ASSERT_TRUE(db().Put("secret", kSecret));
    ASSERT_TRUE(db().Put("a", "x"));
    ASSERT_TRUE(db().Put("z", "x"));
    ASSERT_TRUE(db().Delete("secret"));
  }
  // Both in tables of their own.
  void PutAndDeleteInTables() {
    ASSERT_TRUE(db().Put("secret", kSecret));
    ASSERT_TRUE(db().Put("z", "x"));
    ASSERT_TRUE(db().Flush());
    ASSERT_TRUE(db().Delete("secret"));
    ASSERT_TRUE(db().Put("a", "x"));
    ASSERT_TRUE(db().Flush());
  }

 private:
  std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  std::unique_ptr<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
};

TEST_F(DeleteDeadline, HoldsForTablesAndLogHoweverTheDeleteWasFlushed) {
  const std::map<std::string, std::function<void()>> ways = {
      {"not at all", [&] { PutAndDelete(); }},
      {"by a flush",
       [&] {
         PutAndDelete();
         ASSERT_TRUE(db().Flush());
       }},
      {"by a flush, with a write behind it",
       [&] {
         PutAndDeleteInTables();
         ASSERT_TRUE(db().Put("later", "y"));
       }},
      {"because the memtable was full",
       [&] {
         PutAndDelete();
         for (int i = 0; i < 200; ++i) ASSERT_TRUE(db().Put("filler" + std::to_string(i), std::string(1000, 'f')));
       }},
      {"by a compaction",
       [&] {
         PutAndDelete();
         ASSERT_TRUE(db().CompactRange());
       }},
      {"without a log",
       [&] {
         ASSERT_TRUE(db().Put("secret", kSecret));
         ASSERT_TRUE(db().Delete("secret", {.durability = Durability::kNone}));
       }},
  };
  for (const auto& [way, write] : ways) {
    Open();
    write();
    EXPECT_NE(Where(), "") << way;
    Pass(kDeadline + 1);
    EXPECT_EQ(Where(), "") << way;
    Close();
    EXPECT_EQ(Where(), "") << way;
  }
}

TEST_F(DeleteDeadline, CloseLeavesNothingThatIsDue) {
  for (const bool in_tables : {false, true}) {
    Open();
    in_tables ? PutAndDeleteInTables() : PutAndDelete();
    clock().Sleep(std::chrono::seconds(kDeadline));  // No job gets to run.
    EXPECT_NE(Where(), "");
    Close();
    EXPECT_EQ(Where(), "") << in_tables;
  }
}

TEST_F(DeleteDeadline, IsKeptBySessionsThatAreTooShortForTheBackground) {
  for (const bool in_tables : {false, true}) {
    Open();
    in_tables ? PutAndDeleteInTables() : PutAndDelete();
    for (int second = 0; second <= kDeadline; second += 10) {
      Close();
      Open(std::chrono::seconds(second));
    }
    Close();
    EXPECT_EQ(Where(), "") << in_tables;
  }
}

TEST_F(DeleteDeadline, DoesNotBeginAnewWhenTheProcessIsKilled) {
  for (const bool in_tables : {false, true}) {
    Open();
    in_tables ? PutAndDeleteInTables() : PutAndDelete();
    for (int second = 30; second < kDeadline; second += 30) {
      Pass(30);
      Kill();
      Open(std::chrono::seconds(second));
    }
    Pass(kDeadline - 90 + 2);
    EXPECT_EQ(Where(), "") << in_tables;
    Close();
  }
}

TEST_F(DeleteDeadline, IsNotPutOffByAClockThatWasAheadWhenTheDeleteWasWritten) {
  for (const bool killed : {false, true}) {
    Open(kYear);
    PutAndDeleteInTables();
    PutAndDelete();
    killed ? Kill() : Close();
    Open();
    Pass(kDeadline + 1);
    EXPECT_EQ(Where(), "") << killed;
    Close();
  }
}

TEST_F(DeleteDeadline, IsNotPutOffByAClockThatIsSetBack) {
  Open();
  PutAndDeleteInTables();
  PutAndDelete();
  clock().JumpWallTime(-kYear);
  Pass(kDeadline + 1);
  EXPECT_EQ(Where(), "");
  Close();
}

TEST_F(DeleteDeadline, IsNotPutOffByAJumpAheadAndBack) {
  Open();
  clock().JumpWallTime(kYear);
  PutAndDeleteInTables();
  PutAndDelete();
  Pass(1);
  clock().JumpWallTime(-kYear);
  Pass(kDeadline);
  EXPECT_EQ(Where(), "");
  Close();
}

// As on a machine that has no clock of its own.
TEST_F(DeleteDeadline, PassesThoughTheClockBeginsAnewAtEachStart) {
  for (const bool killed : {false, true}) {
    Open();
    PutAndDeleteInTables();
    PutAndDelete();
    for (int session = 0; session < 5; ++session) {
      Pass(30);
      killed ? Kill() : Close();
      Open();
    }
    Pass(1);
    EXPECT_EQ(Where(), "") << killed;
    Close();
  }
}

TEST_F(DeleteDeadline, CostsNothingWhereNothingIsDeleted) {
  Open();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(db().Put("key" + std::to_string(i), "value"));
  const uint64_t flushes = db().GetStats().flushes;
  Pass(3 * kDeadline);
  EXPECT_EQ(db().GetStats().flushes, flushes);
  Close();
}

}  // namespace
}  // namespace amethyst::engine
