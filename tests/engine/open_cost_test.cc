// How many syncs it takes to open and close a small database. Covers: engine, recovery
#include <gtest/gtest.h>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::Text;

class OpenCost : public testing::Test {
 protected:
  // What `call` takes.
  template <typename Call>
  uint64_t Syncs(Call call) {
    const uint64_t before = Total();
    call();
    return Total() - before;
  }

  World world_{1, Options()};

 private:
  uint64_t Total() {
    uint64_t total = 0;
    for (const Operation operation :
         {Operation::kSync, Operation::kSegmentSync, Operation::kSyncFile, Operation::kSyncDirectory}) {
      total += world_.faults().calls(operation);
    }
    return total;
  }
};

TEST_F(OpenCost, IsFewSyncsWhereOneEntryIsWritten) {
  // Manifest, directory, CURRENT, directory; the segment's name; table, directory, manifest.
  EXPECT_LE(Syncs([&] {
              ASSERT_TRUE(world_.Open());
              ASSERT_TRUE(world_.db().Put("a", "b"));
              ASSERT_EQ(Text(world_.db().Close()), "");
            }),
            8u);
  // The segment's name; table, manifest, directory, CURRENT, directory.
  EXPECT_LE(Syncs([&] {
              world_.Reopen();
              ASSERT_TRUE(world_.db().Put("c", "d"));
              ASSERT_EQ(Text(world_.db().Close()), "");
            }),
            6u);
  world_.Reopen();
  EXPECT_EQ(support::ContentOf(world_.db()).size(), 2u);
}

TEST_F(OpenCost, IsNoSyncWhereNothingIsWritten) {
  ASSERT_TRUE(world_.Open());
  ASSERT_TRUE(world_.db().Put("a", "b"));
  EXPECT_EQ(Syncs([&] {
              ASSERT_EQ(Text(world_.db().Close()), "");
              world_.owner().reset();
            }),
            3u);
  EXPECT_EQ(Syncs([&] {
              world_.Reopen();
              ASSERT_EQ(Text(world_.db().Close()), "");
            }),
            0u);
}

// The manifest says where the log begins before the first write counts as durable, so that a log that is gone is known
// to be missing.
TEST_F(OpenCost, IsPaidByTheFirstSync) {
  ASSERT_TRUE(world_.Open());
  ASSERT_TRUE(world_.db().Put("a", "b"));
  EXPECT_GE(Syncs([&] { ASSERT_EQ(Text(world_.db().SyncWal()), ""); }), 3u);
  ASSERT_TRUE(world_.db().Put("c", "d"));
  EXPECT_EQ(Syncs([&] { ASSERT_EQ(Text(world_.db().SyncWal()), ""); }), 1u);
  io::FileSystem& files = world_.serial().files();
  const auto names = files.List("/db").value();
  const auto segment = std::ranges::find_if(names, [](const std::string& name) { return name.ends_with(".wal"); });
  ASSERT_NE(segment, names.end());
  const std::string path = "/db/" + *segment;
  world_.FailNext(Operation::kSync, ErrorCode::kIo, true);  // As a process that dies: nothing is flushed.
  static_cast<void>(world_.db().Close());
  world_.owner().reset();
  ASSERT_TRUE(files.Remove(path));
  world_.faults().ClearFaults();
  EXPECT_EQ(support::CodeOf(world_.Open()), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::engine
