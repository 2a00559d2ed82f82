#include "sstable/block.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>

#include "base/error.h"
#include "sstable/format.h"

namespace amethyst::sstable {
namespace {

using namespace block_format;  // NOLINT: the format's own names, in the file that reads it.

size_t HeadsBytes(uint32_t count, const key::Order& order) {
  return order.IsBytewise() ? (size_t{count} * sizeof(key::Head) + 63) / 64 * 64 : 0;
}

// Word by word, without a call: keys are short.
bool EqualBytes(const char* a, const char* b, size_t bytes) {
  if (bytes >= 8) {
    for (size_t i = 0; i + 8 < bytes; i += 8) {
      if (base::LoadFixed<uint64_t>(a + i) != base::LoadFixed<uint64_t>(b + i)) return false;
    }
    return base::LoadFixed<uint64_t>(a + bytes - 8) == base::LoadFixed<uint64_t>(b + bytes - 8);
  }
  for (size_t i = 0; i < bytes; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

uint32_t Block::CountOf(std::string_view raw) {
  return raw.size() < kHeaderBytes ? 0 : base::LoadFixed<uint32_t>(raw.data());
}

bool Block::IsPlausible(uint32_t count, size_t raw_bytes) {
  constexpr size_t kOffsetBytes = 4;  // An entry has two offsets of two bytes at least.
  return count > 0 && raw_bytes <= kRawBytesMax && count <= raw_bytes / kOffsetBytes &&
         uint64_t{count} * sizeof(key::Head) + raw_bytes + 2 * sizeof(Block) <= UINT32_MAX;
}

size_t Block::BytesFor(uint32_t count, size_t raw_bytes, const key::Order& order) {
  return sizeof(Block) + HeadsBytes(count, order) + raw_bytes;
}

char* Block::RawIn(char* memory, uint32_t count, const key::Order& order) {
  return memory + sizeof(Block) + HeadsBytes(count, order);
}

Result<const Block*> Block::Make(char* memory, uint32_t count, size_t raw_bytes, const key::Order& order) {
  AMETHYST_ASSERT(reinterpret_cast<uintptr_t>(memory) % alignof(Block) == 0);
  AMETHYST_ASSERT(IsPlausible(count, raw_bytes));
  Block* block = new (memory) Block();
  block->count_ = count;
  block->has_heads_ = order.IsBytewise();
  AMETHYST_TRY(block->ReadHeader({RawIn(memory, count, order), raw_bytes}));
  AMETHYST_TRY(block->CheckTags());
  AMETHYST_TRY(block->DeriveHeads());
  block->plain_ = block->puts_ == count && !block->continued() && !block->continues() && block->KeysAreDistinct();
  return block;
}

// Header, directory and offsets: afterwards every entry can be reached.
Status Block::ReadHeader(std::string_view raw) {
  const char* const begin = raw.data();
  if (raw.size() < kHeaderBytes) return base::Corruption("{} bytes are too short for a header", raw.size());
  const uint32_t count = base::LoadFixed<uint32_t>(begin);
  if (count != count_ || count == 0) return base::Corruption("expected {} entries, found {}", count_, count);
  prefix_bytes_ = base::LoadFixed<uint32_t>(begin + 4);
  sequence_min_ = base::LoadFixed<uint64_t>(begin + 8);
  flags_ = static_cast<uint8_t>(begin[16]);
  sequence_width_ = static_cast<uint8_t>(begin[17]);
  kind_ = static_cast<uint8_t>(begin[18]);
  const size_t columns = static_cast<uint8_t>(begin[19]);
  if ((flags_ & ~kKnownFlags) != 0) return base::NotSupported("unknown flags {:#x}", flags_);

  std::array<std::string_view, kKnownColumns + 1> found{};
  std::string_view rest = raw.substr(kHeaderBytes);
  if (rest.size() < columns * kColumnBytes) return base::Corruption("{} columns do not fit in", columns);
  rest.remove_prefix(columns * kColumnBytes);
  for (size_t column = 0; column < columns; ++column) {
    const char* const directory = begin + kHeaderBytes + column * kColumnBytes;
    const uint8_t id = static_cast<uint8_t>(directory[0]);
    const bool required = directory[1] != 0;
    const uint32_t size = base::LoadFixed<uint32_t>(directory + 4);
    if (size > rest.size()) return base::Corruption("column {} of {} bytes does not fit in", id, size);
    if (id >= 1 && id <= kKnownColumns) {
      if (found[id].data() != nullptr) return base::Corruption("column {} occurs twice", id);
      found[id] = rest.substr(0, size);
    } else if (required) {
      return base::NotSupported("column {} is unknown", id);
    }
    rest.remove_prefix(size);
  }

  const auto place = [&](ColumnId id) {
    return found[id].data() == nullptr ? 0 : static_cast<uint32_t>(found[id].data() - base());
  };
  key_offsets_ = place(kKeyOffsets);
  value_offsets_ = place(kValueOffsets);
  keys_ = place(kKeys);
  values_ = place(kValues);
  sequences_ = place(kSequences);
  kinds_ = place(kKinds);
  const uint64_t offsets_bytes = (uint64_t{count} + 1) * ((flags_ & kWide) != 0 ? 4 : 2);
  if (keys_ == 0 || values_ == 0 || found[kKeyOffsets].size() != offsets_bytes ||
      found[kValueOffsets].size() != offsets_bytes) {
    return base::Corruption("a column is missing or of a wrong size for {} entries", count);
  }
  if (sequence_width_ != 0 && sequence_width_ != 2 && sequence_width_ != 4 && sequence_width_ != 8) {
    return base::Corruption("sequence numbers of {} bytes", sequence_width_);
  }
  if (found[kSequences].size() != uint64_t{count} * sequence_width_ || (kinds_ != 0 && found[kKinds].size() != count)) {
    return base::Corruption("sequence numbers or kinds are of a wrong size for {} entries", count);
  }
  if (prefix_bytes_ > found[kKeys].size() || (!has_heads_ && (prefix_bytes_ != 0 || HasSuffixKeys()))) {
    return base::Corruption("a common prefix of {} bytes where none can be", prefix_bytes_);
  }
  AMETHYST_TRY(CheckOffsets(key_offsets_, HasSuffixKeys() ? prefix_bytes_ : 0,
                            static_cast<uint32_t>(found[kKeys].size()), "key"));
  return CheckOffsets(value_offsets_, 0, static_cast<uint32_t>(found[kValues].size()), "value");
}

Status Block::CheckOffsets(uint32_t offsets, uint32_t first, uint32_t last, std::string_view what) const {
  if (Offset(offsets, 0) != first || Offset(offsets, count_) != last) {
    return base::Corruption("{} offsets run from {} to {}, expected {} to {}", what, Offset(offsets, 0),
                            Offset(offsets, count_), first, last);
  }
  bool ascending = true;
  for (uint32_t i = 0; i < count_; ++i) ascending &= Offset(offsets, i) <= Offset(offsets, i + 1);
  if (!ascending) return base::Corruption("{} offsets do not ascend", what);
  return {};
}

Status Block::CheckTags() {
  uint64_t delta_max = 0;
  if (sequence_width_ != 0) {
    for (uint32_t i = 0; i < count_; ++i) delta_max = std::max(delta_max, SequenceDelta(i));
  }
  if (sequence_min_ > key::Raw(key::kSequenceMax) || delta_max > key::Raw(key::kSequenceMax) - sequence_min_) {
    return base::Corruption("a sequence number {} + {} is too great", sequence_min_, delta_max);
  }
  sequence_max_ = sequence_min_ + delta_max;
  uint8_t kind_max = kind_;
  puts_ = kind_ == static_cast<uint8_t>(key::EntryKind::kPut) ? count_ : 0;
  if (kinds_ != 0) {
    puts_ = 0;
    for (uint32_t i = 0; i < count_; ++i) {
      const uint8_t kind = static_cast<uint8_t>(base()[kinds_ + i]);
      kind_max = std::max(kind_max, kind);
      puts_ += kind == static_cast<uint8_t>(key::EntryKind::kPut) ? 1 : 0;
    }
  }
  static_assert(static_cast<uint8_t>(key::EntryKind::kPut) == 1, "kinds up to it are known");
  if (!key::IsKnownKind(kind_max)) return base::NotSupported("entry kind {} is unknown", kind_max);
  return {};
}

// Computes the heads and checks what searches rely on: every key has the prefix, and heads ascend.
Status Block::DeriveHeads() {
  if (!has_heads_) return {};
  const size_t skip = HasSuffixKeys() ? 0 : prefix_bytes_;
  key::Head* const heads = reinterpret_cast<key::Head*>(this + 1);
  key::Head before = 0;
  bool ascending = true;
  bool prefixed = true;
  for (uint32_t i = 0; i < count_; ++i) {
    const std::string_view stored = stored_key(i);
    heads[i] = key::HeadOf(stored, skip);
    prefixed &= stored.size() >= skip;
    ascending &= heads[i] >= before;
    before = heads[i];
  }
  // If keys ascend and the last has the first's prefix, all have it.
  if (!prefixed || stored_key(count_ - 1).substr(0, skip) != prefix().substr(0, skip)) {
    return base::Corruption("a key lacks the common prefix");
  }
  if (!ascending) return base::Corruption("keys do not ascend");
  return {};
}

bool Block::KeysAreDistinct() const {
  for (uint32_t i = 1; i < count_; ++i) {
    if (has_heads_ && heads()[i] != heads()[i - 1]) continue;
    if (stored_key(i) == stored_key(i - 1)) return false;
  }
  return true;
}

std::string Block::key(uint32_t i) const {
  std::string whole;
  if (HasSuffixKeys()) whole = prefix();
  whole += stored_key(i);
  return whole;
}

bool Block::KeyEquals(uint32_t i, std::string_view key) const {
  const std::string_view stored = stored_key(i);
  if (HasSuffixKeys()) [[unlikely]] {
    return key.size() == prefix_bytes_ + stored.size() && key.starts_with(prefix()) && key.ends_with(stored);
  }
  return stored.size() == key.size() && EqualBytes(stored.data(), key.data(), key.size());
}

int Block::CompareKey(uint32_t i, std::string_view key, const key::Order& order) const {
  const std::string_view stored = stored_key(i);
  if (!HasSuffixKeys()) return order.Compare(stored, key);
  AMETHYST_DCHECK(order.IsBytewise());
  const int by_prefix = key::CompareBytes(prefix(), key.substr(0, prefix_bytes_));
  return by_prefix != 0 ? by_prefix : key::CompareBytes(stored, key.substr(prefix_bytes_));
}

uint32_t Block::Find(std::string_view key, key::SequenceNumber visible, const key::Order& order) const {
  if (has_heads_) {
    // Without a look at the prefix: a key that lacks it fails the comparison.
    const key::Head head = key::HeadOf(key, prefix_bytes_);
    const uint32_t at = key::LowerBound(heads(), count_, head);
    if (at == count_ || heads()[at] != head) return count_;
    if (KeyEquals(at, key) && sequence(at) <= visible) [[likely]] return at;
  }
  const uint32_t at = FirstNotBefore(key, order, [&](uint32_t i) { return sequence(i) > visible; });
  return at < count_ && KeyEquals(at, key) ? at : count_;
}

void Block::Prefetch() const {
  for (size_t line = 0; line <= 6; ++line) __builtin_prefetch(base() + 64 * line);
}

size_t Block::KeyRoom(uint32_t begin, uint32_t end) const {
  AMETHYST_DCHECK(begin <= end && end <= count_);
  if (!HasSuffixKeys()) return 0;
  return size_t{end - begin} * prefix_bytes_ + Offset(key_offsets_, end) - Offset(key_offsets_, begin);
}

template <typename Width, bool suffixes>
void Block::ShowKeysAndValues(uint32_t begin, uint32_t end, key::Entry* to, char* key_room) const {
  const auto offset = [&](uint32_t offsets, uint32_t i) -> uint32_t {
    return base::LoadFixed<Width>(base() + offsets + sizeof(Width) * i);
  };
  const char* const keys = base() + keys_;
  const char* const values = base() + values_;
  uint32_t key_begin = offset(key_offsets_, begin);
  uint32_t value_begin = offset(value_offsets_, begin);
  for (uint32_t i = begin; i < end; ++i, ++to) {
    const uint32_t key_end = offset(key_offsets_, i + 1);
    const uint32_t value_end = offset(value_offsets_, i + 1);
    if constexpr (suffixes) {
      to->key_data = key_room;
      to->key_bytes = prefix_bytes_ + key_end - key_begin;
      std::memcpy(key_room, keys, prefix_bytes_);
      std::memcpy(key_room + prefix_bytes_, keys + key_begin, key_end - key_begin);
      key_room += to->key_bytes;
    } else {
      to->key_data = keys + key_begin;
      to->key_bytes = key_end - key_begin;
    }
    to->value_data = values + value_begin;
    to->value_bytes = value_end - value_begin;
    key_begin = key_end;
    value_begin = value_end;
  }
}

void Block::Show(uint32_t begin, uint32_t end, key::Entry* to, char* key_room) const {
  AMETHYST_DCHECK(begin < end && end <= count_);
  const bool wide = (flags_ & kWide) != 0;
  if (HasSuffixKeys()) {
    wide ? ShowKeysAndValues<uint32_t, true>(begin, end, to, key_room)
         : ShowKeysAndValues<uint16_t, true>(begin, end, to, key_room);
  } else {
    wide ? ShowKeysAndValues<uint32_t, false>(begin, end, to, key_room)
         : ShowKeysAndValues<uint16_t, false>(begin, end, to, key_room);
  }
  if (sequence_width_ == 0 && kinds_ == 0) {
    const key::Tag uniform = tag(begin);
    for (uint32_t i = begin; i < end; ++i) to[i - begin].tag = uniform;
  } else {
    for (uint32_t i = begin; i < end; ++i) to[i - begin].tag = tag(i);
  }
}

}  // namespace amethyst::sstable
