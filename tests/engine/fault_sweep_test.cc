// Every call of a workload fails in turn, and after a failed write the database writes nothing more.
#include <set>

#include "base/random.h"
#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Fault;
using support::Key;
using support::Text;

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

constexpr uint64_t kWrites = 260;

// Operations whose first I/O error ends all writing at once.
bool EndsAllWriting(const Fault& fault) {
  constexpr Operation kLatching[] = {Operation::kAppend, Operation::kOverwrite,   Operation::kSync,
                                     Operation::kStore,  Operation::kSegmentSync, Operation::kSyncDirectory};
  return fault.code == ErrorCode::kIo && std::ranges::find(kLatching, fault.operation) != std::end(kLatching);
}

void RunWithFault(const Fault& fault, uint64_t seed) {
  const std::string what =
      fmt::format("operation {} call {} code {}{}{}", static_cast<int>(fault.operation), fault.call,
                  ErrorCodeName(fault.code), fault.for_good ? " for good" : "", fault.half ? " half" : "");
  Outcome outcome;
  uint64_t changes_after = 0;  // Outlives the world, whose end makes calls too.
  World world(seed);
  world.faults().Fail(fault);
  world.faults().Watch([&](Operation operation) {
    const bool changes = std::ranges::find(kChanging, operation) != std::end(kChanging);
    if (changes && world.faults().failed_calls() > 0) ++changes_after;
  });
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
      if (EndsAllWriting(fault)) {
        ASSERT_EQ(changes_after, 0) << what;
      }
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
  const uint64_t stride = std::max<uint64_t>(calls / 6, 1);
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
                                         Operation::kAppend, Operation::kOverwrite, Operation::kSync, Operation::kClose,
                                         Operation::kStore, Operation::kSegmentSync, Operation::kSegmentClose,
                                         Operation::kSyncFile, Operation::kSyncDirectory, Operation::kList,
                                         Operation::kRename, Operation::kRemove, Operation::kCheckHeld,
                                         Operation::kOpenDirectory),
                         [](const auto& suite) { return "Operation" + std::to_string(static_cast<int>(suite.param)); });

}  // namespace
}  // namespace amethyst::engine
