// The first bytes of a table: whose file it is, readable while the rest is not written yet or is lost.
//
//    0       8              24          40         48
//   +-------+--------------+-----------+----------+
//   | magic | database uid | table uid | checksum |
//   | u64   | 16           | 16        | u64      |
//   +-------+--------------+-----------+----------+
//
// The magic is "AMETHSST"; the checksum is base::Checksum over the bytes before it, at {table uid, 0}. No read of
// entries looks at it: it proves that a file may be removed, and gives salvage the uid where the footer is gone.
// Thread safety: plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace amethyst::sstable {

inline constexpr std::string_view kHeaderMagic = "AMETHSST";
inline constexpr size_t kHeaderBytes = 48;

struct Header {
  base::Uid database_uid;  // Zeros: of no database.
  base::Uid table_uid;

  void AppendTo(std::string* to) const;
  // nullopt: `bytes`, a file's first, are no header.
  [[nodiscard]] static std::optional<Header> FromBytes(std::string_view bytes);
};

}  // namespace amethyst::sstable
