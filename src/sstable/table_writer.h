// Writes one table from sorted entries. See docs/format/table.md for the bytes.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "amethyst/error.h"
#include "io/file.h"
#include "key/entry.h"
#include "sstable/table_info.h"

namespace amethyst::sstable {

class TableWriter {
 public:
  // Writes to `file`, which is fresh. `oldest_delete_time_s` is what the table will claim if it holds a tombstone.
  TableWriter(std::unique_ptr<io::WritableFile> file, const TableOptions& options, uint64_t oldest_delete_time_s);
  ~TableWriter();  // Without Finish: the file is left incomplete, for the caller to remove.

  // Entries by key ascending, newest first within a key; keys never repeat a tag. Asserts the order in debug builds.
  [[nodiscard]] Status Add(const key::Entry& entry);
  [[nodiscard]] uint64_t entries() const;
  // Bytes written so far and buffered: an estimate of the final size.
  [[nodiscard]] uint64_t EstimatedBytes() const;

  // Writes the rest, syncs and closes. There must be at least one entry. The name is durable once its directory is synced.
  [[nodiscard]] Result<TableInfo> Finish();
};

}  // namespace amethyst::sstable
