#include "sstable/block.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>

#include "base/error.h"
#include "key/expiry.h"
#include "sstable/format.h"

namespace amethyst::sstable {
namespace {

using namespace block_format;  // NOLINT: the format's own names, in the file that reads it.

size_t HeadsBytes(uint32_t count, const key::Order& order) {
  return order.IsBytewise() ? (size_t{count} * sizeof(key::Head) + 63) / 64 * 64 : 0;
}

}  // namespace

uint32_t Block::CountOf(std::string_view raw) {
  return raw.size() < kBlockHeaderBytes ? 0 : base::LoadFixed<uint32_t>(raw.data());
}

bool Block::IsPlausible(uint32_t count, size_t raw_bytes) {
  // Entries differ in key or sequence number, so each takes a byte at least.
  return count > 0 && raw_bytes <= kRawBytesMax && count <= raw_bytes &&
         uint64_t{count} * sizeof(key::Head) + raw_bytes + 2 * sizeof(Block) <= UINT32_MAX;
}

size_t Block::BytesFor(uint32_t count, size_t raw_bytes, const key::Order& order) {
  return sizeof(Block) + HeadsBytes(count, order) + raw_bytes;
}

char* Block::RawIn(char* memory, uint32_t count, const key::Order& order) {
  return memory + sizeof(Block) + HeadsBytes(count, order);
}

Result<const Block*> Block::Make(char* memory, uint32_t count, size_t raw_bytes, const key::Order& order,
                                 key::SequenceNumber sequence_base) {
  AMETHYST_ASSERT(reinterpret_cast<uintptr_t>(memory) % alignof(Block) == 0);
  AMETHYST_ASSERT(IsPlausible(count, raw_bytes));
  Block* block = new (memory) Block();
  block->count_ = count;
  block->has_heads_ = order.IsBytewise();
  AMETHYST_TRY(block->ReadHeader({RawIn(memory, count, order), raw_bytes}));
  bool plain = true;
  AMETHYST_TRY(block->CheckTags(sequence_base, &plain));
  bool distinct = block->has_heads_;
  AMETHYST_TRY(block->DeriveHeads(&distinct));
  block->plain_ = plain && !block->continued() && !block->continues() && (distinct || block->KeysAreDistinct());
  return block;
}

// Header, directory and offsets: afterwards every entry can be reached.
Status Block::ReadHeader(std::string_view raw) {
  const char* const begin = raw.data();
  if (raw.size() < kBlockHeaderBytes) return base::Corruption("{} bytes are too short for a header", raw.size());
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
  std::string_view rest = raw.substr(kBlockHeaderBytes);
  if (rest.size() < columns * kColumnBytes) return base::Corruption("{} columns do not fit in", columns);
  rest.remove_prefix(columns * kColumnBytes);
  for (size_t column = 0; column < columns; ++column) {
    const char* const directory = begin + kBlockHeaderBytes + column * kColumnBytes;
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
  keys_ = place(kKeys);
  values_ = place(kValues);
  sequences_ = place(kSequences);
  kinds_ = place(kKinds);
  if (keys_ == 0 || values_ == 0) return base::Corruption("keys or values are missing");
  if (sequence_width_ != 0 && sequence_width_ != 2 && sequence_width_ != 4 && sequence_width_ != 8) {
    return base::Corruption("sequence numbers of {} bytes", sequence_width_);
  }
  if (found[kSequences].size() != uint64_t{count} * sequence_width_ || (kinds_ != 0 && found[kKinds].size() != count)) {
    return base::Corruption("sequence numbers or kinds are of a wrong size for {} entries", count);
  }
  if (prefix_bytes_ > found[kKeys].size() || (!has_heads_ && (prefix_bytes_ != 0 || HasSuffixKeys()))) {
    return base::Corruption("a common prefix of {} bytes where none can be", prefix_bytes_);
  }
  const size_t cut = HasSuffixKeys() ? prefix_bytes_ : 0;
  keys_ += static_cast<uint32_t>(cut);
  AMETHYST_ASSIGN(key_layout_, ReadLayout(found[kKeyOffsets], found[kKeys].size() - cut, "key"));
  AMETHYST_ASSIGN(value_layout_, ReadLayout(found[kValueOffsets], found[kValues].size(), "value"));
  return {};
}

std::string_view Block::ColumnOf(std::string_view raw, ColumnId id) {
  const size_t columns = static_cast<uint8_t>(raw[19]);
  const std::string_view directory = raw.substr(kBlockHeaderBytes, columns * kColumnBytes);
  size_t begin = kBlockHeaderBytes + directory.size();
  for (size_t column = 0; column < columns; ++column) {
    const char* const described = directory.data() + column * kColumnBytes;
    const uint32_t size = base::LoadFixed<uint32_t>(described + 4);
    if (static_cast<uint8_t>(described[0]) == id) return raw.substr(begin, size);
    begin += size;
  }
  return {};
}

// How to find the parts of a column of that size. Checks offsets, if there are any.
Result<Block::Layout> Block::ReadLayout(std::string_view offsets, size_t column_bytes, std::string_view what) const {
  if (offsets.data() == nullptr) {
    if (column_bytes % count_ != 0) {
      return base::Corruption("{} bytes are not {} {}s of one size", column_bytes, count_, what);
    }
    return Layout{.offsets = 0, .part_bytes = static_cast<uint32_t>(column_bytes / count_)};
  }
  const Layout layout{.offsets = static_cast<uint32_t>(offsets.data() - base()), .part_bytes = 0};
  if (offsets.size() != (uint64_t{count_} + 1) * ((flags_ & kWide) != 0 ? 4 : 2)) {
    return base::Corruption("{} bytes of {} offsets for {} entries", offsets.size(), what, count_);
  }
  bool ascending = true;
  for (uint32_t i = 0; i < count_; ++i) ascending &= Offset(layout, i) <= Offset(layout, i + 1);
  if (!ascending || Offset(layout, 0) != 0 || Offset(layout, count_) != column_bytes) {
    return base::Corruption("{} offsets do not ascend from 0 to {}", what, column_bytes);
  }
  return layout;
}

Status Block::CheckTags(key::SequenceNumber sequence_base, bool* plain) {
  uint64_t delta_max = 0;
  if (sequence_width_ != 0) {
    for (uint32_t i = 0; i < count_; ++i) delta_max = std::max(delta_max, SequenceDelta(i));
  }
  const uint64_t room = key::Raw(key::kSequenceMax) - key::Raw(sequence_base);
  if (sequence_min_ > room || delta_max > room - sequence_min_) {
    return base::Corruption("a sequence number {} + {} + {} is too great", key::Raw(sequence_base), sequence_min_,
                            delta_max);
  }
  sequence_min_ += key::Raw(sequence_base);
  sequence_max_ = sequence_min_ + delta_max;
  bool may_expire = false;
  if (kinds_ == 0) {
    may_expire = key::MayExpire(static_cast<key::EntryKind>(kind_));
    live_ = key::IsLive(static_cast<key::EntryKind>(kind_)) ? count_ : 0;
    *plain = key::IsPlain(static_cast<key::EntryKind>(kind_));
    if (!key::IsKnownKind(kind_)) return base::NotSupported("entry kind {} is unknown", kind_);
  } else {
    for (uint32_t i = 0; i < count_; ++i) {
      const uint8_t kind = static_cast<uint8_t>(base()[kinds_ + i]);
      may_expire |= key::MayExpire(static_cast<key::EntryKind>(kind));
      live_ += key::IsLive(static_cast<key::EntryKind>(kind)) ? 1 : 0;
      *plain &= key::IsPlain(static_cast<key::EntryKind>(kind));
      if (!key::IsKnownKind(kind)) return base::NotSupported("entry kind {} is unknown", kind);
    }
  }
  return may_expire ? CheckExpiries() : Status();
}

Status Block::CheckExpiries() const {
  for (uint32_t i = 0; i < count_; ++i) {
    if (!key::HoldsExpiry(tag(i).kind(), value(i).size())) {
      return base::Corruption("value {} of {} bytes does not hold the time that it expires", i, value(i).size());
    }
  }
  return {};
}

template <typename Visitor>
void Block::WithOffsets(const Layout& layout, Visitor visit) const {
  const char* const offsets = base() + layout.offsets;
  if (layout.offsets == 0) {
    visit([bytes = layout.part_bytes](uint32_t i) { return bytes * i; });
  } else if ((flags_ & kWide) != 0) {
    visit([offsets](uint32_t i) { return base::LoadFixed<uint32_t>(offsets + size_t{4} * i); });
  } else {
    visit([offsets](uint32_t i) { return uint32_t{base::LoadFixed<uint16_t>(offsets + size_t{2} * i)}; });
  }
}

// Computes the heads and checks what searches rely on: every key has the prefix, and heads ascend.
Status Block::DeriveHeads(bool* distinct) {
  if (!has_heads_) return {};
  const size_t skip = HasSuffixKeys() ? 0 : prefix_bytes_;
  key::Head* const heads = reinterpret_cast<key::Head*>(this + 1);
  bool ascending = true;
  bool prefixed = true;
  WithOffsets(key_layout_, [&](auto offset_at) {
    const char* const keys = base() + keys_;
    key::Head before = 0;
    uint32_t begin = 0;
    for (uint32_t i = 0; i < count_; ++i) {
      const uint32_t end = offset_at(i + 1);
      heads[i] = key::HeadOf({keys + begin, end - begin}, skip);
      prefixed &= end - begin >= skip;
      ascending &= heads[i] >= before;
      *distinct &= i == 0 || heads[i] != before;
      before = heads[i];
      begin = end;
    }
  });
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

uint32_t Block::Find(std::string_view key, key::ReadPoint read, const key::Order& order) const {
  if (has_heads_) {
    // Without a look at the prefix: a key that lacks it fails the comparison.
    const key::Head head = key::HeadOf(key, prefix_bytes_);
    const uint32_t at = key::LowerBound(heads(), count_, head);
    if (at == count_ || heads()[at] != head) return count_;
    if (KeyEquals(at, key) && read.Sees(sequence(at))) [[likely]]
      return at;
  }
  const uint32_t at = FirstNotBefore(key, order, [&](uint32_t i) { return !read.Sees(sequence(i)); });
  return at < count_ && KeyEquals(at, key) ? at : count_;
}

void Block::Prefetch() const {
  for (size_t line = 0; line <= 6; ++line) __builtin_prefetch(base() + 64 * line);
}

void Block::PrefetchEntry(std::string_view key) const {
  if (!has_heads_) return;
  const key::Head head = key::HeadOf(key, prefix_bytes_);
  const uint32_t at = key::LowerBound(heads(), count_, head);
  if (at == count_ || heads()[at] != head) return;
  __builtin_prefetch(stored_key(at).data());
  // The processor itself goes on with the lines of a long value.
  constexpr size_t kLines = 4;
  const std::string_view found = value(at);
  for (size_t line = 0; line < kLines && line * 64 < found.size() + 63; ++line) {
    __builtin_prefetch(found.data() + 64 * line);
  }
}

size_t Block::KeyRoom(uint32_t begin, uint32_t end) const {
  AMETHYST_DCHECK(begin <= end && end <= count_);
  if (!HasSuffixKeys()) return 0;
  return size_t{end - begin} * prefix_bytes_ + Offset(key_layout_, end) - Offset(key_layout_, begin);
}

void Block::ShowKeys(uint32_t begin, uint32_t end, key::Entry* to, char* key_room) const {
  WithOffsets(key_layout_, [=, this](auto offset_at) {
    const char* const keys = base() + keys_;
    for (uint32_t i = begin; i < end; ++i) {
      const uint32_t at = offset_at(i);
      to[i - begin].key_data = keys + at;
      to[i - begin].key_bytes = offset_at(i + 1) - at;
    }
  });
  if (!HasSuffixKeys()) return;
  for (key::Entry* entry = to; entry != to + (end - begin); ++entry) {
    std::memcpy(key_room, prefix().data(), prefix_bytes_);
    std::memcpy(key_room + prefix_bytes_, entry->key_data, entry->key_bytes);
    entry->key_data = key_room;
    entry->key_bytes += prefix_bytes_;
    key_room += entry->key_bytes;
  }
}

void Block::ShowValues(uint32_t begin, uint32_t end, key::Entry* to) const {
  WithOffsets(value_layout_, [=, this](auto offset_at) {
    const char* const values = base() + values_;
    for (uint32_t i = begin; i < end; ++i) {
      const uint32_t at = offset_at(i);
      to[i - begin].value_data = values + at;
      to[i - begin].value_bytes = offset_at(i + 1) - at;
    }
  });
}

void Block::Show(uint32_t begin, uint32_t end, key::Entry* to, char* key_room) const {
  AMETHYST_DCHECK(begin < end && end <= count_);
  ShowKeys(begin, end, to, key_room);
  ShowValues(begin, end, to);
  if (sequence_width_ == 0 && kinds_ == 0) {
    const key::Tag uniform = tag(begin);
    for (uint32_t i = begin; i < end; ++i) to[i - begin].tag = uniform;
  } else {
    for (uint32_t i = begin; i < end; ++i) to[i - begin].tag = tag(i);
  }
}

}  // namespace amethyst::sstable
