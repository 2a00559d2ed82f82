// Cursors that hold the log, through kills and reopens; what a reader then gets is tested in tests/feed.
// Covers: cursor_list, log_files
#include "engine/cursor_list.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::Text;

class CursorListTest : public testing::Test {
 protected:
  CursorListTest() { EXPECT_TRUE(memory_->CreateDirectories("/db")); }

  void Open() {
    db_ = support::OpenOrFail("/db", support::SmallOptions(), support::Over(environment_));
    ASSERT_NE(db_, nullptr);
  }
  void Close() {
    EXPECT_EQ(Text(db_->Close()), "");
    db_ = nullptr;
  }
  [[nodiscard]] size_t CountSegments() {
    const auto names = memory_->List("/db").value();
    return static_cast<size_t>(std::ranges::count_if(names, [](const auto& name) { return name.ends_with(".wal"); }));
  }
  void Fill(int kib) {
    for (int i = 0; i < kib; ++i) ASSERT_EQ(Text(db_->Put(support::Key(0), std::string(1024, 'x'))), "");
  }

  std::shared_ptr<io::MemoryFileSystem> memory_ = std::make_shared<io::MemoryFileSystem>();
  simulation::SerialEnvironment serial_{memory_, 1};
  support::FaultFileSystem files_{*memory_};
  support::FaultEnvironment environment_{serial_, files_};
  std::unique_ptr<DB> db_;
};

TEST_F(CursorListTest, TheChainOfSegmentsGrowsOverManyOpensAndGoesWithTheCursor) {
  Open();
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  for (size_t round = 0; round < 5; ++round) {
    Fill(100);
    Close();
    EXPECT_EQ(CountSegments(), round + 1);
    Open();
  }
  ASSERT_EQ(Text(db_->DropCursor("c")), "");
  EXPECT_EQ(CountSegments(), 1u);
  Close();
  EXPECT_EQ(CountSegments(), 0u);
}

TEST_F(CursorListTest, ACursorThatTheManifestDoesNotTakeIsNone) {
  Open();
  const uint64_t appends = files_.calls(support::Operation::kAppend);
  files_.Fail({.operation = support::Operation::kAppend, .call = appends + 1, .code = ErrorCode::kNoSpace});
  EXPECT_FALSE(db_->CreateCursor("c"));
  EXPECT_TRUE(db_->Cursors().value().empty());
  EXPECT_EQ(Text(db_->CreateCursor("c")), "");
  Close();
}

}  // namespace
}  // namespace amethyst::engine
