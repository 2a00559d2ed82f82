// What is durable of a database beside its log: the trees of its families, the manifest behind it, and the numbers that
// are never used twice.
//
// Apply makes an edit durable first and visible second. Files first, then the manifest, then deletion: a crash between
// leaves orphans, never holes. CURRENT names the manifest and is replaced atomically; the manifest is rewritten (a
// snapshot of the state as its first record) at open, when it has grown past a few times its snapshot or would outgrow
// what an open reads, and after an append that ran out of space. A state whose snapshot alone is too large for an open
// is refused with kNoSpace, before anything is written. The first failed manifest write, except kNoSpace, is latched:
// no further edit is written and nothing is removed. So is the loss of the directory to another owner. Thread safety:
// any thread at once; Apply calls are serialised by LockRank::kCatalog, which is held over the manifest's I/O.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "catalog/catalog_settings.h"
#include "catalog/catalog_state.h"
#include "catalog/manifest.h"
#include "catalog/read_state.h"
#include "io/environment.h"
#include "tree/file_names.h"
#include "tree/forest.h"
#include "tree/table_store.h"

namespace amethyst::catalog {

// What the manifest said at open.
struct RecoveredCatalog {
  base::Uid database_uid;
  std::vector<base::Uid> ancestors;
  key::SequenceNumber flushed_sequence{};
  key::SequenceNumber last_sequence{};
  key::FileNumber first_log_segment{};
  std::optional<tree::DeleteTime> delete_time;
  std::optional<uint64_t> oldest_delete_s;
  std::optional<uint64_t> read_time_ms;            // Entries may expire.
  std::optional<std::string> merge_operator_name;  // There may be operands, for it.
  // Revoked in the manifest by OpenManifest; by the first edit if the log was empty.
  std::optional<wal::LogCut> clean_log_end;
  std::map<std::string, tree::FeedCursor> cursors{};  // Of the change feed.
  bool created = false;                               // There was no database before.
  bool is_durable = false;                            // All that is here; OpenManifest sees to it else.
  key::FileNumber manifest{};                         // It was read from that one, up to there.
  ManifestPosition manifest_end{};

  // The log is empty for sure, whatever power loss comes: its first segment may begin when it is needed.
  [[nodiscard]] bool log_is_empty() const { return clean_log_end && clean_log_end->segment < first_log_segment; }
};

class Catalog {
 public:
  // The caller holds the directory's lock. kInvalidArgument: no database there (and it may not be created), one that
  // may not exist, or another comparator than the database's or a family's; kNotSupported: a newer format; kCorruption:
  // damage, or a table that is missing or of another size. Changes nothing in a database that exists, so opening it
  // works on a full disk.
  [[nodiscard]] static Result<std::unique_ptr<Catalog>> Open(std::shared_ptr<tree::TableStore> store,
                                                             const CatalogSettings& settings);

  // Begins a fresh manifest, which makes durable what Open read, some of which may have lived in the page cache only,
  // and leaves a torn tail behind. Where all of it is known to be durable and the log is empty, as after a close, the
  // first edit begins it: an open that nobody writes to costs no sync. Once, before the first edit; not of a read-only
  // tree. On a full disk an existing database goes on with its old manifest.
  [[nodiscard]] Status OpenManifest() AMETHYST_EXCLUDES(mutex_);

  [[nodiscard]] const RecoveredCatalog& recovered() const { return recovered_; }
  [[nodiscard]] std::shared_ptr<const tree::Forest> forest() const AMETHYST_EXCLUDES(current_mutex_);
  // The default family's version.
  [[nodiscard]] std::shared_ptr<const tree::Version> current() const { return forest()->default_family().version; }
  // Never the same twice, over all opens (numbers seen in the directory are skipped).
  [[nodiscard]] key::FileNumber NewFileNumber() {
    return key::FileNumber{next_file_number_.fetch_add(1, std::memory_order_relaxed)};
  }

  // Writes `edit` to the manifest, syncs it, makes the next forest current, marks removed tables obsolete, and calls
  // `installed`, which must not throw, with the new forest before any later Apply can run. The files of added tables
  // are written and synced by the caller; their names are made durable here (one directory sync if any table is added,
  // or a first log segment named).
  //
  // kNoSpace, kOutOfMemory, and running out of descriptors, leave the tree as it was and are not latched; another
  // failure to write is. After any failure the files of added tables belong to the tree: the caller neither removes
  // them nor adds them again, for the failed record may be what the next open reads. They are removed once it cannot
  // (see TableStore::AddObsolete), or by that open. An edit that does not fit the version is refused with kCorruption,
  // and nothing is written.
  //
  // What the edit adds to a family that was dropped meanwhile, or removes of it, is left out: its tables are gone, and
  // so are the files of these.
  [[nodiscard]] Status Apply(tree::VersionEdit edit,
                             base::FunctionRef<void(std::shared_ptr<const tree::Forest>)> installed)
      AMETHYST_EXCLUDES(mutex_, current_mutex_);

