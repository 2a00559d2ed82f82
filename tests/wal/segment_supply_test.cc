#include "wal/segment_supply.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <new>
#include <utility>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/fault_file_system.h"

namespace amethyst::wal {
namespace {

class SegmentSupplyTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(files_.CreateDirectories("/db")); }
  void TearDown() override { EXPECT_TRUE(supply_.Stop(false)); }

  [[nodiscard]] uint64_t Take(uint64_t bytes) {
    auto taken = supply_.Take(bytes);
    return taken ? key::Raw(taken->number) : 0;
  }
  [[nodiscard]] std::vector<std::string> Names() { return *files_.List("/db"); }

  const std::shared_ptr<io::MemoryFileSystem> memory_ = std::make_shared<io::MemoryFileSystem>();
  simulation::SerialEnvironment environment_{memory_, 1};
  support::FaultFileSystem files_{*memory_};
  const std::unique_ptr<io::Executor> executor_ = environment_.NewExecutor(1).value();
  // Segments of the size that a database with a large write buffer has.
  [[nodiscard]] SegmentSupply::Settings Growing() {
    return {.directory = "/db",
            .segment_bytes = uint64_t{64} << 20,
            .new_file_number = [this] { return key::FileNumber{next_number_++}; },
            .may_write = [] { return true; }};
  }

  uint64_t next_number_ = 1;
  uint64_t asked_for_descriptors_ = 0;
  bool failed_ = false;
  SegmentSupply supply_{files_,
                        *executor_,
                        {.directory = "/db",
                         .segment_bytes = 4096,
                         .new_file_number = [this] { return key::FileNumber{next_number_++}; },
                         .may_write = [this] { return !failed_; },
                         .free_descriptors = [this] { ++asked_for_descriptors_; }}};
};

TEST_F(SegmentSupplyTest, HandsOutTheSpareOrMakesOne) {
  EXPECT_EQ(Take(100), 1u);
  supply_.Prepare();
  supply_.Prepare();
  EXPECT_EQ(environment_.waiting_jobs(), 1u) << "one at a time";
  EXPECT_TRUE(environment_.RunOneJob());
  supply_.Prepare();
  EXPECT_EQ(environment_.waiting_jobs(), 0u) << "it is there";
  EXPECT_EQ(Take(4096), 2u);
  EXPECT_EQ(Take(100), 3u);
  EXPECT_EQ(files_.calls(support::Operation::kSyncDirectory), 3u) << "before each is handed out";
}

TEST_F(SegmentSupplyTest, MakesNoSpareOnceAnErrorWasMet) {
  supply_.Prepare();
  failed_ = true;  // While the job waits.
  EXPECT_TRUE(environment_.RunOneJob());
  EXPECT_EQ(files_.calls(support::Operation::kCreateSegment), 0u);
  EXPECT_TRUE(Names().empty());
}

TEST_F(SegmentSupplyTest, ReplacesASpareThatIsTooSmall) {
  supply_.Prepare();
  EXPECT_TRUE(environment_.RunOneJob());
  EXPECT_EQ(Take(5000), 2u);
  EXPECT_EQ(Names(), std::vector<std::string>{"000002.wal"});
}

TEST_F(SegmentSupplyTest, FailsWithoutASpareAndRecovers) {
  files_.Fail(
      {.operation = support::Operation::kCreateSegment, .call = 1, .for_good = true, .code = ErrorCode::kNoSpace});
  supply_.Prepare();
  EXPECT_TRUE(environment_.RunOneJob()) << "in the background nobody is told";
  const auto taken = supply_.Take(100);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), ErrorCode::kNoSpace);
  EXPECT_TRUE(supply_.health());
  files_.ClearFaults();
  EXPECT_NE(Take(100), 0u);
}

TEST_F(SegmentSupplyTest, IsThroughOnceTheDirectoryCouldNotBeSynced) {
  files_.Fail({.operation = support::Operation::kSyncDirectory, .call = 1});
  supply_.Prepare();
  EXPECT_TRUE(environment_.RunOneJob());
  EXPECT_FALSE(supply_.health());
  EXPECT_EQ(Take(100), 0u);
  supply_.Prepare();
  EXPECT_EQ(environment_.waiting_jobs(), 0u);
  EXPECT_EQ(files_.calls(support::Operation::kSyncDirectory), 1u) << "never again";
}

TEST_F(SegmentSupplyTest, OutlivesALackOfDescriptorsForTheDirectory) {
  files_.Fail({.operation = support::Operation::kSyncDirectory, .call = 1, .for_good = true, .error_number = EMFILE});
  for (int round = 0; round < 3; ++round) {
    const auto taken = supply_.Take(100);
    ASSERT_FALSE(taken);
    EXPECT_TRUE(base::IsOutOfDescriptors(taken.error()));
  }
  EXPECT_EQ(asked_for_descriptors_, 3u) << "others were asked to give way";
  EXPECT_TRUE(supply_.health()) << "the sync was not begun";
  EXPECT_TRUE(Names().empty());
  files_.ClearFaults();
  EXPECT_NE(Take(100), 0u);
}

TEST_F(SegmentSupplyTest, OthersGiveTheirDescriptorsToASegment) {
  files_.Fail({.operation = support::Operation::kCreateSegment, .call = 1, .error_number = EMFILE});
  EXPECT_NE(Take(100), 0u);
  EXPECT_EQ(asked_for_descriptors_, 1u);
}

