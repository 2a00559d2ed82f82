// A table as a newer build may write it: the encoders of sstable, and one thing in it that this build does not write.
//
// It has one data block and one index page, and every checksum in it holds. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "sstable/table_info.h"

namespace amethyst::formats {

struct ForgedColumn {
  uint8_t id = 0;
  bool required = false;
  std::string content;
};

// What differs from a table of this build. Nothing, unless told.
struct TableForm {
  uint8_t last_kind = 1;  // The kind of the last entry.
  uint8_t block_flags = 0;
  std::optional<ForgedColumn> block_column = std::nullopt;
  std::optional<uint8_t> codec = std::nullopt;  // The data block is compressed by ZSTD and claims this codec.
  std::optional<ForgedColumn> page_column = std::nullopt;
  uint8_t summary_flags = 0;
  std::optional<uint8_t> filter_kind = std::nullopt;
  std::string properties = {};    // Encoded fields behind the others.
  bool range_tombstones = false;  // A block of one, under the footer's handle.
  uint32_t footer_flags = 0;
};

// The keys and values of the table, in the order in which they are put.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> TableEntries();

// The bytes of the table that `info` describes; its entries have consecutive sequence numbers. Sets the size and the
// digest in `info`.
[[nodiscard]] std::string ForgeTable(const TableForm& form, const base::Uid& database_uid, sstable::TableInfo* info);

}  // namespace amethyst::formats
