// One durable change of the tree, as a manifest record: tables added and removed, and how far the log is flushed.
//
// Encoded as tagged fields, so that later versions can add some: unknown fields marked ignorable are skipped, others refused by number
// (docs/format/manifest.md). Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/hash.h"
#include "key/types.h"
#include "sstable/table_info.h"
#include "wal/log_recovery.h"

namespace amethyst::tree {

struct AddedTable {
  key::Level level = 0;
  key::FileNumber number{};
  sstable::TableInfo info;
  friend bool operator==(const AddedTable&, const AddedTable&) = default;
};

struct RemovedTable {
  key::Level level = 0;
  key::FileNumber number{};
  friend bool operator==(const RemovedTable&, const RemovedTable&) = default;
};

struct VersionEdit {
  std::vector<AddedTable> added;      // To level 0: oldest first.
  std::vector<RemovedTable> removed;
  // Every entry at or below it is in tables (kNone writes in flushed memtables included): recovery skips it in the log.
  std::optional<key::SequenceNumber> flushed_sequence;
  // Oldest log segment that recovery needs.
  std::optional<key::FileNumber> first_log_segment;
  // At least one more than any number in use; filled in by the tree.
  std::optional<key::FileNumber> next_file_number;
  // At least the greatest sequence number in use.
  std::optional<key::SequenceNumber> last_sequence;
  // The log's end at a clean close; any later edit without it revokes it.
  std::optional<wal::LogCut> clean_log_end;
  // First record only.
  std::optional<base::Uid> database_uid;
  std::optional<std::string> comparator_name;

  void AppendTo(std::string* to) const;
  [[nodiscard]] static Result<VersionEdit> FromBytes(std::string_view bytes);
};

}  // namespace amethyst::tree
