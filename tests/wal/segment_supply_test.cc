#include "wal/segment_supply.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "io/serial_environment.h"
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
  io::SerialEnvironment environment_{memory_, 1};
  support::FaultFileSystem files_{*memory_};
  const std::unique_ptr<io::Executor> executor_ = environment_.NewExecutor(1);
  uint64_t next_number_ = 1;
  bool failed_ = false;
  SegmentSupply supply_{files_,
                        *executor_,
                        {.directory = "/db",
                         .segment_bytes = 4096,
                         .new_file_number = [this] { return key::FileNumber{next_number_++}; },
                         .may_write = [this] { return !failed_; }}};
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

}  // namespace
}  // namespace amethyst::wal
