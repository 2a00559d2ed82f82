// What a table's file is made of, as values: for people who look into it.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "sstable/table_reader.h"

namespace amethyst::sstable {

struct BlockDescription {
  BlockHandle handle;
  std::string codec;
  uint32_t entries = 0;
  uint32_t live = 0;
  key::SequenceNumber max_sequence{};
  std::string separator;
  bool inclusive = false;  // Keys are up to the separator, else before it.
  bool continues = false;  // The last key goes on in the next block.
};

struct PageDescription {
  BlockDescription page;
  std::vector<BlockDescription> blocks;
};

struct TableDescription {
  Footer footer;
  Properties properties;
  bool has_filter = false;
  double filter_bits_per_key = 0;  // Of entries, that is, of all versions.
  std::vector<PageDescription> pages;
};

// Reads all index pages and the trailers of all blocks; not what is in them.
[[nodiscard]] Result<TableDescription> Describe(const TableReader& reader);

}  // namespace amethyst::sstable
