#include "torture/fault_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "torture/order_checker.h"

namespace amethyst::torture {

namespace {

using support::Fault;
using support::FaultFileSystem;
using support::Operation;

const std::string kSweptDirectory = "/db";

Options SmallOptions() {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{64} << 10;
  options.block_bytes = 1024;
  options.max_open_files = 16;
  return options;
}

Result<std::unique_ptr<DB>> OpenOn(const std::shared_ptr<io::FileSystem>& files, uint64_t seed,
                                   std::shared_ptr<simulation::SerialEnvironment>* environment) {
  *environment = std::make_shared<simulation::SerialEnvironment>(files, seed);
  Components components;
  components.environment = *environment;
  return DB::Open(kSweptDirectory, SmallOptions(), std::move(components));
}

std::string KeyOf(uint64_t n) { return fmt::format("key{:03}", n); }

// How a call of the operation can fail. The seam promises whole reads and repeats what was interrupted: a short read is
// damage, no fault.
std::vector<Fault> FaultsOf(Operation operation) {
  const bool writes =
      operation == Operation::kAppend || operation == Operation::kOverwrite || operation == Operation::kStore;
  const bool opens = operation == Operation::kCreate || operation == Operation::kCreateSegment ||
                     operation == Operation::kOpen || operation == Operation::kSyncFile ||
                     operation == Operation::kSyncDirectory || operation == Operation::kList ||
                     operation == Operation::kLock || operation == Operation::kOpenDirectory;
  std::vector<Fault> faults;
  for (const bool for_good : {false, true}) {
    for (const int error : {EIO, ENOSPC}) {
      faults.push_back({.operation = operation, .for_good = for_good, .error_number = error});
      if (writes) faults.push_back({.operation = operation, .for_good = for_good, .half = true, .error_number = error});
    }
    if (opens) faults.push_back({.operation = operation, .for_good = for_good, .error_number = EMFILE});
  }
  return faults;
}

}  // namespace

void FaultSweep::Write(DB& db, base::Random& random, uint64_t number, Outcome* outcome) {
  WriteBatch batch;
  Map after = outcome->possible.front();
  for (uint64_t n = 1 + random.Below(5); n > 0; --n) {
    const std::string key = KeyOf(random.Below(60));
    if (random.OneIn(12)) {
      const std::string end = KeyOf(random.Below(60));
      if (end < key) continue;
      batch.DeleteRange(key, end);
      after.erase(after.lower_bound(key), after.lower_bound(end));
    } else if (random.OneIn(4)) {
      batch.Delete(key);
      after.erase(key);
    } else {
      std::string value(random.OneIn(6) ? 6000 : random.Below(200), static_cast<char>('a' + number % 26));
      batch.Put(key, value);
      after[key] = std::move(value);
    }
  }
  batch.Put("!number", std::to_string(number));
  after["!number"] = std::to_string(number);
  const bool sync = random.OneIn(4);
  if (db.Write(batch, {.durability = sync ? Durability::kSync : Durability::kBuffered})) {
    outcome->possible = {std::move(after)};
  } else {
    outcome->met_error = true;
    outcome->possible.push_back(std::move(after));
  }
}

// A failed write may be seen until the next open, so a read is right if it gives what either content holds.
void FaultSweep::CheckReads(DB& db, base::Random& random, Outcome* outcome) {
  const std::string key = KeyOf(random.Below(60));
  const auto got = db.Get(key);
  if (!got) {
    outcome->met_error = true;
    return;
  }
  const auto agrees = [&](const Map& content) {
    const auto expected = content.find(key);
    return got->has_value() ? expected != content.end() && expected->second == **got : expected == content.end();
  };
  if (std::ranges::none_of(outcome->possible, agrees)) outcome->violation = "a wrong value of " + key;

  static_cast<void>(Scan(db, outcome));
}

// Reads everything; nullopt on an error.
std::optional<FaultSweep::Map> FaultSweep::Scan(DB& db, Outcome* outcome) {
  Iterator iterator = db.NewIterator();
  Map found;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) found.emplace(iterator.key(), iterator.value());
  if (!iterator.status()) {
    outcome->met_error = true;
    return std::nullopt;
  }
  if (std::ranges::find(outcome->possible, found) == outcome->possible.end()) {
    outcome->violation = "a scan that ended well gave another content";
  }
  return found;
}

