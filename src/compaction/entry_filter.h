// What a compaction filter is asked, and what becomes of an entry by its answer. See amethyst/compaction_filter.h.
//
// Comes before retention, which then treats what is dropped as any delete: it stays as long as something older may lie
// below. Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "amethyst/compaction_filter.h"
#include "key/entry.h"

namespace amethyst::compaction {

class EntryFilter {
 public:
  // `filter` outlives it; nullptr: nothing is asked. `age`: see there. What expires by `expired_ms` has expired.
  EntryFilter(const CompactionFilter* filter, std::chrono::seconds age, uint64_t expired_ms)
      : filter_(filter), age_(age), expired_ms_(expired_ms) {}

  [[nodiscard]] bool is_given() const { return filter_ != nullptr; }
  // Whether the next version is the newest of its key, and is to be shown to Filtered.
  [[nodiscard]] bool IsDue() const { return filter_ != nullptr && is_newest_; }
  void StartKey() { is_newest_ = true; }
  // A range delete is newer than the versions to come.
  void PassNewer() { is_newest_ = false; }
  // What stands in the place of the version: itself, a tombstone, or another value, which is borrowed until the next
  // call. `is_settled`: every snapshot sees it.
  [[nodiscard]] key::Entry Filtered(const key::Entry& entry, bool is_settled);
  // How many became tombstones.
  [[nodiscard]] uint64_t dropped() const { return dropped_; }

 private:
  const CompactionFilter* const filter_;
  const std::chrono::seconds age_;
  const uint64_t expired_ms_;
  bool is_newest_ = false;
  uint64_t dropped_ = 0;
  std::string replaced_;
};

}  // namespace amethyst::compaction
