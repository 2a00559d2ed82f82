// The tree's durable state: the current version, the manifest behind it, and the numbers that are never used twice.
//
// Apply makes an edit durable first and visible second. Files first, then the manifest, then deletion: a crash between leaves orphans,
// never holes. CURRENT names the manifest and is replaced atomically; the manifest is rewritten (a snapshot of the state as
// its first record) at open and when it has grown past a few times its snapshot. The first failed manifest write is latched.
// Thread safety: any thread at once; Apply calls are serialised by the tree's lock, which is held over the manifest's I/O and
// ranks below the commit lock (never take the commit lock inside Apply).
#pragma once

#include <memory>
#include <string>

#include "amethyst/error.h"
#include "io/environment.h"
#include "tree/table_store.h"
#include "tree/version.h"

namespace amethyst::tree {

struct TreeSettings {
  std::string directory;
  key::Order order{};
  bool create_if_missing = true;
  bool error_if_exists = false;
  bool read_only = false;
};

// What the manifest said at open.
struct RecoveredTree {
  base::Uid database_uid;
  key::SequenceNumber flushed_sequence{};
  key::SequenceNumber last_sequence{};
  key::FileNumber first_log_segment{};
  std::optional<wal::LogCut> clean_log_end;
  bool created = false;  // There was no database before.
};

class Tree {
 public:
  // The caller holds the directory's lock. kInvalidArgument: no database there (and it may not be created), one that may not exist,
  // another comparator, or files that are not ours; kNotSupported: a newer format; kCorruption: damage, or a table that is missing or of another size.
  [[nodiscard]] static Result<std::unique_ptr<Tree>> Open(std::shared_ptr<TableStore> store, const TreeSettings& settings);
  ~Tree();

  [[nodiscard]] const RecoveredTree& recovered() const;
  [[nodiscard]] std::shared_ptr<const Version> current() const;
  // Never the same twice, over all opens (numbers seen in the directory are skipped).
  [[nodiscard]] key::FileNumber NewFileNumber();

  // Writes `edit` to the manifest, syncs it, makes the next version current, marks removed tables obsolete, and calls `installed`
  // with the new version before any later Apply can run. kNoSpace leaves the tree as it was and is not latched; another failure is
  // latched: no further edit is written.
  [[nodiscard]] Status Apply(VersionEdit edit, base::FunctionRef<void(std::shared_ptr<const Version>)> installed);

  // Names in the directory that are ours but not live: tables no version lists, old manifests, temporary files; not log segments.
  [[nodiscard]] Result<std::vector<std::string>> Orphans() const;
  [[nodiscard]] Status health() const;
  [[nodiscard]] Status Close();  // Of the manifest's descriptor.
};

// Names of files: "000012.sst", "000013.wal", "MANIFEST-000001", "CURRENT", "LOCK".
[[nodiscard]] std::string TableFileName(key::FileNumber number);
[[nodiscard]] std::string LogFileName(key::FileNumber number);
enum class FileType : uint8_t { kTable, kLogSegment, kManifest, kCurrent, kLock, kTemporary };
struct ParsedFileName {
  FileType type;
  key::FileNumber number{};
};
// nullopt: not a name that Amethyst gives.
[[nodiscard]] std::optional<ParsedFileName> ParseFileName(std::string_view name);

}  // namespace amethyst::tree
