// What failing calls of the file system do to a database: first one place after the other, then every call of a
// workload in turn. Covers: flush, compact, recovery, background, committer
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "io/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Fault;
using support::Key;
using support::Operation;
using support::SmallOptions;
using support::Text;

constexpr Operation kChanging[] = {
    Operation::kCreate,          Operation::kCreateSegment, Operation::kAppend,       Operation::kSync,
    Operation::kStore,           Operation::kSegmentSync,   Operation::kSegmentClose, Operation::kSyncFile,
    Operation::kSyncDirectory,   Operation::kRename,        Operation::kRemove,       Operation::kCreateDirectories,
    Operation::kRemoveDirectory,
};

// A database on one thread, over files in memory whose calls can fail.
class World {
 public:
  explicit World(uint64_t seed)
      : serial_(std::make_shared<io::MemoryFileSystem>(), seed),
        faults_(serial_.files()),
        environment_(serial_, faults_) {}
  ~World() { db_.reset(); }

  [[nodiscard]] Status Open() {
    auto opened = DB::Open("/db", SmallOptions(), support::Over(environment_));
    if (!opened) return std::unexpected(opened.error());
    db_ = std::move(*opened);
    return {};
  }
  // Without faults, whatever there was before.
  void Reopen() {
    faults_.ClearFaults();
    db_.reset();
    ASSERT_EQ(Text(Open()), "");
  }
  // The next call of `operation` from now on fails, and with `for_good` all later ones.
  void FailNext(Operation operation, ErrorCode code, bool for_good = false, bool half = false) {
    faults_.Fail({.operation = operation,
                  .call = faults_.calls(operation) + 1,
                  .for_good = for_good,
                  .code = code,
                  .half = half});
  }
  void RunJobs() {
    while (serial_.RunOneJob()) {
    }
  }
  [[nodiscard]] uint64_t ChangingCalls() const {
    uint64_t calls = 0;
    for (const Operation operation : kChanging) calls += faults_.calls(operation);
    return calls;
  }
  // Time in which the periodic job runs.
  void PassTime() { serial_.clock().Advance(std::chrono::seconds(3)); }

  DB& db() { return *db_; }
  std::unique_ptr<DB>& owner() { return db_; }
  support::FaultFileSystem& faults() { return faults_; }
  io::SerialEnvironment& serial() { return serial_; }

 private:
  io::SerialEnvironment serial_;
  support::FaultFileSystem faults_;
  support::FaultEnvironment environment_;
  std::unique_ptr<DB> db_;
};

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

// --- Every call of a workload fails in turn ---

// Writes of a workload, by number: which were acknowledged and which failed. Number i is a batch of two keys.
struct Outcome {
  std::set<uint64_t> acknowledged;
  std::set<uint64_t> failed;
};

Status WriteNumber(DB& db, uint64_t number, Durability durability) {
  WriteBatch batch;
  const std::string value = fmt::format("{:0700}", number);
  batch.Put(Key(number), value);
  batch.Put("pair" + Key(number), value);
  return db.Write(batch, {.durability = durability});
}

void RunWorkload(World& world, uint64_t from, uint64_t to, Outcome* outcome) {
  base::Random random(from);
  for (uint64_t number = from; number < to; ++number) {
    const auto durability = random.OneIn(20) ? Durability::kSync : Durability::kBuffered;
    const Status written = WriteNumber(world.db(), number, durability);
    (written ? outcome->acknowledged : outcome->failed).insert(number);
    if (random.OneIn(3)) static_cast<void>(world.serial().RunOneJob());
    if (number % 100 == 99) static_cast<void>(world.db().Flush());
    if (number % 250 == 249) static_cast<void>(world.db().CompactRange());
    if (number % 120 == 119) world.PassTime();
  }
}