FaultSweep::Outcome FaultSweep::RunWorkload(const std::shared_ptr<TraceFileSystem>& files) {
  Outcome outcome;
  base::Random random(settings_.seed);
  std::shared_ptr<simulation::SerialEnvironment> environment;
  std::unique_ptr<DB> db;
  for (uint64_t number = 1; number <= settings_.batches && outcome.violation.empty(); ++number) {
    for (int tries = 0; db == nullptr && tries < 2; ++tries) {
      files->trace().NoteOpening();
      auto opened = OpenOn(files, settings_.seed, &environment);
      if (opened) {
        // From here on it holds for good what it holds now; if that cannot be read, nothing more can be said.
        std::optional<Map> recovered = Scan(**opened, &outcome);
        if (!recovered) continue;
        outcome.possible = {std::move(*recovered)};
        db = std::move(*opened);
      } else {
        outcome.met_error = true;
      }
    }
    if (db == nullptr) break;  // For good.
    Write(*db, random, number, &outcome);
    Status done;
    if (number % 12 == 0) done = db->Flush();
    if (number % 20 == 0) done = db->CompactRange();
    if (number % 5 == 0) CheckReads(*db, random, &outcome);
    if (number % 7 == 0) environment->clock().Advance(std::chrono::milliseconds(1000));
    if (number % 15 == 0) {
      done = db->Close();
      db.reset();
    }
    if (!done) outcome.met_error = true;
  }
  return outcome;
}

std::string FaultSweep::CheckAfterwards(const std::shared_ptr<io::FileSystem>& files, const Outcome& outcome) {
  if (!outcome.violation.empty()) return outcome.violation;
  std::shared_ptr<simulation::SerialEnvironment> environment;
  auto opened = OpenOn(files, settings_.seed, &environment);
  if (!opened) return "it does not open without the fault: " + opened.error().ToString();
  Map found;
  Iterator iterator = (*opened)->NewIterator();
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) found.emplace(iterator.key(), iterator.value());
  if (!iterator.status()) return "it cannot be read without the fault: " + iterator.status().error().ToString();
  if (std::ranges::find(outcome.possible, found) == outcome.possible.end()) {
    const auto number = [](const Map& map) { return map.contains("!number") ? map.at("!number") : "0"; };
    return fmt::format("acknowledged batch {}, attempted up to {}, found batch {}", number(outcome.possible.front()),
                       number(outcome.possible.back()), number(found));
  }
  const Status closed = (*opened)->Close();
  return closed ? "" : "it does not close without the fault: " + closed.error().ToString();
}

std::string FaultSweep::RunFault(const Fault& fault, FaultReport* report) {
  io::MemoryFileSystem memory;
  const auto faulty = std::make_shared<FaultFileSystem>(memory);
  faulty->Fail(fault);
  const auto traced = std::make_shared<TraceFileSystem>(faulty);
  const Outcome outcome = RunWorkload(traced);
  if (faulty->failed_calls() == 0) return "";
  ++report->faults;
  report->refused += outcome.met_error ? 1 : 0;
  OrderChecker checker;
  for (const TraceOperation& operation : traced->trace().operations()) checker.Apply(operation);
  report->order_checks += checker.checks();
  if (!checker.violation().empty()) return checker.violation();
  faulty->ClearFaults();
  return CheckAfterwards(faulty, outcome);
}

void FaultSweep::Run(FaultReport* report) {
  std::array<uint64_t, support::kOperations> calls{};
  {
    io::MemoryFileSystem memory;
    const auto faulty = std::make_shared<FaultFileSystem>(memory);
    const Outcome outcome = RunWorkload(std::make_shared<TraceFileSystem>(faulty));
    AMETHYST_ASSERT(!outcome.met_error && outcome.violation.empty());
    for (size_t i = 0; i < calls.size(); ++i) {
      calls[i] = faulty->calls(static_cast<Operation>(i));
      report->calls += calls[i];
    }
  }
  for (size_t i = 0; i < calls.size(); ++i) {
    for (uint64_t call = 1; call <= calls[i]; call += settings_.stride) {
      for (Fault fault : FaultsOf(static_cast<Operation>(i))) {
        fault.call = call;
        const std::string problem = RunFault(fault, report);
        if (problem.empty()) continue;
        report->violation = fmt::format("seed {}: operation {}, call {}, {}{}, error {}: {}", settings_.seed, i, call,
                                        fault.for_good ? "for good" : "once", fault.half ? ", half done" : "",
                                        fault.error_number, problem);
        return;
      }
    }
  }
}

}  // namespace amethyst::torture
