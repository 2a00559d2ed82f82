// A block in memory: entries as columns, each reachable by index, searched by their heads.
//
// The raw bytes are what BlockBuilder made and what a file stores (compressed). In memory a block is
//
//   | Block, 64 bytes | heads, 8 bytes each, 64-byte aligned | raw bytes |
//
// Heads are not stored: checking stored ones would cost what computing them does, so that deriving them saves their
// space on disk, in checksums and in decompression (docs/decisions/0003-table-heads.md). Make checks the raw bytes
// once, wholly; afterwards no access needs a check. Raw bytes:
//
//    0        4            8              16      17         18     19        20
//   +--------+------------+--------------+-------+----------+------+---------+-----------+---------+
//   | count  | prefix     | sequence_min | flags | sequence | kind | columns | directory | columns |
//   | u32    | bytes, u32 | u64          | u8    | width u8 | u8   | u8      | 8 each    |         |
//   +--------+------------+--------------+-------+----------+------+---------+-----------+---------+
//   directory: id u8, required u8, 0 u16, size u32
//
// Columns follow in the directory's order without gaps. Unknown ones are skipped, unless they are required.
//   1 key offsets    count + 1 of u16 (or u32: kWide), into keys; the first is 0; missing if all keys are of one size
//   2 value offsets  likewise, into values
//   3 keys           whole, one after the other; with kSuffixKeys the common prefix, then what follows it in each,
//                    which is what offsets count from
//   4 values
//   5 sequences      count times what exceeds sequence_min, `sequence width` bytes each; none if the width is 0
//   6 kinds          count of u8; missing if all are `kind`
//  10 dead from      count of u64, in an index page, not required: see index_page.h
//
// Keys ascend; of one key the newest is first. Under a custom order there are no heads, keys are whole and the prefix
// is 0.
// Thread safety: immutable once made.
#pragma once

#include <cstdint>
#include <string_view>

#include "amethyst/error.h"
#include "base/assert.h"
#include "base/coding.h"
#include "key/entry.h"
#include "key/head.h"
#include "key/order.h"
#include "key/read_point.h"

namespace amethyst::sstable {

namespace block_format {
inline constexpr size_t kBlockHeaderBytes = 20;
inline constexpr size_t kColumnBytes = 8;
enum Flag : uint8_t {
  kWide = 1,        // Offsets are u32.
  kSuffixKeys = 2,  // Keys are stored without the common prefix.
  kContinued = 4,   // The first key's newer versions end the block before.
  kContinues = 8,   // The last key's older versions begin the next block.
};
inline constexpr uint8_t kKnownFlags = 15;
enum ColumnId : uint8_t {
  kKeyOffsets = 1,
  kValueOffsets = 2,
  kKeys = 3,
  kValues = 4,
  kSequences = 5,
  kKinds = 6,
  kDeadFrom = 10,  // Of an index page.
};
inline constexpr uint8_t kKnownColumns = 6;
}  // namespace block_format

class alignas(64) Block {
 public:
  // The number of entries that raw bytes claim, for those who do not know it; 0 if they are too short.
  [[nodiscard]] static uint32_t CountOf(std::string_view raw);
  // Whether raw bytes of that size can hold so many entries: to be asked before memory is taken for them.
  [[nodiscard]] static bool IsPlausible(uint32_t count, size_t raw_bytes);
  // Memory for a block, which must be 64-byte aligned, and where in it the raw bytes go.
  [[nodiscard]] static size_t BytesFor(uint32_t count, size_t raw_bytes, const key::Order& order);
  [[nodiscard]] static char* RawIn(char* memory, uint32_t count, const key::Order& order);
  // Makes the block of `count` entries around the raw bytes that are in place. kCorruption (without saying where) if
  // they are no such block; memory is then as good as unused. `sequence_base` is added to each sequence number.
  [[nodiscard]] static Result<const Block*> Make(char* memory, uint32_t count, size_t raw_bytes,
                                                 const key::Order& order, key::SequenceNumber sequence_base = {});

