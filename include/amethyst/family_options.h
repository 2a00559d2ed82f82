// Settings of one family of keys. Thread safety: plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "amethyst/compaction_filter.h"
#include "amethyst/comparator.h"
#include "amethyst/merge_operator.h"

namespace amethyst {

enum class Compression : uint8_t;

struct FamilyOptions {
  // The order of its keys, which must outlive the database. It cannot be kept in files: give it again at each open, in
  // Options::families. See comparator.h.
  const Comparator* comparator = BytewiseComparator();
  // What Merge does; nullptr: nothing, it is refused. A function as well: unless it is built in, give it again at each
  // open. See merge_operator.h.
  std::shared_ptr<const MergeOperator> merge_operator{};
  // What compaction asks about entries; nullptr: nothing. Given again at each open, if it is wanted. See
  // compaction_filter.h.
  std::shared_ptr<const CompactionFilter> compaction_filter{};
  // As in Options; nullopt takes the value of Options. A family keeps what it was made with.
  std::optional<Compression> compression{};
  std::optional<size_t> block_bytes{};
  std::optional<double> filter_false_positive_rate{};
  // How long what is written from now on lives, unless its write says otherwise; 0: for ever. The default family's is
  // given at each open; another keeps what it was made with.
  std::chrono::milliseconds ttl{0};
};

}  // namespace amethyst
