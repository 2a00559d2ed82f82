// The fixed parts of the table format: what a block's trailer, a handle and an index entry look like.
// docs/format/table.md shows all of it together.
//
//   | header | data block ... | index page ... | filter | key sketch | properties | top index | footer |
//
// Every block, page and other part except header and footer is stored the same way, back to back:
//
//    0                      s       s+1           s+5            s+13
//   +----------------------+-------+-------------+--------------+
//   | stored bytes         | codec | raw size    | checksum     |
//   | s of them            | u8    | u32         | u64          |
//   +----------------------+-------+-------------+--------------+
//
// The checksum is base::Checksum over all before it, at {uid of the table, offset of the block in the file}.
// Thread safety: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "key/types.h"

namespace amethyst::sstable {

// {codec u8, raw size u32}, then a checksum over the stored bytes and these.
inline constexpr size_t kTrailerHeadBytes = 5;
inline constexpr size_t kTrailerBytes = kTrailerHeadBytes + 8;

// Offsets inside a block are 32 bits wide; a value that does not fit is refused when it is written.
inline constexpr uint32_t kRawBytesMax = uint32_t{1} << 31;
// From this size on a value has a block of its own, so that reading a neighbour does not read it.
inline constexpr size_t kOwnBlockValueBytes = size_t{64} << 10;
// An index page is full at either.
inline constexpr uint32_t kPageBlocksMax = 64;
inline constexpr size_t kPageBytesMax = size_t{16} << 10;

// Where a block lies; on disk as in memory.
struct BlockHandle {
  uint64_t offset = 0;
  uint32_t stored_bytes = 0;  // Without the trailer. 0: there is no such block.
  uint32_t raw_bytes = 0;     // Decompressed. Equal to stored_bytes only if it is not compressed.

  [[nodiscard]] uint64_t end() const { return offset + stored_bytes + kTrailerBytes; }
  friend bool operator==(const BlockHandle&, const BlockHandle&) = default;
};
static_assert(sizeof(BlockHandle) == 16 && std::is_trivially_copyable_v<BlockHandle>);

// What an index page says of a data block, and the top index of an index page; on disk as in memory, the value of its
// separator. A separator bounds the keys below it from above: they are less than it, or, if it is inclusive, no
// greater.
//
//    0           8          12         16          20        24             32
//   +-----------+----------+----------+-----------+---------+--------------+
//   | offset    | stored   | raw      | entries   | live    | summary      |
//   | u64       | u32      | u32      | u32       | u32     | u64          |
//   +-----------+----------+----------+-----------+---------+--------------+
//   summary: the greatest sequence number << 8 | flags
struct IndexEntry {
  static constexpr uint8_t kInclusive = 1;
  static constexpr uint8_t kContinues = 2;  // The last key below has older versions in the next block. Inclusive, too.

  BlockHandle handle;
  uint32_t entries = 0;  // Below it, at any depth.
  uint32_t live = 0;     // Of them, those that are no deletes.
  uint64_t summary = 0;

  [[nodiscard]] key::SequenceNumber max_sequence() const { return key::SequenceNumber{summary >> 8}; }
  [[nodiscard]] bool inclusive() const { return (summary & kInclusive) != 0; }
  [[nodiscard]] bool continues() const { return (summary & kContinues) != 0; }
};
static_assert(sizeof(IndexEntry) == 32 && std::is_trivially_copyable_v<IndexEntry>);

}  // namespace amethyst::sstable