void ExpectOutcome(World& world, const Outcome& outcome, const std::string& what) {
  const auto content = ContentOf(world.db());
  for (const uint64_t number : outcome.acknowledged) {
    ASSERT_TRUE(content.contains(Key(number))) << what << ": write " << number << " is lost";
  }
  for (const auto& [key, value] : content) {
    if (key.starts_with("pair")) {
      ASSERT_TRUE(content.contains(key.substr(4))) << what << ": half a batch at " << key;
      continue;
    }
    ASSERT_TRUE(content.contains("pair" + key)) << what << ": half a batch at " << key;
    const uint64_t number = std::stoull(key.substr(3));
    ASSERT_TRUE(outcome.acknowledged.contains(number) || outcome.failed.contains(number)) << what;
  }
}

constexpr uint64_t kWrites = 300;

void RunWithFault(const Fault& fault, uint64_t seed) {
  const std::string what =
      fmt::format("operation {} call {} code {}{}{}", static_cast<int>(fault.operation), fault.call,
                  ErrorCodeName(fault.code), fault.for_good ? " for good" : "", fault.half ? " half" : "");
  World world(seed);
  world.faults().Fail(fault);
  Outcome outcome;
  if (world.Open()) {
    RunWorkload(world, 0, kWrites, &outcome);
    if (fault.operation != Operation::kOpen) ExpectOutcome(world, outcome, what + ", before the fault clears");
    const bool latched = CodeOf(world.db().WaitForIdle()) == ErrorCode::kIo;
    if (fault.code == ErrorCode::kNoSpace && !latched) {
      world.faults().ClearFaults();
      world.PassTime();
      RunWorkload(world, kWrites, kWrites + 100, &outcome);
      ASSERT_EQ(Text(world.db().Flush()), "") << what;
      ASSERT_TRUE(outcome.acknowledged.contains(kWrites + 50)) << what;
    } else if (latched) {
      const uint64_t calls = world.ChangingCalls();
      RunWorkload(world, kWrites, kWrites + 100, &outcome);
      ASSERT_FALSE(outcome.acknowledged.contains(kWrites + 50)) << what;
      static_cast<void>(world.db().Close());
      ASSERT_EQ(world.ChangingCalls(), calls) << what;
    }
  }
  world.Reopen();
  if (world.owner() == nullptr) return;
  ExpectOutcome(world, outcome, what + ", after reopening");
  ASSERT_EQ(Text(WriteNumber(world.db(), 9999, Durability::kSync)), "") << what;
  ASSERT_EQ(Text(world.db().CompactRange()), "") << what;
}

class FaultSweep : public testing::TestWithParam<Operation> {};

TEST_P(FaultSweep, LosesNothingAcknowledgedWhicheverCallFails) {
  const Operation operation = GetParam();
  World rehearsal(1);
  ASSERT_TRUE(rehearsal.Open());
  Outcome outcome;
  RunWorkload(rehearsal, 0, kWrites, &outcome);
  ASSERT_EQ(outcome.acknowledged.size(), kWrites);
  const uint64_t calls = rehearsal.faults().calls(operation);
  const uint64_t stride = std::max<uint64_t>(calls / 8, 1);
  for (uint64_t call = 1; call <= calls; call += stride) {
    for (const ErrorCode code : {ErrorCode::kIo, ErrorCode::kNoSpace}) {
      for (const bool for_good : {false, true}) {
        RunWithFault({.operation = operation, .call = call, .for_good = for_good, .code = code, .half = call % 2 == 0},
                     1);
        if (HasFatalFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, FaultSweep,
                         testing::Values(Operation::kCreate, Operation::kCreateSegment, Operation::kOpen,
                                         Operation::kAppend, Operation::kSync, Operation::kClose, Operation::kStore,
                                         Operation::kSegmentSync, Operation::kSegmentClose, Operation::kSyncFile,
                                         Operation::kSyncDirectory, Operation::kList, Operation::kRename,
                                         Operation::kRemove),
                         [](const auto& suite) { return "Operation" + std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace amethyst::engine
