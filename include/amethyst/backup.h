// A store of backups: many, of one or several databases, in one directory. What did not change is stored once.
//
//   auto store = amethyst::BackupStore::Open("/backups/shop").value();
//   const uint64_t id = store.Create(*db).value();           // While the database is read and written.
//   store.Verify(id);                                        // Reads all of it.
//   store.Restore(id, "/data/restored");                     // A new directory, a database of its own.
//   store.Prune(7);                                          // Keeps the last seven of each database.
//
// A backup holds what DB::Checkpoint would: every write acknowledged before Create was called, as of one moment. It is
// whole and durable, or not there: a crash in any call leaves whole backups, and files that nobody names, which the
// next Prune removes. Create reads and stores only the tables that no backup has yet, and checks every checksum of
// these on the way. Restored databases, and copies, have uids of their own, and tables are known by their uid and
// content, never by their numbers: databases with a common past share a store, and never each other's tables.
//
// Thread safety: every method may be called from any thread at once, and by several processes. Create and Prune have
// the store to themselves, the others share it; where that cannot be now, the call fails with kBusy.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/components.h"
#include "amethyst/error.h"

namespace amethyst {

class DB;

struct BackupInfo {
  uint64_t id = 0;
  std::chrono::system_clock::time_point created;
  std::string database;    // Its uid, 32 hexadecimal digits.
  uint64_t tables = 0;     // Of which the backup is made.
  uint64_t bytes = 0;      // In these tables.
  uint64_t new_bytes = 0;  // The part of `bytes` that was copied when the backup was made.
  std::string problem;     // Not empty: its list of tables cannot be read, and this is why; then only `id` is known.
};

struct PruneReport {
  uint64_t backups_removed = 0;
  uint64_t tables_removed = 0;  // What no backup names: of those removed, and what crashes have left.
  uint64_t bytes_removed = 0;
};

// Told from time to time how many bytes of how many are done. False ends the call, which then fails with kClosed.
using BackupProgress = std::function<bool(uint64_t bytes_done, uint64_t bytes_total)>;

class BackupStore {
 public:
  // Creates nothing: the first Create does. kInvalidArgument: there is something else than a store. Of `components`,
  // the environment is used.
  [[nodiscard]] static Result<BackupStore> Open(const std::filesystem::path& directory, Components components = {});

  // Makes a backup of `db`, and returns its id: greater than those of all there are. kCorruption: a table of the
  // database is damaged; there is no backup then. Errors else: as DB::Checkpoint.
  [[nodiscard]] Result<uint64_t> Create(DB& db, const BackupProgress& progress = nullptr);
  // By their ids. kInvalidArgument: there is no store.
  [[nodiscard]] Result<std::vector<BackupInfo>> List();
  // Reads every byte of the backup and compares it with what was stored. kCorruption names the first file that is
  // missing or not what it was. kInvalidArgument: there is no such backup.
  [[nodiscard]] Status Verify(uint64_t id, const BackupProgress& progress = nullptr);
  // Makes a database of the backup in the new directory `path`, whole or not at all, as DB::Checkpoint does: verified
  // while it is copied. kInvalidArgument: there is no such backup, or something is at `path`.
  [[nodiscard]] Status Restore(uint64_t id, const std::filesystem::path& path,
                               const BackupProgress& progress = nullptr);
  // Removes all but the last `keep` backups of each database, then the tables that no backup is made of any more.
  // kInvalidArgument: `keep` is 0. kCorruption: the list of a backup cannot be read, so nothing is removed: what
  // it is made of is not known.
  [[nodiscard]] Result<PruneReport> Prune(uint64_t keep);

 private:
  BackupStore(std::shared_ptr<io::Environment> environment, std::string directory);

  std::shared_ptr<io::Environment> environment_;
  std::string directory_;
};

}  // namespace amethyst
