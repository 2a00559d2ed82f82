// What failing calls of the file system do to a database, one place after the other. Covers: flush, compact, recovery,
// background, committer
#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::Text;

// After a failure for good: reads go on, every write is refused, and nothing at all is written, Close included.
void ExpectLatched(World& world, const std::map<std::string, std::string>& content, ErrorCode code) {
  const uint64_t calls = world.ChangingCalls();
  for (const Durability durability : {Durability::kSync, Durability::kBuffered, Durability::kNone}) {
    EXPECT_EQ(CodeOf(world.db().Put("refused", "v", {.durability = durability})), code);
  }
  EXPECT_EQ(CodeOf(world.db().Flush()), code);
  EXPECT_EQ(CodeOf(world.db().CompactRange()), code);
  EXPECT_EQ(CodeOf(world.db().SyncWal()), code);
  EXPECT_EQ(CodeOf(world.db().WaitForIdle()), code);
  world.PassTime();
  world.RunJobs();
  const auto seen = ContentOf(world.db());
  for (const auto& [key, value] : content) {
    EXPECT_EQ(world.db().Get(key).value(), value);
    EXPECT_TRUE(seen.contains(key));
  }
  EXPECT_EQ(CodeOf(world.db().Close()), code);
  EXPECT_EQ(world.ChangingCalls(), calls);
}

std::map<std::string, std::string> PutSome(DB& db, int entries) {
  std::map<std::string, std::string> content;
  for (int i = 0; i < entries; ++i) {
    EXPECT_TRUE(db.Put(Key(i), "v"));
    content[Key(i)] = "v";
  }
  return content;
}

TEST(Fault, AFailedLogWriteIsLatched) {
  for (const bool half : {false, true}) {
    World world(1);
    ASSERT_TRUE(world.Open());
    const auto content = PutSome(world.db(), 10);
    world.FailNext(Operation::kStore, ErrorCode::kIo, false, half);
    EXPECT_EQ(CodeOf(world.db().Put("failed", "v")), ErrorCode::kIo);
    ExpectLatched(world, content, ErrorCode::kIo);
    world.Reopen();
    auto after = ContentOf(world.db());
    after.erase("failed");
    EXPECT_EQ(after, content);
    EXPECT_TRUE(world.db().Put("again", "v"));
  }
}

TEST(Fault, AFailedSyncIsLatchedAndNeverRetried) {
  World world(2);
  ASSERT_TRUE(world.Open());
  auto content = PutSome(world.db(), 10);
  world.FailNext(Operation::kSegmentSync, ErrorCode::kIo);
  EXPECT_EQ(CodeOf(world.db().Put("failed", "v", {.durability = Durability::kSync})), ErrorCode::kIo);
  ExpectLatched(world, content, ErrorCode::kIo);
  world.Reopen();
  auto after = ContentOf(world.db());
  after.erase("failed");
  EXPECT_EQ(after, content);
}

TEST(Fault, AFailedPeriodicSyncIsLatched) {
  World world(3);
  ASSERT_TRUE(world.Open());
  const auto content = PutSome(world.db(), 10);
  world.FailNext(Operation::kSegmentSync, ErrorCode::kIo);
  world.PassTime();
  ExpectLatched(world, content, ErrorCode::kIo);
  world.Reopen();
  EXPECT_EQ(ContentOf(world.db()), content);
}

TEST(Fault, AFailedFlushIsLatched) {
  for (const Operation operation : {Operation::kCreate, Operation::kAppend, Operation::kSync}) {
    World world(4);
    ASSERT_TRUE(world.Open());
    const auto content = PutSome(world.db(), 10);
    world.FailNext(operation, ErrorCode::kIo);
    EXPECT_EQ(CodeOf(world.db().Flush()), ErrorCode::kIo);
    ExpectLatched(world, content, ErrorCode::kIo);
    world.Reopen();
    EXPECT_EQ(ContentOf(world.db()), content);
    EXPECT_EQ(Text(world.db().Flush()), "");
  }
}

TEST(Fault, AFailedCompactionRemovesNothingMore) {
  for (const Operation operation : {Operation::kAppend, Operation::kSync}) {
    World world(4);
    ASSERT_TRUE(world.Open());
    PutSome(world.db(), 10);
    ASSERT_TRUE(world.db().Flush());
    const auto content = PutSome(world.db(), 10);
    ASSERT_TRUE(world.db().Flush());  // A second table over the first, so that they are merged.
    const uint64_t removed = world.faults().calls(Operation::kRemove);
    world.FailNext(operation, ErrorCode::kIo);
    EXPECT_EQ(CodeOf(world.db().CompactRange()), ErrorCode::kIo);
    EXPECT_EQ(world.faults().calls(Operation::kRemove), removed) << "what it had written stays for the next open";
    ExpectLatched(world, content, ErrorCode::kIo);
    world.Reopen();
    EXPECT_EQ(ContentOf(world.db()), content);
  }
}

