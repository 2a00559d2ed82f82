#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "compaction/merge_job.h"
#include "key/head.h"

namespace amethyst::compaction {
namespace {

constexpr uint64_t kPartBytesMin = uint64_t{2}
                                   << 20;  // Smaller parts are not worth a job of their own, nor small tables.
constexpr uint64_t kCloseEnoughPart = 64;  // A boundary may be off by that part of all bytes.

// Keys that can be boundaries, ascending, by an integer to bisect over.
class Candidates {
 public:
  Candidates(const std::vector<tree::TablePtr>& inputs, const key::Order& order) : order_(order) {
    for (const tree::TablePtr& table : inputs) {
      bounds_.push_back(table->info().smallest);
      bounds_.push_back(table->info().largest);
    }
    std::sort(bounds_.begin(), bounds_.end(), [&](std::string_view a, std::string_view b) { return order.Less(a, b); });
    if (order.IsBytewise()) prefix_ = bounds_.front().substr(0, key::CommonPrefix(bounds_.front(), bounds_.back()));
  }

  [[nodiscard]] uint64_t first() const { return order_.IsBytewise() ? Head(bounds_.front()) : 0; }
  [[nodiscard]] uint64_t last() const { return order_.IsBytewise() ? Head(bounds_.back()) : bounds_.size() - 1; }
  // Under the bytewise order any head after the common prefix makes a key; else only the tables' bounds are known keys.
  [[nodiscard]] std::string Key(uint64_t position) const {
    if (!order_.IsBytewise()) return std::string(bounds_[position]);
    const uint64_t head = __builtin_bswap64(position);
    std::string key = std::string(prefix_).append(reinterpret_cast<const char*>(&head), sizeof head);
    while (key.size() > prefix_.size() && key.back() == '\0') key.pop_back();
    return key;
  }
  [[nodiscard]] bool IsInside(std::string_view key) const {
    return order_.Less(bounds_.front(), key) && !order_.Less(bounds_.back(), key);
  }

 private:
  [[nodiscard]] uint64_t Head(std::string_view key) const { return key::HeadOf(key, prefix_.size()); }

  const key::Order order_;
  std::vector<std::string_view> bounds_;
  std::string_view prefix_;
};

uint64_t BytesBefore(const tree::Table& table, std::string_view key, const key::Order& order) {
  const sstable::TableInfo& info = table.info();
  if (order.Compare(key, info.smallest) <= 0) return 0;
  if (order.Less(info.largest, key)) return info.file_bytes;
  const Result<const sstable::TableReader*> reader = table.Open();
  if (!reader) return info.file_bytes / 2;  // The merge itself will report the error.
  return (*reader)->ApproximateOffset(key).value_or(info.file_bytes / 2);
}

}  // namespace

std::vector<std::string> SplitBoundaries(const std::vector<tree::TablePtr>& inputs, const key::Order& order,
                                         uint32_t parts) {
  AMETHYST_ASSERT(parts > 0);
  std::vector<std::string> boundaries;
  if (inputs.empty()) return boundaries;
  const Candidates candidates(inputs, order);
  const auto bytes_before = [&](std::string_view key) {
    uint64_t bytes = 0;
    for (const tree::TablePtr& table : inputs) bytes += BytesBefore(*table, key, order);
    return bytes;
  };
  uint64_t total_bytes = 0;
  for (const tree::TablePtr& table : inputs) total_bytes += table->info().file_bytes;

  const uint64_t part_count = std::min<uint64_t>(parts, total_bytes / kPartBytesMin);
  for (uint64_t part = 1; part < part_count; ++part) {
    const uint64_t wanted_bytes = total_bytes / part_count * part;
    uint64_t low = candidates.first();
    uint64_t high = candidates.last();
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      const uint64_t bytes = bytes_before(candidates.Key(middle));
      if (bytes < wanted_bytes) {
        low = middle + 1;
      } else {
        high = middle;
        if (bytes - wanted_bytes <= total_bytes / kCloseEnoughPart) break;
      }
    }
    std::string key = candidates.Key(high);
    if (!candidates.IsInside(key)) continue;
    if (boundaries.empty() || order.Less(boundaries.back(), key)) boundaries.push_back(std::move(key));
  }
  return boundaries;
}

}  // namespace amethyst::compaction
