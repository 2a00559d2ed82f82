// What some engines do and others do not. A workload that needs it is run on those that do, and the reports name the
// others. Thread safety: constant.
#pragma once

#include <cstdint>
#include <optional>

namespace amethyst::bench {

enum class Feature : uint8_t {
  kRangeDelete,
  kMerge,
  kExpiry,
  kFamilies,
  kTransactions,
  kIndexedBatches,
};

}  // namespace amethyst::bench