TEST(Fault, AFailedManifestEditIsLatched) {
  for (const Operation operation : {Operation::kAppend, Operation::kSync, Operation::kSyncDirectory}) {
    World world(5);
    ASSERT_TRUE(world.Open());
    const auto content = PutSome(world.db(), 10);
    // The table's own calls first: learn how many a flush of as much makes.
    World twin(5);
    ASSERT_TRUE(twin.Open());
    PutSome(twin.db(), 10);
    const uint64_t before = twin.faults().calls(operation);
    ASSERT_TRUE(twin.db().Flush());
    const uint64_t calls = twin.faults().calls(operation) - before;
    world.faults().Fail({.operation = operation, .call = world.faults().calls(operation) + calls});
    EXPECT_EQ(CodeOf(world.db().Flush()), ErrorCode::kIo);
    ExpectLatched(world, content, ErrorCode::kIo);
    world.Reopen();
    EXPECT_EQ(ContentOf(world.db()), content);
  }
}

TEST(Fault, AnOwnerThatLostItsDirectoryWritesNothingMore) {
  World world(5);
  ASSERT_TRUE(world.Open());
  const auto content = PutSome(world.db(), 10);
  world.FailNext(Operation::kCheckHeld, ErrorCode::kBusy);
  const uint64_t appended = world.faults().calls(Operation::kAppend);
  EXPECT_EQ(CodeOf(world.db().Flush()), ErrorCode::kBusy);
  EXPECT_GT(world.faults().calls(Operation::kAppend), appended) << "the table's, not the manifest's";
  ExpectLatched(world, content, ErrorCode::kBusy);
  world.Reopen();
  EXPECT_EQ(ContentOf(world.db()), content);
}

TEST(Fault, AFullDiskAtSegmentAllocationClearsByItself) {
  World world(6);
  ASSERT_TRUE(world.Open());
  world.FailNext(Operation::kCreateSegment, ErrorCode::kNoSpace, true);
  std::map<std::string, std::string> content;
  Status put;
  // Segments are no smaller than 1 MiB.
  for (int i = 0; i < 5000 && put; ++i) {
    put = world.db().Put(Key(i), std::string(1000, 'v'));
    if (put) content[Key(i)] = std::string(1000, 'v');
  }
  ASSERT_EQ(CodeOf(put), ErrorCode::kNoSpace);
  EXPECT_EQ(CodeOf(world.db().Put("another", std::string(1000, 'x'))), ErrorCode::kNoSpace);
  const uint64_t entries = ContentOf(world.db()).size();
  EXPECT_EQ(entries, content.size());
  world.faults().ClearFaults();
  EXPECT_EQ(Text(world.db().Put("after", "x")), "");
  content["after"] = "x";
  EXPECT_TRUE(ContentOf(world.db()) == content);
  ASSERT_EQ(Text(world.db().Close()), "");
  world.Reopen();
  EXPECT_TRUE(ContentOf(world.db()) == content);
}

TEST(Fault, AFullDiskAtFlushClearsByItselfAndLosesNothing) {
  for (const Operation operation : {Operation::kCreate, Operation::kAppend, Operation::kSync}) {
    World world(7);
    ASSERT_TRUE(world.Open());
    auto content = PutSome(world.db(), 10);
    world.FailNext(operation, ErrorCode::kNoSpace, true, operation == Operation::kAppend);
    EXPECT_EQ(CodeOf(world.db().Flush()), ErrorCode::kNoSpace);
    EXPECT_EQ(CodeOf(world.db().Flush()), ErrorCode::kNoSpace);
    EXPECT_EQ(Text(world.db().Put("more", "x")), "");
    content["more"] = "x";
    EXPECT_EQ(ContentOf(world.db()), content);
    world.faults().ClearFaults();
    world.PassTime();
    world.RunJobs();
    EXPECT_EQ(Text(world.db().Flush()), "");
    EXPECT_EQ(ContentOf(world.db()), content);
    EXPECT_GE(world.db().GetStats().flushes, 1);
    world.Reopen();
    EXPECT_EQ(ContentOf(world.db()), content);
  }
}

