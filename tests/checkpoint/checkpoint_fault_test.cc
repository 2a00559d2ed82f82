// A checkpoint in which a call of the file system fails.
#include <gmock/gmock.h>

#include <thread>

#include "engine/engine.h"
#include "engine/fault_world.h"

namespace amethyst::checkpoint {
namespace {

using engine::World;
using support::ContentOf;
using support::Operation;
using support::Text;

const std::string kCopy = "/copy";

void Fill(World& world) {
  ASSERT_EQ(Text(world.Open()), "");
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 20; ++j) ASSERT_EQ(Text(world.db().Put(support::Key(i * 10 + j), std::to_string(i))), "");
    ASSERT_EQ(Text(world.db().Flush()), "");
  }
  ASSERT_EQ(Text(world.db().Put("in memory", "1", {.durability = Durability::kNone})), "");
}

std::map<std::string, std::string> ContentOfCopy(World& world, const std::string& path = kCopy) {
  const auto copy = support::OpenOrFail(path, support::SmallOptions(), support::Over(world.serial()));
  return copy == nullptr ? std::map<std::string, std::string>() : ContentOf(*copy);
}

TEST(CheckpointFault, AFailureAnywhereLeavesNoHalfCopyAndTheDatabaseUsable) {
  constexpr Operation kAll[] = {
      Operation::kCreate,        Operation::kAppend, Operation::kSync,      Operation::kClose,
      Operation::kOpen,          Operation::kRead,   Operation::kRename,    Operation::kRemove,
      Operation::kSyncDirectory, Operation::kExists, Operation::kList,      Operation::kCreateDirectories,
      Operation::kLock,          Operation::kLink,   Operation::kCheckHeld, Operation::kOverwrite};
  for (const bool can_link : {true, false}) {
    for (const Operation operation : kAll) {
      for (uint64_t call = 1;; ++call) {
        World world(1);
        Fill(world);
        if (!can_link) world.FailNext(Operation::kLink, ErrorCode::kNotSupported, true);
        ASSERT_EQ(Text(world.db().Flush()), "") << "so that none of its calls can latch";
        const auto content = ContentOf(world.db());
        world.faults().Fail({.operation = operation,
                             .call = world.faults().calls(operation) + call,
                             .for_good = false,
                             .code = ErrorCode::kNoSpace});
        const uint64_t failed = world.faults().failed_calls();
        const uint64_t links = world.faults().calls(Operation::kLink);
        const Status made = world.db().Checkpoint(kCopy);
        const bool met_fault =
            world.faults().failed_calls() - failed > (can_link ? 0 : world.faults().calls(Operation::kLink) - links);
        const std::string where = fmt::format("operation {}, call {}", static_cast<int>(operation), call);
        world.faults().ClearFaults();
        const bool is_there = world.serial().files().Exists(kCopy).value();
        if (made) EXPECT_TRUE(is_there) << where;
        if (is_there) EXPECT_EQ(ContentOfCopy(world), content) << where;
        if (!is_there) ASSERT_EQ(Text(world.db().Checkpoint(kCopy)), "") << where;
        EXPECT_EQ(ContentOfCopy(world), content) << where;
        EXPECT_FALSE(world.serial().files().Exists(kCopy + ".unfinished").value()) << where;
        ASSERT_EQ(Text(world.db().Put("after", "1")), "") << where;
        if (!met_fault || HasFailure()) break;
      }
      ASSERT_FALSE(testing::Test::HasFailure());
    }
  }
}

TEST(CheckpointFault, WhereLinksAreRefusedTablesAreCopied) {
  World world(1);
  Fill(world);
  const auto content = ContentOf(world.db());
  world.FailNext(Operation::kLink, ErrorCode::kNotSupported, true);
  ASSERT_EQ(Text(world.db().Checkpoint(kCopy)), "");
  EXPECT_EQ(ContentOfCopy(world), content);
}

TEST(CheckpointFault, ACopyThatIsShortIsRefused) {
  World world(1);
  Fill(world);
  ASSERT_EQ(Text(world.db().Flush()), "");
  // A table that lost its end, as a device without all of its blocks shows it.
  const std::string table = world.db().engine()->database().storage.store->Path(
      world.db().engine()->database().reads->view.Acquire()->version->level0().front()->number());
  const std::string bytes = io::ReadFile(world.serial().files(), table).value();
  ASSERT_TRUE(io::ReplaceFile(world.serial().files(), table, bytes.substr(0, bytes.size() - 1)));
  world.FailNext(Operation::kLink, ErrorCode::kNotSupported, true);
  const Status made = world.db().Checkpoint(kCopy);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(made.error().message(), testing::HasSubstr(table));
  EXPECT_FALSE(world.serial().files().Exists(kCopy).value());
}

TEST(CheckpointFault, CloseEndsACopyThatIsUnderWay) {
  World world(1);
  Fill(world);
  world.FailNext(Operation::kLink, ErrorCode::kNotSupported, true);
  // Closed on another thread, once the first table's copy begins: Close waits for the call, which gives up.
  std::thread closing;
  world.faults().Watch([&](Operation operation) {
    if (operation != Operation::kLink || closing.joinable()) return;
    closing = std::thread([&] { ASSERT_EQ(Text(world.db().Close()), ""); });
    while (!world.db().engine()->database().reads->gate.IsClosed()) std::this_thread::yield();
  });
  const Status made = world.db().Checkpoint(kCopy);
  ASSERT_TRUE(closing.joinable());
  closing.join();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kClosed);
  EXPECT_FALSE(world.serial().files().Exists(kCopy).value());
}

}  // namespace
}  // namespace amethyst::checkpoint
