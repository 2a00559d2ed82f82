// What a table says of itself: the facts of TableInfo, and figures for inspection. The "properties" part of the file.
//
// A list of tagged fields (base/tagged_fields.h), so that later versions can add some. Numbers are varints; no field
// occurs twice. Fields 1 to 13 are required, those of the lineage are ignorable.
//
//    1 smallest key        4 largest sequence    7 raw bytes             10 data blocks
//    2 largest key         5 entries             8 oldest delete time    11 index pages
//    3 smallest sequence   6 deletes             9 order's name          12 block bytes, wanted   13 codec, wanted
//
// and, where the table replaces others (lineage.h), 14 their numbers, 15 and 16 begin and end of its span; where
// entries expire, 17 how many do, 18 and 19 when the first and the last of them does, ignorable; in a table
// of a family other than the default, 29 the family's id and 30 its name at that time, both required; in a table of
// range tombstones (tree/tombstone_table.h) 20 their number, ignorable, and 21 and 22 the bounds of their span, both
// required; in a table that was written to be ingested 27, the origin: 3, then its range
// deletes, each varint length and the range (key/range.h), and 23 the name of the merge operator that its operands are
// for, both ignorable.
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "sstable/lineage.h"
#include "sstable/table_info.h"

namespace amethyst::sstable {

struct Properties {
  TableInfo info;  // Without uid, file_bytes and digest, which the footer knows, clean_through and written_s.
  std::string order_name;
  uint64_t data_blocks = 0;
  uint64_t index_pages = 0;
  uint64_t block_bytes = 0;
  uint64_t codec = 0;
  Lineage lineage{};
  key::FamilyId family{};
  std::string family_name{};  // Empty: of the default family.
  std::optional<TableOptions::TombstoneSpan> tombstone_span{};
  std::optional<ExternalPart> external{};

  void AppendTo(std::string* to) const;
  [[nodiscard]] static Result<Properties> FromBytes(std::string_view bytes);
};

}  // namespace amethyst::sstable
