#include "memtable/range_deletes.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::memtable {

void RangeDeletes::Prepare(const key::Range& range, key::SequenceNumber sequence) {
  const Runs* const before = prepared_ != nullptr ? prepared_ : runs_.load(std::memory_order_relaxed);
  AMETHYST_ASSERT(before == nullptr || before->back()->last < sequence);  // I1
  const auto kept = [this](std::optional<std::string_view> bound) {
    return bound ? std::optional<std::string_view>(keys_.emplace_back(*bound)) : std::nullopt;
  };
  const key::RangeTombstone single{.range = {.begin = kept(range.begin), .end = kept(range.end)}, .sequence = sequence};
  Runs runs;
  if (before != nullptr) runs = *before;
  runs.push_back(&all_runs_.emplace_back(
      Run{.single = single, .first = sequence, .last = sequence, .newest = {{&single, 1}, order_, {}}}));
  while (runs.size() >= kParts && runs[runs.size() - kParts]->count == runs.back()->count) {
    const Run* const merged = Merged(std::span(runs).last(kParts));
    runs.resize(runs.size() - kParts);
    runs.push_back(merged);
  }
  prepared_ = &all_lists_.emplace_back(std::move(runs));
}

const RangeDeletes::Run* RangeDeletes::Merged(std::span<const Run* const> parts) {
  std::vector<key::RangeTombstone> tombstones;
  Run run{.single = {}, .first = parts.front()->first, .last = parts.back()->last, .count = 0};
  for (size_t i = 0; i < kParts; ++i) {
    parts[i]->newest.AppendTo(&tombstones);
    run.parts[i] = parts[i];
    run.count += parts[i]->count;
  }
  run.newest = key::RangeTombstones(tombstones, order_, {});
  run.newest.Index();
  return &all_runs_.emplace_back(std::move(run));
}

void RangeDeletes::Publish() {
  if (prepared_ == nullptr) return;  // By an earlier one of the same batch.
  runs_.store(prepared_, std::memory_order_release);
  prepared_ = nullptr;
}

template <typename Visit>
void RangeDeletes::ForEachSeen(const Run& run, key::SequenceNumber visible, Visit visit) {
  if (run.first > visible) return;
  if (run.last <= visible) return visit(run.newest);
  for (const Run* const part : run.parts) ForEachSeen(*part, visible, visit);
}

void RangeDeletes::AppendSeen(key::SequenceNumber visible, std::vector<const key::RangeTombstones*>* lists) const {
  const Runs* const runs = runs_.load(std::memory_order_acquire);
  if (runs == nullptr) return;
  for (const Run* const run : *runs) {
    ForEachSeen(*run, visible, [lists](const key::RangeTombstones& tombstones) { lists->push_back(&tombstones); });
  }
}

key::SequenceNumber RangeDeletes::Covering(std::string_view key, key::SequenceNumber visible) const {
  key::SequenceNumber covering{};
  const Runs* const runs = runs_.load(std::memory_order_acquire);
  if (runs == nullptr) return covering;
  for (auto run = runs->rbegin(); run != runs->rend() && covering == key::SequenceNumber{}; ++run) {
    ForEachSeen(**run, visible, [&](const key::RangeTombstones& tombstones) {
      const key::RangeTombstones::Fragment* const fragment = tombstones.Find(key);
      if (fragment != nullptr) covering = std::max(covering, tombstones.SequencesOf(*fragment).front());
    });
  }
  return covering;
}

void RangeDeletes::AppendTo(std::vector<key::RangeTombstone>* tombstones) const {
  const auto append = [&](const auto& self, const Run& run) -> void {
    if (run.count == 1) return tombstones->push_back(run.single);
    for (const Run* const part : run.parts) self(self, *part);
  };
  const Runs* const runs = runs_.load(std::memory_order_acquire);
  if (runs == nullptr) return;
  for (const Run* const run : *runs) append(append, *run);
}

}  // namespace amethyst::memtable
