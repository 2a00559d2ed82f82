#include "sstable/block_builder.h"

#include <algorithm>

#include "base/coding.h"
#include "key/head.h"
#include "sstable/format.h"

namespace amethyst::sstable {
namespace {

using namespace block_format;  // NOLINT: the format's own names, in the file that writes it.

size_t WidthFor(uint64_t delta_max) {
  return delta_max == 0 ? 0 : delta_max <= UINT16_MAX ? 2 : delta_max <= UINT32_MAX ? 4 : 8;
}

constexpr size_t kLargeValuesBytes = size_t{1} << 20;
constexpr size_t kKeptBytes = 2 * kLargeValuesBytes;

// Whether all parts between consecutive offsets are of one size.
bool HaveOneSize(const std::vector<uint32_t>& offsets) {
  bool same = true;
  for (size_t i = 2; i < offsets.size(); ++i) same &= offsets[i] - offsets[i - 1] == offsets[1];
  return same;
}

}  // namespace

void BlockBuilder::Reset() {
  keys_.clear();
  base::Release(&values_, kKeptBytes);
  value_apart_ = {};
  base::Release(&raw_, kKeptBytes);
  key_offsets_.assign(1, 0);
  value_offsets_.assign(1, 0);
  tags_.clear();
  sequence_min_ = key::Raw(key::kSequenceMax);
  sequence_max_ = 0;
  live_ = 0;
  expiries_ = {};
}

void BlockBuilder::Add(const key::Entry& entry) {
  AMETHYST_DCHECK(EstimatedBytes() + EntryBytes(entry) < kRawBytesMax);
  keys_.append(entry.key());
  // All of the block will be put before a large value, see Finish.
  if (entry.value_bytes >= kLargeValuesBytes) values_.reserve(EstimatedBytes() + EntryBytes(entry));
  values_.append(entry.value());
  key_offsets_.push_back(static_cast<uint32_t>(keys_.size()));
  value_offsets_.push_back(static_cast<uint32_t>(values_.size()));
  tags_.push_back(entry.tag);
  const uint64_t sequence = key::Raw(entry.tag.sequence());
  sequence_min_ = std::min(sequence_min_, sequence);
  sequence_max_ = std::max(sequence_max_, sequence);
  live_ += key::IsLive(entry.tag.kind()) ? 1 : 0;
  if (key::MayExpire(entry.tag.kind())) [[unlikely]]
    expiries_.Add(entry.tag.kind(), entry.value());
}

void BlockBuilder::AddAlone(const key::Entry& entry) {
  AMETHYST_DCHECK(empty() && key::IsPlain(entry.tag.kind()));
  Add(key::Entry(entry.key(), entry.tag, {}));
  value_apart_ = entry.value();
  value_offsets_.back() = entry.value_bytes;
}

template <typename Width>
void BlockBuilder::AppendOffsets(const std::vector<uint32_t>& offsets, uint32_t cut) {
  // Every part before the i-th has lost `cut` bytes.
  const size_t begin = raw_.size();
  const size_t end = begin + offsets.size() * sizeof(Width);
  raw_.resize_and_overwrite(end, [&](char* bytes, size_t) {
    for (size_t i = 0; i < offsets.size(); ++i) {
      const uint32_t kept = offsets[i] - cut * static_cast<uint32_t>(i);
      base::StoreFixed(bytes + begin + i * sizeof(Width), static_cast<Width>(kept));
    }
    return end;
  });
}

void BlockBuilder::AppendKeys(uint32_t prefix_bytes, bool suffixes) {
  if (!suffixes) {
    raw_ += keys_;
    return;
  }
  raw_.append(keys_, 0, prefix_bytes);
  for (uint32_t i = 0; i < count(); ++i) raw_ += Key(i).substr(prefix_bytes);
}

void BlockBuilder::AppendSequences(size_t width) {
  for (const key::Tag tag : tags_) {
    const uint64_t delta = key::Raw(tag.sequence()) - sequence_min_;
    raw_.append(reinterpret_cast<const char*>(&delta), width);  // Little-endian: the low bytes come first.
  }
}

bool BlockBuilder::IsOfOneKind() const {
  const uint64_t first = tags_.front().bits();
  uint64_t differing = 0;  // Without a branch for each, so that it is vectorised.
  for (size_t i = 0; i < tags_.size(); ++i) differing |= tags_[i].bits() ^ first;
  return key::Tag::FromBits(differing).kind() == key::EntryKind{};
}

std::string_view BlockBuilder::Finish(uint8_t flags, std::span<const uint64_t> dead_from_ms) {
  AMETHYST_ASSERT(!empty());
  AMETHYST_ASSERT(dead_from_ms.empty() || dead_from_ms.size() == count());
  AMETHYST_ASSERT((flags & ~(kContinued | kContinues)) == 0);
  // Keys ascend, so what the first and the last share, all share.
  const uint32_t prefix_bytes = order_.IsBytewise() ? static_cast<uint32_t>(key::CommonPrefix(Key(0), last_key())) : 0;
  const size_t saved = size_t{prefix_bytes} * (count() - 1);
  const bool suffixes = saved > 0 && saved >= EstimatedBytes() / 8;
  const size_t keys_bytes = keys_.size() - (suffixes ? saved : 0);
  const uint32_t values_bytes = value_offsets_.back();
  const bool wide = keys_bytes > UINT16_MAX || values_bytes > UINT16_MAX;
  const bool uniform_kind = IsOfOneKind();
  const size_t width = WidthFor(sequence_max_ - sequence_min_);
  const bool same_keys = HaveOneSize(key_offsets_);
  const bool same_values = HaveOneSize(value_offsets_);
  const size_t offsets_bytes = (size_t{count()} + 1) * (wide ? 4 : 2);

  raw_.clear();
  base::AppendFixed(&raw_, count());
  base::AppendFixed(&raw_, prefix_bytes);
  base::AppendFixed(&raw_, sequence_min_);
  raw_ += static_cast<char>(flags | (wide ? kWide : 0) | (suffixes ? kSuffixKeys : 0));
  raw_ += static_cast<char>(width);
  raw_ += static_cast<char>(uniform_kind ? tags_.front().kind() : key::EntryKind::kPut);
  raw_ += static_cast<char>(2 + (same_keys ? 0 : 1) + (same_values ? 0 : 1) + (width != 0 ? 1 : 0) +
                            (uniform_kind ? 0 : 1) + (dead_from_ms.empty() ? 0 : 1));
  AMETHYST_ASSERT(raw_.size() == kBlockHeaderBytes);
  const auto column = [this](ColumnId id, size_t bytes, bool required = true) {
    base::AppendFixed(&raw_, uint32_t{id} | (required ? 0x100u : 0u));  // Two zero bytes.
    base::AppendFixed(&raw_, static_cast<uint32_t>(bytes));
  };
  if (!same_keys) column(kKeyOffsets, offsets_bytes);
  if (!same_values) column(kValueOffsets, offsets_bytes);
  if (width != 0) column(kSequences, count() * width);
  if (!uniform_kind) column(kKinds, count());
  column(kKeys, keys_bytes);
  column(kValues, values_bytes);
  if (!dead_from_ms.empty()) column(kDeadFrom, dead_from_ms.size_bytes(), false);

  const uint32_t cut = suffixes ? prefix_bytes : 0;
  if (!same_keys) wide ? AppendOffsets<uint32_t>(key_offsets_, cut) : AppendOffsets<uint16_t>(key_offsets_, cut);
  if (!same_values) wide ? AppendOffsets<uint32_t>(value_offsets_, 0) : AppendOffsets<uint16_t>(value_offsets_, 0);
  if (width != 0) AppendSequences(width);
  if (!uniform_kind) {
    for (const key::Tag tag : tags_) raw_ += static_cast<char>(tag.kind());
  }
  AppendKeys(prefix_bytes, suffixes);
  if (values_.size() < kLargeValuesBytes) {
    raw_ += values_;
  } else {  // Not held twice.
    values_.insert(0, raw_);
    raw_.swap(values_);
  }
  for (const uint64_t at_ms : dead_from_ms) base::AppendFixed(&raw_, at_ms);
  AMETHYST_ASSERT(raw_.size() < kRawBytesMax);
  return raw_;
}

}  // namespace amethyst::sstable
