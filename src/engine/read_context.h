// What reads share with writers and background jobs; it outlives Close with the last iterator.
//
// A read loads the view first and the visible sequence second: see view.h. Thread safety: any thread, as each part
// says.
#pragma once

#include <atomic>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <utility>

#include "amethyst/options.h"
#include "engine/dead_stretches.h"
#include "engine/operation_gate.h"
#include "engine/read_clock.h"
#include "engine/snapshot_list.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "key/operands.h"
#include "key/order.h"

namespace amethyst::engine {

struct ReadContext {
  ReadContext(const key::Order& the_order, key::Merging the_merging, std::shared_ptr<ReadClock> the_clock,
              ViewPtr first)
      : order(the_order), clock(std::move(the_clock)), view(std::move(first)) {
    SetMerging(std::move(the_merging));
  }

  // How the default family merges: see MergingOf. Valid as long as this.
  [[nodiscard]] const key::Merging& merging() const { return *merging_.load(std::memory_order_acquire); }
  // A follower's, whose database has got an operator since. One thread at a time.
  void SetMerging(key::Merging changed) {
    mergings_.push_front(std::move(changed));
    merging_.store(&mergings_.front(), std::memory_order_release);  // Pairs with merging().
  }

  const key::Order order;
  const std::shared_ptr<ReadClock> clock;
  ViewCell view;
  // The sequence up to which all writes are applied. Stored by the committer (release) after the memtable insert;
  // loaded (acquire) by reads after they have their view.
  std::atomic<uint64_t> visible{0};
  OperationGate gate{};
  const std::shared_ptr<SnapshotList> snapshots = std::make_shared<SnapshotList>();
  DeadStretches dead{};  // That iterators have found.
  Statistics statistics{};
  std::atomic<uint64_t> iterators{0};  // How many live; counted by themselves.
  // The writer is another process, whose rewrites know nothing of our snapshots: each has to keep its view. What walks
  // find dead is not remembered, for writes that went past the log come late.
  bool follows = false;

 private:
  std::forward_list<key::Merging> mergings_{};
  std::atomic<const key::Merging*> merging_{nullptr};
};

// How a family merges.
[[nodiscard]] inline const key::Merging& MergingOf(const ReadContext& reads, const tree::FamilyDescription& family) {
  return family.id == key::kDefaultFamily ? reads.merging() : family.merging;
}
[[nodiscard]] inline const key::Merging& MergingOf(const ReadContext& reads, const FamilyView& family) {
  return MergingOf(reads, *family.view.forest->Find({.id = family.id})->family);
}

// What expires by then has expired for every snapshot, and for all reads to come: a rewrite may drop it. 0: nothing
// expires.
[[nodiscard]] uint64_t ExpiredForAllMs(const ReadContext& reads);

// What a read with these options sees, if CheckReadTime lets it. The caller has its view.
[[nodiscard]] key::ReadPoint ChosenReadPoint(const ReadContext& reads, const ReadOptions& options);
[[nodiscard]] inline key::ReadPoint ReadPointOf(const ReadContext& reads, const ReadOptions& options) {
  if (options.snapshot != nullptr || options.read_time) [[unlikely]]
    return ChosenReadPoint(reads, options);
  const key::SequenceNumber visible{reads.visible.load(std::memory_order_acquire)};  // Before the time: see ReadClock.
  return {visible, reads.clock->ReadTimeMs()};
}
// kTooOld for a time before the snapshot's, or long past.
[[nodiscard]] Status CheckChosenTime(const ReadContext& reads, const ReadOptions& options);
[[nodiscard]] inline Status CheckReadTime(const ReadContext& reads, const ReadOptions& options) {
  return options.read_time ? CheckChosenTime(reads, options) : Status();
}

}  // namespace amethyst::engine