TEST_F(SegmentSupplyTest, SegmentsGrowFourfoldUpToTheirFullSize) {
  SegmentSupply supply(files_, *executor_, Growing());
  for (const uint64_t kib : {256u, 1024u, 4096u, 16384u, 65536u, 65536u}) {
    const auto taken = supply.Take(100);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->file->capacity(), kib << 10);
  }
  EXPECT_EQ(supply.Take(uint64_t{100} << 20)->file->capacity(), uint64_t{100} << 20) << "a large record's own";
  EXPECT_EQ(supply.Take(100)->file->capacity(), uint64_t{64} << 20);
  EXPECT_TRUE(supply.Stop(false));
}

TEST_F(SegmentSupplyTest, ASegmentTakesLessOfADiskThatIsNearlyFull) {
  SegmentSupply supply(files_, *executor_, Growing());
  EXPECT_TRUE(supply.Take(100));
  for (const uint64_t call : {2, 3}) {
    files_.Fail({.operation = support::Operation::kCreateSegment, .call = call, .code = ErrorCode::kNoSpace});
  }
  EXPECT_EQ(supply.Take(100)->file->capacity(), uint64_t{256} << 10) << "a quarter of what it was to be";
  EXPECT_EQ(supply.Take(100)->file->capacity(), uint64_t{1} << 20) << "and from there it grows";
  const uint64_t calls = files_.calls(support::Operation::kCreateSegment);
  files_.Fail({.operation = support::Operation::kCreateSegment,
               .call = calls + 1,
               .for_good = true,
               .code = ErrorCode::kNoSpace});
  EXPECT_EQ(supply.Take(uint64_t{1} << 20).error().code(), ErrorCode::kNoSpace);
  EXPECT_LE(files_.calls(support::Operation::kCreateSegment) - calls, 4u) << "never below what the record needs";
  files_.ClearFaults();
  EXPECT_TRUE(supply.Stop(false));
}

TEST_F(SegmentSupplyTest, OnlyDeletesTakeTheReserve) {
  bool is_there = true;
  SegmentSupply::Settings settings = Growing();
  settings.room_bytes = [&] { return is_there ? uint64_t{1} << 30 : 0; };
  settings.spend_reserve = [&](const auto& work) {
    files_.ClearFaults();
    is_there = false;
    work();
    return true;
  };
  SegmentSupply supply(files_, *executor_, settings);
  EXPECT_TRUE(supply.Take(100));
  files_.Fail(
      {.operation = support::Operation::kCreateSegment, .call = 1, .for_good = true, .code = ErrorCode::kNoSpace});
  EXPECT_EQ(supply.Take(100).error().code(), ErrorCode::kNoSpace);
  EXPECT_TRUE(is_there);
  const auto taken = supply.Take(100, SegmentSupply::Use::kDeletes);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->for_deletes);
  EXPECT_FALSE(is_there);
  EXPECT_EQ(supply.Take(100).error().code(), ErrorCode::kNoSpace) << "until it is back";
  supply.Prepare();
  EXPECT_TRUE(environment_.RunOneJob());
  EXPECT_EQ(files_.List("/db")->size(), 2u) << "no spare either";
  is_there = true;
  EXPECT_FALSE(supply.Take(100)->for_deletes);
  EXPECT_TRUE(supply.Stop(false));
}

TEST_F(SegmentSupplyTest, StopWaitsForTheJobAndRemovesTheSpareIfItMay) {
  supply_.Prepare();
  EXPECT_TRUE(supply_.Stop(false));
  EXPECT_TRUE(Names().empty());
  SegmentSupply other(files_, *executor_,
                      {.directory = "/db",
                       .segment_bytes = 4096,
                       .new_file_number = [] { return key::FileNumber{77}; },
                       .may_write = [] { return true; }});
  other.Prepare();
  EXPECT_TRUE(environment_.RunOneJob());
  EXPECT_TRUE(other.Stop(true));
  EXPECT_EQ(Names(), std::vector<std::string>{"000077.wal"});
}

TEST_F(SegmentSupplyTest, WhereNothingIsKeptForThemDeletesAreRefusedToo) {
  SegmentSupply supply(files_, *executor_, Growing());
  EXPECT_TRUE(supply.Take(100));
  files_.Fail(
      {.operation = support::Operation::kCreateSegment, .call = 1, .for_good = true, .code = ErrorCode::kNoSpace});
  EXPECT_EQ(supply.Take(100, SegmentSupply::Use::kDeletes).error().code(), ErrorCode::kNoSpace);
  files_.ClearFaults();
  EXPECT_TRUE(supply.Stop(false));
}

// Has no memory for a job.
class FullExecutor final : public io::Executor {
 public:
  void Schedule(io::Priority, std::function<void()>) override { throw std::bad_alloc(); }
  Result<std::unique_ptr<io::PeriodicJob>> ScheduleEvery(std::chrono::milliseconds, std::function<void()>) override {
    throw std::bad_alloc();
  }
  void Wait(base::Mutex&, base::CondVar&, base::FunctionRef<bool()> ready) override { EXPECT_TRUE(ready()); }
  bool WaitFor(base::Mutex&, base::CondVar&, base::FunctionRef<bool()> ready, std::chrono::microseconds) override {
    return ready();
  }
  uint32_t thread_count() const override { return 1; }
};

TEST_F(SegmentSupplyTest, ASpareThatThereIsNoMemoryToAskForIsMadeWhenItIsNeeded) {
  FullExecutor executor;
  SegmentSupply supply(files_, executor, Growing());
  supply.Prepare();
  EXPECT_TRUE(supply.Take(100));
  supply.Prepare();
  EXPECT_TRUE(supply.Take(100));
  EXPECT_TRUE(supply.Stop(false));
}

}  // namespace
}  // namespace amethyst::wal
