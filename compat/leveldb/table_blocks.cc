#include "compat/leveldb/table_blocks.h"

#include <algorithm>
#include <utility>

#include "compat/leveldb/coding.h"
#include "compat/leveldb/crc32c.h"

namespace amethyst::compat {

namespace {

constexpr int kFilterBytesLog2 = 11;  // Of data blocks that share a filter.

size_t CommonPrefix(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

void BlockMaker::Add(std::string_view key, std::string_view value, int restart_interval) {
  size_t shared = 0;
  if (since_restart_ < restart_interval) {
    shared = CommonPrefix(last_key_, key);
  } else {
    restarts_.push_back(static_cast<uint32_t>(block_.size()));
    since_restart_ = 0;
  }
  ++since_restart_;
  AppendVarint(&block_, shared);
  AppendVarint(&block_, key.size() - shared);
  AppendVarint(&block_, value.size());
  block_.append(key.substr(shared)).append(value);
  last_key_ = key;
}

std::string BlockMaker::Finish() {
  std::string block = std::exchange(block_, {});
  for (const uint32_t restart : restarts_) AppendFixed(&block, restart);
  AppendFixed(&block, static_cast<uint32_t>(restarts_.size()));
  restarts_.assign(1, 0);
  since_restart_ = 0;
  last_key_.clear();
  return block;
}

void FilterMaker::BeginBlock(uint64_t offset) {
  while (offset >> kFilterBytesLog2 > offsets_.size()) EndFilter();
}

void FilterMaker::EndFilter() {
  offsets_.push_back(static_cast<uint32_t>(filters_.size()));
  if (keys_.empty()) return;
  const std::vector<leveldb::Slice> keys(keys_.begin(), keys_.end());
  policy_.CreateFilter(keys.data(), static_cast<int>(keys.size()), &filters_);
  keys_.clear();
}

std::string FilterMaker::Finish() {
  if (!keys_.empty()) EndFilter();
  const auto offsets_begin = static_cast<uint32_t>(filters_.size());
  for (const uint32_t offset : offsets_) AppendFixed(&filters_, offset);
  AppendFixed(&filters_, offsets_begin);
  filters_.push_back(static_cast<char>(kFilterBytesLog2));
  return std::move(filters_);
}

std::string Stored(std::string block) {
  block.push_back(static_cast<char>(leveldb::kNoCompression));
  AppendFixed(&block, MaskedCrc32c(block));
  return block;
}

}  // namespace amethyst::compat
