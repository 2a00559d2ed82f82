// How a cursor over a table is to read, as its reader and a run of tables are told. Thread safety: a value.
#pragma once

#include <string_view>

namespace amethyst::sstable {

struct CursorOptions {
  bool fill_cache = true;
  // For compaction: bypasses the cache and reads ahead in large steps from the start.
  bool sequential = false;
  // Reading ahead stops there; data() == nullptr: no bound. Must outlive the cursor.
  std::string_view upper_bound{};
};

}  // namespace amethyst::sstable
