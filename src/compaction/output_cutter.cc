#include "compaction/output_cutter.h"

#include <utility>

#include "base/assert.h"

namespace amethyst::compaction {
namespace {

constexpr uint64_t kNextLevelTables = 10;  // An output overlaps no more than that many times its own size.
constexpr uint64_t kAlignedPart = 2;  // It may end where a table of the next level does from that part of its size on.

}  // namespace

OutputCutter::OutputCutter(std::vector<NextTable> next_level, key::Order order, uint64_t table_bytes)
    : next_level_(std::move(next_level)), order_(order), table_bytes_(table_bytes) {
  AMETHYST_ASSERT(table_bytes > 0);
}

bool OutputCutter::CutsBefore(std::string_view key, uint64_t output_bytes) {
  bool crossed = false;
  while (position_ < next_level_.size() && order_.Less(next_level_[position_].largest, key)) {
    overlapped_bytes_ += next_level_[position_++].bytes;
    crossed = true;
  }
  if (output_bytes == 0) {  // What ended before its first key does not overlap it.
    overlapped_bytes_ = 0;
    return false;
  }
  const bool full = output_bytes >= table_bytes_;
  const bool wide = overlapped_bytes_ / kNextLevelTables >= table_bytes_;
  const bool aligned = crossed && output_bytes >= table_bytes_ / kAlignedPart;
  if (!full && !wide && !aligned) return false;
  overlapped_bytes_ = 0;
  return true;
}

}  // namespace amethyst::compaction
