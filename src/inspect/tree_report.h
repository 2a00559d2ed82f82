// A database directory as its files show it: the tree that the manifest describes, the log, and what belongs to
// neither.
//
// Read-only; needs no lock, so what another process changes meanwhile may show half. Thread safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "base/hash.h"
#include "catalog/manifest.h"
#include "io/file_system.h"
#include "key/types.h"
#include "tree/version_edit.h"
#include "wal/segment_reader.h"

namespace amethyst::inspect {

// What the records of a manifest add up to, without any check that they fit.
struct ManifestState {
  base::Uid database_uid;
  std::vector<base::Uid> ancestors;  // Nearest first.
  std::string comparator_name;
  key::SequenceNumber flushed_sequence{};
  key::SequenceNumber last_sequence{};
  key::FileNumber first_log_segment{};
  key::FileNumber next_file_number{};
  std::optional<wal::LogCut> clean_log_end;
  std::string merge_operator_name;  // Of the default family; empty: it has none, or none was used yet.
  std::map<key::FamilyId, tree::FamilyDescription> families;  // Other than the default.
  key::FamilyId next_family_id{1};
  // Of all families. Level 0 newest first, the others by key.
  std::array<std::vector<tree::AddedTable>, key::kLevels> levels;
  std::vector<tree::AddedTable> range_tombstones;  // The tables of them, at most one a family.
  std::map<std::string, tree::FeedCursor> cursors;

  // The oldest segment that recovery or a cursor needs.
  [[nodiscard]] key::FileNumber FirstKeptSegment() const;
  void Apply(const tree::VersionEdit& edit);
};

struct SegmentFile {
  key::FileNumber number{};
  uint64_t file_bytes = 0;
  bool needed = false;  // It may hold entries that no table has.
  wal::SegmentSummary summary;
  uint64_t entries = 0;
  uint64_t unflushed_entries = 0;  // That no table has: a memtable, once the database is open.
};

struct TreeReport {
  key::FileNumber manifest{};
  catalog::ManifestReport manifest_report;
  ManifestState state;
  std::vector<SegmentFile> segments;   // Ascending.
  std::vector<std::string> leftovers;  // Ours by name, but not in use: the next open removes them.
  std::vector<std::string> foreign;    // Not ours.
  std::vector<std::string> problems;   // Damage of CURRENT or the manifest, unreadable segments.
};

// kInvalidArgument: `directory` holds no file of a database.
[[nodiscard]] Result<TreeReport> InspectTree(io::FileSystem& files, const std::string& directory);

}  // namespace amethyst::inspect
