// HyperLogLog: PFADD, PFCOUNT, PFMERGE.
#include <memory>
#include <string>

#include "server/commands/command.h"
#include "server/commands/lookup.h"
#include "server/config.h"
#include "server/types/hyperloglog.h"

namespace amethyst::server {

namespace {

using Outcome = HyperLogLog::Outcome;
using Registers = HyperLogLog::Registers;

constexpr std::string_view kNoSketch = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

// False: the key holds something else, which has been said.
bool IsSketchOrNothing(Call& call, const StoredKey& key) {
  if (!IsStringOrNothing(call, key)) return false;
  if (!key.exists() || HyperLogLog::HasHeader(key.body())) return true;
  call.reply.Error(kNoSketch);
  return false;
}

// The key's sketch. A key that does not exist has an empty one.
HyperLogLog SketchOf(const StoredKey& key) { return key.exists() ? HyperLogLog(key.body()) : HyperLogLog(); }

void PutSketch(StoredKey& key, const HyperLogLog& sketch) {
  key.Put({.type = Type::kString, .expires_ms = key.expires_ms(), .body = sketch.bytes()});
}

// The same with an event. PFMERGE has that of PFADD, as in Redis.
void PutChangedSketch(Call& call, StoredKey& key, HyperLogLog& sketch) {
  sketch.InvalidateCount();
  PutSketch(key, sketch);
  call.access.Notify(EventKind::kString, "pfadd", key.name());
}

void PfAdd(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!IsSketchOrNothing(call, key)) return;
  HyperLogLog sketch = SketchOf(key);
  bool has_changed = !key.exists();
  for (const std::string_view element : call.args.subspan(2)) {
    const Outcome outcome = sketch.Add(element, call.config().values().hyperloglog_sparse_bytes_max);
    if (outcome == Outcome::kCorrupt) return call.reply.Error(kCorrupt);
    has_changed = has_changed || outcome == Outcome::kChanged;
  }
  if (has_changed) PutChangedSketch(call, key, sketch);
  call.reply.Integer(has_changed ? 1 : 0);
}

// The estimate is kept in the sketch, so this command writes.
void CountOne(Call& call) {
  StoredKey key(call.access, call[1]);
  CountLookup(call, key.exists());
  if (!IsSketchOrNothing(call, key)) return;
  if (!key.exists()) return call.reply.Integer(0);
  HyperLogLog sketch(key.body());
  if (const auto count = sketch.count()) return call.reply.Integer(static_cast<int64_t>(*count));
  const auto registers = std::make_unique<Registers>();
  if (!HyperLogLog::MergeInto(key.body(), registers.get())) return call.reply.Error(kCorrupt);
  const uint64_t count = HyperLogLog::Estimate(*registers);
  sketch.KeepCount(count);
  PutSketch(key, sketch);
  call.reply.Integer(static_cast<int64_t>(count));
}

// Merges the keys of the arguments from `first` on. False: the error has been said.
bool MergeKeys(Call& call, size_t first, Registers* registers, bool* has_dense) {
  for (const std::string_view name : call.args.subspan(first)) {
    const StoredKey key(call.access, name);
    CountLookup(call, key.exists());
    if (!IsSketchOrNothing(call, key)) return false;
    if (!key.exists()) continue;
    if (!HyperLogLog::MergeInto(key.body(), registers)) return call.reply.Error(kCorrupt), false;
    *has_dense = *has_dense || HyperLogLog(key.body()).is_dense();
  }
  return true;
}

void PfCount(Call& call) {
  if (call.size() == 2) return CountOne(call);
  const auto registers = std::make_unique<Registers>();
  bool has_dense = false;
  if (!MergeKeys(call, 1, registers.get(), &has_dense)) return;
  call.reply.Integer(static_cast<int64_t>(HyperLogLog::Estimate(*registers)));
}

void PfMerge(Call& call) {
  const auto registers = std::make_unique<Registers>();
  bool has_dense = false;
  if (!MergeKeys(call, 1, registers.get(), &has_dense)) return;
  StoredKey target(call.access, call[1]);
  HyperLogLog sketch = SketchOf(target);
  if (has_dense && !sketch.MakeDense()) return call.reply.Error(kCorrupt);
  for (size_t index = 0; index < HyperLogLog::kRegisters; ++index) {
    if ((*registers)[index] == 0) continue;
    const uint64_t sparse_max = call.config().values().hyperloglog_sparse_bytes_max;
    if (sketch.Raise(index, (*registers)[index], sparse_max) == Outcome::kCorrupt) return call.reply.Error(kCorrupt);
  }
  PutChangedSketch(call, target, sketch);
  call.reply.Ok();
}

constexpr uint32_t kChange = kWrite | kDenyOom;
constexpr KeyPositions kAll = {1, -1, 1};
constexpr Command kCommands[] = {
    {"pfadd",
     -2,
     kChange | kFast,
     {1, 1, 1},
     "hyperloglog",
     "2.8.9",
     "Adds the specified elements to the specified HyperLogLog.",
     PfAdd},
    {"pfcount", -2, kReadonly, kAll, "hyperloglog", "2.8.9",
     "Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).", PfCount},
    {"pfmerge", -2, kChange, kAll, "hyperloglog", "2.8.9", "Merge N different HyperLogLogs into a single one.",
     PfMerge},
};

}  // namespace

std::span<const Command> HyperLogLogCommands() { return kCommands; }

}  // namespace amethyst::server
