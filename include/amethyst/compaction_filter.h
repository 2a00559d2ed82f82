// Functions that compaction asks about entries as it rewrites them: to keep, to drop or to replace.
//
// A filter is for data that may go at some time and need not go at once. For an exact time there are expiries, for an
// exact set of keys range deletes. A compaction asks once for a key, about its newest version, if every snapshot that
// was there when it began sees that version. It asks about plain values and such as expire, not about operands of
// merges, deletes, or what has expired; a flush asks nothing, and tables that no compaction has a reason to rewrite
// wait for DB::CompactRange.
//
// Promise: an older version never comes back. No promise: a snapshot or an iterator that sees the version may lose it,
// or see it replaced. Thread safety: called by any background thread at once, never under a lock of the database's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace amethyst {

enum class FilterDecision : uint8_t {
  kKeep,
  kDrop,       // As if the key were deleted.
  kReplace,    // By *replacement, up to 1 GiB; a larger one is not taken. When the entry expires stays as it is.
  kNeedValue,  // Of FilterKey: ask FilterValue.
};

class CompactionFilter {
 public:
  virtual ~CompactionFilter() = default;

  // For messages.
  [[nodiscard]] virtual std::string_view Name() const = 0;

  // Asked first, without the value: kKeep, kDrop or kNeedValue. `age`: so long ago, at least, all that the compaction
  // rewrites was written; 0 where that is not known, as of what was written while the family had no filter.
  [[nodiscard]] virtual FilterDecision FilterKey(std::string_view key, std::chrono::seconds age) const noexcept = 0;

  // Asked where FilterKey needs the value: kKeep, kDrop or kReplace. `*replacement` is empty.
  [[nodiscard]] virtual FilterDecision FilterValue(std::string_view key, std::string_view value,
                                                   std::chrono::seconds age, std::string* replacement) const noexcept {
    static_cast<void>(key);
    static_cast<void>(value);
    static_cast<void>(age);
    static_cast<void>(replacement);
    return FilterDecision::kKeep;
  }
};

}  // namespace amethyst