  // A column of raw bytes that Make has checked; data() == nullptr: it is not there.
  [[nodiscard]] static std::string_view ColumnOf(std::string_view raw, block_format::ColumnId id);

  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] uint32_t live() const { return live_; }
  [[nodiscard]] key::SequenceNumber max_sequence() const { return key::SequenceNumber{sequence_max_}; }
  [[nodiscard]] bool continued() const { return (flags_ & block_format::kContinued) != 0; }
  [[nodiscard]] bool continues() const { return (flags_ & block_format::kContinues) != 0; }
  // All of plain kinds, and no key twice, here or in a neighbour.
  [[nodiscard]] bool IsPlain() const { return plain_; }
  [[nodiscard]] bool HasSuffixKeys() const { return (flags_ & block_format::kSuffixKeys) != 0; }
  [[nodiscard]] std::string_view prefix() const {
    return {base() + keys_ - (HasSuffixKeys() ? prefix_bytes_ : 0), prefix_bytes_};
  }

  [[nodiscard]] key::Tag tag(uint32_t i) const {
    const uint8_t kind = kinds_ == 0 ? kind_ : static_cast<uint8_t>(base()[kinds_ + i]);
    return key::Tag(key::SequenceNumber{sequence_min_ + SequenceDelta(i)}, static_cast<key::EntryKind>(kind));
  }
  [[nodiscard]] key::SequenceNumber sequence(uint32_t i) const {
    return key::SequenceNumber{sequence_min_ + SequenceDelta(i)};
  }
  [[nodiscard]] std::string_view value(uint32_t i) const { return Bytes(values_, value_layout_, i); }
  // What of the key is stored: the whole of it, or what follows the prefix.
  [[nodiscard]] std::string_view stored_key(uint32_t i) const { return Bytes(keys_, key_layout_, i); }
  [[nodiscard]] std::string key(uint32_t i) const;

  [[nodiscard]] bool KeyEquals(uint32_t i, std::string_view key) const;
  [[nodiscard]] int CompareKey(uint32_t i, std::string_view key, const key::Order& order) const;

  // The newest version of `key` that `read` sees, or count(). (Then, if the block continues with that key, the
  // next one may have it.)
  [[nodiscard]] uint32_t Find(std::string_view key, key::ReadPoint read, const key::Order& order) const;
  // Starts loading the lines that a Find will need.
  void Prefetch() const;
  // Starts loading the entry that a Find of this key will compare, if its heads tell which.
  void PrefetchEntry(std::string_view key) const;

  // The first entry that is not before `key`: greater, or equal and !equal_is_before(index), which must be monotone.
  template <typename EqualIsBefore>
  [[nodiscard]] uint32_t FirstNotBefore(std::string_view key, const key::Order& order,
                                        EqualIsBefore equal_is_before) const;

  // Shows entries [begin, end) in `to`. `key_room`, of KeyRoom(begin, end) bytes, takes the keys if they are suffixes.
  void Show(uint32_t begin, uint32_t end, key::Entry* to, char* key_room) const;
  [[nodiscard]] size_t KeyRoom(uint32_t begin, uint32_t end) const;

 private:
  // How to find the parts of a column: by offsets, or all are of one size.
  struct Layout {
    uint32_t offsets = 0;     // Where they begin, in bytes from `this`; 0: none.
    uint32_t part_bytes = 0;  // If there are none.
  };

  Block() = default;
  [[nodiscard]] Status ReadHeader(std::string_view raw);
  [[nodiscard]] Result<Layout> ReadLayout(std::string_view offsets, size_t column_bytes, std::string_view what) const;
  // Clears `plain` if an entry is of a kind that is not.
  [[nodiscard]] Status CheckTags(key::SequenceNumber sequence_base, bool* plain);
  [[nodiscard]] Status CheckExpiries() const;
  // Clears `distinct` if two heads are the same.
  [[nodiscard]] Status DeriveHeads(bool* distinct);
  [[nodiscard]] bool KeysAreDistinct() const;