  // Names in the directory that are ours but not live: tables no version lists, old manifests, temporary files; not log
  // segments. Only before the first table is written and the first edit applied: a table in the making would look like
  // an orphan.
  [[nodiscard]] Result<std::vector<std::string>> Orphans() const AMETHYST_EXCLUDES(mutex_);
  // All that is durable beside the log, as of one edit. Its tables stay while the value does.
  [[nodiscard]] CatalogState State() const AMETHYST_EXCLUDES(mutex_);
  // The last edit says so, of a log that ends there: the next open finds none.
  [[nodiscard]] bool LogIsEmptyFrom(wal::LogPosition end) const AMETHYST_EXCLUDES(mutex_);
  // Of the caller's log.
  [[nodiscard]] std::optional<AppliedIndex> applied() const AMETHYST_EXCLUDES(mutex_);
  // No earlier one is needed.
  [[nodiscard]] key::FileNumber first_log_segment() const AMETHYST_EXCLUDES(mutex_);
  // Every entry at or below it is in tables.
  [[nodiscard]] key::SequenceNumber flushed_sequence() const AMETHYST_EXCLUDES(mutex_);
  // The latched error, if any.
  [[nodiscard]] Status health() const AMETHYST_EXCLUDES(mutex_);
  // Of the manifest's descriptor; a later Apply fails with kClosed.
  [[nodiscard]] Status Close() AMETHYST_EXCLUDES(mutex_);

 private:
  // `manifest`: what CURRENT names; 0 for a new database.
  Catalog(std::shared_ptr<tree::TableStore> store, CatalogSettings settings, RecoveredState recovered,
          key::FileNumber manifest);

  // All of an edit that takes memory: once it is durable, nothing may fail.
  struct Prepared {
    CatalogState next;
    std::string payload;  // Of the manifest's record.
    std::vector<tree::TablePtr> obsolete;
  };

  [[nodiscard]] Result<Prepared> Prepare(const tree::VersionEdit& edit) const AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Write(const tree::VersionEdit& edit, const Prepared& prepared) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Append(const tree::VersionEdit& edit, std::string_view payload) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Rewrite(const CatalogState& next) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Result<std::unique_ptr<ManifestWriter>> StartManifest(key::FileNumber number, const CatalogState& next);
  [[nodiscard]] std::unexpected<Error> GiveUp(key::FileNumber manifest, const Error& error) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] bool NamesOldManifest() const AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status SyncDirectory();
  // An error if the directory is another owner's now.
  [[nodiscard]] Status CheckOwner() AMETHYST_REQUIRES(mutex_);
  void LatchUnlessItClears(const Error& error) noexcept AMETHYST_REQUIRES(mutex_);
  void LeaveOutDropped(tree::VersionEdit* edit) AMETHYST_REQUIRES(mutex_);
  void Abandon(const tree::VersionEdit& edit) AMETHYST_REQUIRES(mutex_);

  const std::shared_ptr<tree::TableStore> store_;
  const CatalogSettings settings_;
  RecoveredCatalog recovered_;
  std::atomic<uint64_t> next_file_number_;  // Of any thread, by NewFileNumber.

  mutable base::Mutex mutex_{base::LockRank::kCatalog};  // Held over the manifest's I/O.
  CatalogState state_ AMETHYST_GUARDED_BY(mutex_);
  Status health_ AMETHYST_GUARDED_BY(mutex_);
  bool closed_ AMETHYST_GUARDED_BY(mutex_) = false;
  key::FileNumber manifest_number_ AMETHYST_GUARDED_BY(mutex_){};         // What CURRENT names; 0: there is none yet.
  std::unique_ptr<ManifestWriter> manifest_ AMETHYST_GUARDED_BY(mutex_);  // nullptr: the next write starts a new one.
  uint64_t rewrite_above_bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;
  // Added by failed edits that the sealed manifest may hold: their files wait for a new one. nullopt: it holds none.
  std::optional<std::vector<key::FileNumber>> abandoned_ AMETHYST_GUARDED_BY(mutex_);

  mutable base::Mutex current_mutex_{base::LockRank::kCurrentVersion};
  std::shared_ptr<const tree::Forest> current_ AMETHYST_GUARDED_BY(current_mutex_);
};

}  // namespace amethyst::catalog
