// Stretches of keys in which walks of iterators found nothing alive, so that later walks need not look again.
//
// A walk that saw all up to a sequence number and found no key alive from one key to another has proved a fact that
// stays: what was written in the stretch up to that number hides nothing from nobody who sees all of it, as if a range
// delete had been there. What is written there later is newer. So a later read that sees as much passes the stretch as
// it passes what range deletes hide, in any source and direction (key::Cursor::SkipCovered). A queue's front and an
// emptied prefix cost the first walk, and not each one.
//
// Where a rewrite gives an entry sequence number 0, it does not tell any more that it is newer than a stretch: before
// its table is seen, stretches that do not go as far as the number that the entry had are forgotten.
//
// Only in memory, and only the longest: some hundred. Thread safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "key/order.h"
#include "key/range.h"
#include "key/range_tombstones.h"
#include "key/read_point.h"

namespace amethyst::engine {

class DeadStretches {
 public:
  // A stretch, as a copy.
  struct Found {
    std::optional<std::string> begin{};
    std::optional<std::string> end{};
    key::SequenceNumber sequence{};  // Up to which nothing in it is alive.
    uint64_t entries = 0;            // That were dead in it, as far as they were counted.

    [[nodiscard]] key::Range Range() const { return {.begin = begin, .end = end}; }
  };

  // The stretch that holds the key, if the read sees all that was seen when it was found. Cheap while there are none.
  [[nodiscard]] bool Find(key::FamilyId family, const key::Order& order, std::string_view key, key::ReadPoint read,
                          Found* found) const AMETHYST_EXCLUDES(mutex_);
  // Nothing in `range` is alive for `read`, which looked at so many entries to find out; it has no writes of its own.
  void Add(key::FamilyId family, const key::Order& order, const key::Range& range, key::ReadPoint read,
           uint64_t entries) AMETHYST_EXCLUDES(mutex_);
  // Entries up to that sequence number are about to lose it. Before a view shows them.
  void ForgetBefore(key::SequenceNumber sequence) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kStretchesMax = 256;
  static constexpr size_t kKeyBytesMax = 1024;  // So that long keys do not take much memory.

  struct Stretch {
    key::FamilyId family{};
    Found found{};
    uint64_t now_ms = 0;  // What had expired by then was dead.
  };
  using Stretches = std::vector<Stretch>;

  // The first one of the family that does not end at or before the bound, or the one where it would stand.
  [[nodiscard]] static Stretches::const_iterator FirstEndingAfter(const Stretches& stretches, key::FamilyId family,
                                                                  const key::Order& order, const key::Bound& bound);
  // Takes out of the others what lies in the range.
  void MakeRoom(key::FamilyId family, const key::Order& order, const key::Range& range) AMETHYST_REQUIRES(mutex_);

  mutable base::Mutex mutex_{base::LockRank::kDeadStretches};
  Stretches stretches_ AMETHYST_GUARDED_BY(mutex_);  // By family and key; those of a family are disjoint.
  std::atomic<size_t> count_{0};                     // Of them; relaxed: a hint.
  std::atomic<uint64_t> forgotten_{0};  // Sequence: released before the view that needs it, acquired by its readers.
  std::atomic<uint64_t> least_entries_{0};  // Of any of them while there are as many as may be; relaxed.
};

}  // namespace amethyst::engine