TEST(Fault, AFullDiskDoesNotKeepADatabaseFromClosingAndOpening) {
  World world(8);
  ASSERT_TRUE(world.Open());
  const auto content = PutSome(world.db(), 10);
  for (const Operation operation : {Operation::kCreate, Operation::kAppend, Operation::kCreateSegment}) {
    world.FailNext(operation, ErrorCode::kNoSpace, true);
  }
  EXPECT_EQ(Text(world.db().Close()), "");
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(Text(world.Open()), "");
    EXPECT_EQ(ContentOf(world.db()), content);
    EXPECT_EQ(CodeOf(world.db().Put("refused", "x")), ErrorCode::kNoSpace);
    EXPECT_EQ(Text(world.db().Close()), "");
  }
  ASSERT_EQ(Text(world.Open()), "");
  world.faults().ClearFaults();
  world.PassTime();
  EXPECT_EQ(Text(world.db().Put("after", "x")), "");
  world.Reopen();
  EXPECT_EQ(ContentOf(world.db()).size(), content.size() + 1);
}

TEST(Fault, AFullDiskAtCloseIsAnErrorIfUnloggedWritesAreLost) {
  World world(9);
  ASSERT_TRUE(world.Open());
  ASSERT_TRUE(world.db().Put("unlogged", "v", {.durability = Durability::kNone}));
  world.FailNext(Operation::kCreate, ErrorCode::kNoSpace, true);
  EXPECT_EQ(CodeOf(world.db().Close()), ErrorCode::kNoSpace);
}

TEST(Fault, AFullDiskAtCompactionClearsByItself) {
  World world(10);
  ASSERT_TRUE(world.Open());
  std::map<std::string, std::string> content;
  for (int run = 0; run < 3; ++run) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(world.db().Put(Key(i), std::to_string(run)));
      content[Key(i)] = std::to_string(run);
    }
    ASSERT_TRUE(world.db().Flush());
  }
  world.FailNext(Operation::kAppend, ErrorCode::kNoSpace, true);
  EXPECT_EQ(CodeOf(world.db().CompactRange()), ErrorCode::kNoSpace);
  EXPECT_EQ(ContentOf(world.db()), content);
  EXPECT_TRUE(world.db().Put("more", "x"));
  content["more"] = "x";
  world.faults().ClearFaults();
  world.PassTime();
  EXPECT_EQ(Text(world.db().CompactRange()), "");
  EXPECT_EQ(Text(world.db().WaitForIdle()), "");
  EXPECT_EQ(ContentOf(world.db()), content);
}

TEST(Fault, AFullDiskAtACompactionInTheBackgroundClearsByItselfAndLeavesNoFiles) {
  World world(12);
  ASSERT_TRUE(world.Open());
  for (int run = 0; run < 6; ++run) {
    ASSERT_TRUE(world.db().Put("key", std::to_string(run)));
    ASSERT_TRUE(world.db().Flush());
  }
  world.FailNext(Operation::kAppend, ErrorCode::kNoSpace, true);
  world.PassTime();
  world.RunJobs();
  const std::vector<std::string> names = world.faults().List("/db").value();
  EXPECT_EQ(std::ranges::count_if(names, [](const std::string& name) { return name.ends_with(".sst"); }), 6);
  EXPECT_GT(world.faults().failed_calls(), 0u);
  EXPECT_EQ(world.db().GetStats().compactions, 0u);
  EXPECT_EQ(Text(world.db().Put("more", "x")), "");
  world.faults().ClearFaults();
  world.PassTime();
  world.RunJobs();
  EXPECT_EQ(world.db().GetStats().compactions, 1u);
  EXPECT_EQ(ContentOf(world.db()), (std::map<std::string, std::string>{{"key", "5"}, {"more", "x"}}));
}

TEST(Fault, AReadErrorIsAnErrorAndNeverAbsenceOrTheEnd) {
  World world(11);
  ASSERT_TRUE(world.Open());
  const auto content = PutSome(world.db(), 2000);
  ASSERT_TRUE(world.db().CompactRange());
  uint64_t errors = 0;
  for (uint64_t k = 1; k < 40; ++k) {
    for (const bool half : {false, true}) {
      world.Reopen();
      world.faults().Fail({.operation = Operation::kRead,
                           .call = world.faults().calls(Operation::kRead) + k,
                           .for_good = false,
                           .code = ErrorCode::kIo,
                           .half = half});
      Iterator it = world.db().NewIterator();
      uint64_t seen = 0;
      for (it.SeekToFirst(); it.Valid(); it.Next()) ++seen;
      if (it.status()) {
        EXPECT_EQ(seen, content.size());
      } else {
        ++errors;
      }
      for (int i = 0; i < 2000; i += 100) {
        const auto value = world.db().Get(Key(i));
        if (value) {
          EXPECT_EQ(*value, "v");
        } else {
          ++errors;
        }
      }
    }
  }
  EXPECT_GT(errors, 5);
}

}  // namespace
}  // namespace amethyst::engine
