// How a cursor over a table is to read, as its reader and a run of tables are told. Thread safety: a value.
#pragma once

#include <string_view>

#include "amethyst/error.h"

namespace amethyst::sstable {

struct CursorOptions {
  bool fill_cache = true;
  // For compaction: bypasses the cache and reads ahead in large steps from the start.
  bool sequential = false;
  // Whether the reader may not wait now: what is not in memory then fails with kBusy, whenever a move comes to it.
  // nullptr: it may. Must outlive the cursor.
  const bool* memory_only = nullptr;
  // Reading ahead stops there; data() == nullptr: no bound. Must outlive the cursor.
  std::string_view upper_bound{};

  [[nodiscard]] bool MayWait() const { return memory_only == nullptr || !*memory_only; }
};

[[nodiscard]] inline std::unexpected<Error> NotInMemory() {
  return std::unexpected(Error(ErrorCode::kBusy, "a file would have to be read, which memory_only forbids"));
}

}  // namespace amethyst::sstable
