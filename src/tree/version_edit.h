// One durable change of the trees, as a manifest record: tables added and removed, families made and dropped, and how
// far the log is flushed.
//
// Encoded as a list of tagged fields (base/tagged_fields.h, docs/format/manifest.md), all required, so that later
// versions can add some. What concerns families other than the default is there only where there are some. Decoding
// bounds every number: the caller can compute with the result. Thread safety: plain values.
//
//    1 added table      varint level, varint number, uid u128, varint file bytes, digest u64, smallest key, largest key
//                       (each varint length and bytes), varints: smallest sequence, largest sequence, entries, deletes,
//                       raw bytes, oldest delete time in seconds
//    2 removed table    varint level, varint number
//    3 flushed sequence, 4 first log segment, 5 next file number, 6 last sequence: a varint each
//    7 clean log end    varints: segment, offset, last sequence, next ordinal; then chained checksum u64
//    8 database uid     u128
//    9 comparator name  bytes
//   10 family           as tree/family_description.h: made, if its id is new, else described anew (another name)
//   11 dropped family   varint id: its tables go with it
//   12 next family id   varint
//   13 details          varint number of a table that is added or removed here, then tagged fields: 1 family, varint
//                       id; 2 (empty) it is a table of range tombstones; 3 clean through, varint (ignorable); 6
//                       sequence base, varint: added to the numbers of the file
//   15 cursor           as tree/feed_cursor.h: made, moved, lost or dropped
//   17 delete time      varints: seconds, seconds ahead of wall time
//   18 ancestors        uid u128 each: the databases that this one is a copy of, nearest first; ignorable
//   19 default family   tagged fields: 1 merge operator's name
//   20 oldest delete    varint: seconds
//   21 read time        varint: milliseconds since 1970
//   22 refused by older nothing, and ignorable: beside any of 10 to 13, 15, 19 and 21, so that builds which took the
//   mark of
//                       required fields for the opposite (docs/format/reserved.md) refuse the database
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/applied.h"
#include "amethyst/error.h"
#include "base/hash.h"
#include "key/range_tombstones.h"
#include "key/types.h"
#include "sstable/table_info.h"
#include "tree/family_description.h"
#include "tree/feed_cursor.h"
#include "wal/log_position.h"

namespace amethyst::tree {

class Table;

struct AddedTable {
  key::Level level = 0;
  key::FileNumber number{};
  sstable::TableInfo info;
  key::FamilyId family{};
  bool holds_tombstones = false;  // It is the family's table of range tombstones (tree/tombstone_table.h).
  // What it holds. Not written: without it the table is read, once a manifest is.
  std::shared_ptr<const key::RangeTombstones> tombstones{};
  // The table itself, where readers have it already: it was taken in, and waited in the view. Not written.
  std::shared_ptr<const Table> table{};
  friend bool operator==(const AddedTable&, const AddedTable&) = default;
};

struct RemovedTable {
  key::Level level = 0;
  key::FileNumber number{};
  key::FamilyId family{};
  friend bool operator==(const RemovedTable&, const RemovedTable&) = default;
};

// By the clock that deletes age by (engine/delete_clock.h).
struct DeleteTime {
  uint64_t seconds = 0;        // About those since 1970.
  uint64_t ahead_of_wall = 0;  // How far wall time was behind.
  friend bool operator==(const DeleteTime&, const DeleteTime&) = default;
};

inline constexpr size_t kAppliedNoteBytesMax = 64;

struct VersionEdit {
  std::vector<AddedTable> added;      // To level 0: oldest first.
  std::vector<RemovedTable> removed;  // A table that is removed and added again moves to another level.
  // Before the tables are added and removed; a live one is described anew.
  std::vector<FamilyDescription> families;
  std::vector<key::FamilyId> dropped_families;  // After that.
  // At least one more than any id in use.
  std::optional<key::FamilyId> next_family_id;
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
  // When the edit was made.
  std::optional<DeleteTime> delete_time;
  // No delete is older, of those in the log from the first segment on and of those whose data it may still hold.
  std::optional<uint64_t> oldest_delete_s;
  // The greatest time that reads have seen; only where entries may expire.
  std::optional<uint64_t> read_time_ms;
  // That the operands are for; only where there may be some.
  std::optional<std::string> merge_operator_name;
  // The caller's log: all batches up to there are in tables.
  std::optional<AppliedIndex> applied;
  // Of the change feed: as they are from then on.
  std::vector<FeedCursor> cursors;
  // First record only.
  std::optional<base::Uid> database_uid;
  std::optional<std::string> comparator_name;
  // Databases that this one is a copy of, nearest first: tables may say that they are theirs. First record only.
  std::vector<base::Uid> ancestors;

  void AppendTo(std::string* to) const;
  // kNotSupported for an unknown field that is required; kCorruption, naming the byte, for anything else.
  [[nodiscard]] static Result<VersionEdit> FromBytes(std::string_view bytes);

  friend bool operator==(const VersionEdit&, const VersionEdit&) = default;
};

}  // namespace amethyst::tree