  void ShowKeys(uint32_t begin, uint32_t end, key::Entry* to, char* key_room) const;
  void ShowValues(uint32_t begin, uint32_t end, key::Entry* to) const;
  // Calls visit(offset_at), where offset_at(i) is the offset of part i in a column, found without a branch.
  template <typename Visitor>
  void WithOffsets(const Layout& layout, Visitor visit) const;

  [[nodiscard]] bool HasPrefix(std::string_view key) const {
    return key.size() >= prefix_bytes_ && EqualBytes(key.data(), prefix().data(), prefix_bytes_);
  }
  // Word by word, without a call: keys and prefixes are short.
  [[nodiscard]] static bool EqualBytes(const char* a, const char* b, size_t bytes);

  [[nodiscard]] const char* base() const { return reinterpret_cast<const char*>(this); }
  [[nodiscard]] const key::Head* heads() const { return reinterpret_cast<const key::Head*>(this + 1); }
  [[nodiscard]] uint32_t Offset(const Layout& layout, uint32_t i) const {
    if (layout.offsets == 0) return layout.part_bytes * i;
    return (flags_ & block_format::kWide) != 0 ? base::LoadFixed<uint32_t>(base() + layout.offsets + size_t{4} * i)
                                               : base::LoadFixed<uint16_t>(base() + layout.offsets + size_t{2} * i);
  }
  [[nodiscard]] std::string_view Bytes(uint32_t column, const Layout& layout, uint32_t i) const {
    AMETHYST_DCHECK(i < count_);
    const uint32_t begin = Offset(layout, i);
    return {base() + column + begin, Offset(layout, i + 1) - begin};
  }
  [[nodiscard]] uint64_t SequenceDelta(uint32_t i) const {
    AMETHYST_DCHECK(i < count_);
    const char* deltas = base() + sequences_;
    switch (sequence_width_) {
      case 0: return 0;
      case 2: return base::LoadFixed<uint16_t>(deltas + size_t{2} * i);
      case 4: return base::LoadFixed<uint32_t>(deltas + size_t{4} * i);
      default: return base::LoadFixed<uint64_t>(deltas + size_t{8} * i);
    }
  }

  uint32_t count_ = 0;
  uint32_t prefix_bytes_ = 0;
  Layout key_layout_;
  Layout value_layout_;
  // Where columns begin, in bytes from `this`; 0: missing.
  uint32_t keys_ = 0;
  uint32_t values_ = 0;
  uint32_t sequences_ = 0;
  uint32_t kinds_ = 0;
  uint64_t sequence_min_ = 0;
  uint64_t sequence_max_ = 0;
  uint32_t live_ = 0;  // Entries of live kinds.
  uint8_t flags_ = 0;
  uint8_t sequence_width_ = 0;
  uint8_t kind_ = 0;  // Of all entries, where kinds_ is missing.
  bool has_heads_ : 1 = false;
  bool plain_ : 1 = false;
};
static_assert(sizeof(Block) == 64);

inline bool Block::EqualBytes(const char* a, const char* b, size_t bytes) {
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

template <typename EqualIsBefore>
uint32_t Block::FirstNotBefore(std::string_view key, const key::Order& order, EqualIsBefore equal_is_before) const {
  uint32_t low = 0;
  uint32_t high = count_;
  if (has_heads_) {
    if (!HasPrefix(key)) return key::CompareBytes(key.substr(0, prefix_bytes_), prefix()) < 0 ? 0 : count_;
    const key::Head head = key::HeadOf(key, prefix_bytes_);
    low = key::LowerBound(heads(), count_, head);
    high = low;
    while (high < count_ && heads()[high] == head) ++high;
  }
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const int comparison = CompareKey(middle, key, order);
    if (comparison < 0 || (comparison == 0 && equal_is_before(middle))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace amethyst::sstable
