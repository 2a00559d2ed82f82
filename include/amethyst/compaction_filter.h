// A function that compaction asks about entries as it rewrites them: to keep, to drop or to replace.
//
// It is for data that may go at some time and need not go at once. For an exact time there are expiries, for an exact
// set of keys range deletes. A compaction asks once for a key, about its newest version, if every snapshot that was
// there when it began sees that version. It asks about plain values and such as expire, not about operands of merges,
// deletes, or what has expired; a flush asks nothing, and tables that no compaction has a reason to rewrite wait for
// DB::CompactRange.
//
// Promise: an older version never comes back. No promise: a snapshot that is taken while the compaction runs may lose
// the entry, or see it replaced. Thread safety: called by any background thread at once, never under a lock of the
// database's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace amethyst {

class CompactionFilter {
 public:
  enum class Decision : uint8_t {
    kKeep,
    kDrop,     // As if the key were deleted.
    kReplace,  // By *replacement, up to 1 GiB; a larger one is not taken. When the entry expires stays as it is.
  };

  virtual ~CompactionFilter() = default;

  // `replacement` is empty.
  [[nodiscard]] virtual Decision Filter(std::string_view key, std::string_view value,
                                        std::string* replacement) const noexcept = 0;
};

}  // namespace amethyst
