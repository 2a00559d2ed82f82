// The last bytes of a table: what finds and proves everything else.
//
//    0     16          32       48          64       80           96       104       108     112        120     128
//   +-----+-----------+--------+-----------+--------+------------+--------+---------+-------+----------+-------+
//   | uid | top index | filter | range     | sketch | properties | digest | version | flags | checksum | magic |
//   | 16  | handle    | handle | tombstones| handle | handle     | u64    | u32: 2  | u32: 0| u64      | u64   |
//   +-----+-----------+--------+-----------+--------+------------+--------+---------+-------+----------+-------+
//
// A handle is a BlockHandle (format.h); one of zeros says that there is no such part. The digest chains the checksums
// of the header and all blocks in the file's order and what stands before it here, so it names the table's exact
// content. The checksum is base::Checksum over the bytes before it, at {uid, offset of the footer}. Another version, or
// a flag set, is refused. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/hash.h"
#include "sstable/format.h"

namespace amethyst::sstable {

inline constexpr size_t kFooterBytes = 128;
inline constexpr uint32_t kFormatVersion = 2;                // 1 had no header.
inline constexpr uint64_t kTableMagic = 0x656c626174796d61;  // "amytable"

// Chains checksums, in order.
class Digest {
 public:
  void Add(uint64_t checksum);
  [[nodiscard]] uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0;
};

struct Footer {
  base::Uid uid;
  BlockHandle top_index;
  BlockHandle filter;
  BlockHandle range_tombstones;
  BlockHandle sketch;
  BlockHandle properties;
  uint64_t digest = 0;  // Set by AppendTo.

  // `blocks`: the digest of all blocks before it. `offset`: where the footer will lie.
  void AppendTo(std::string* to, Digest blocks, uint64_t offset);
  // The footer in the last bytes of a file of `file_bytes`. Errors do not name the file.
  [[nodiscard]] static Result<Footer> FromBytes(std::string_view bytes, uint64_t file_bytes);
  // The digest that the footer must have, given that of the blocks.
  [[nodiscard]] uint64_t DigestOver(Digest blocks) const;

 private:
  void AppendHandles(std::string* to) const;
};

}  // namespace amethyst::sstable
