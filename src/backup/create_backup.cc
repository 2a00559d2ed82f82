#include "backup/create_backup.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cache/block_cache.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/new_directory.h"
#include "sstable/table_copy.h"

namespace amethyst::backup {
namespace {

constexpr size_t kCacheBytes = size_t{1} << 20;  // For what reading a table's index asks of a cache.

// What the store has of tables, by their names: only those that a backup names, which are whole.
using StoredTables = std::map<std::string, io::FileDigest>;

Status AddTables(const BackupRecord& record, StoredTables* tables) {
  for (const tree::AddedTable& table : record.state.added) {
    (*tables)[TableFileName(table.info)] = {.bytes = table.info.file_bytes, .hash = record.hashes.at(table.number)};
  }
  return {};
}

class Creating {
 public:
  Creating(const BackupFiles& files, engine::Engine& engine, StoredTables stored)
      : files_(files),
        engine_(engine),
        stored_(std::move(stored)),
        cache_({.capacity_bytes = kCacheBytes, .shards = 1}) {}

  // Stores the tables of `capture` that are not there yet, and says in `record` what it is made of.
  Status Run(const engine::Capture& capture, const BackupProgress& progress, BackupRecord* record) {
    const catalog::CatalogState& state = capture.state;
    record->state = state.Snapshot();
    uint64_t total = 0;
    std::vector<tree::TablePtr> missing;
    for (const tree::FamilyTree& tree : state.forest->families()) {
      Status found;
      tree.version->ForEachTable([&](key::Level, const tree::TablePtr& table) {
        if (!found) return;
        const Result<bool> is_stored = IsStored(*table, record);
        if (!is_stored) found = std::unexpected(is_stored.error());
        if (!is_stored || *is_stored) return;
        missing.push_back(table);
        total += table->info().file_bytes;
      });
      AMETHYST_TRY(found);
    }
    Telling telling(progress, total);
    for (const tree::TablePtr& table : missing) {
      AMETHYST_TRY(Store(*table, capture.StoreOf(table->number()), &telling, record));
    }
    return missing.empty() ? Status() : files_.files().SyncDirectory(files_.tables());
  }

 private:
  // A file that no backup names may be of any content, and one of another size is not what it was.
  Result<bool> IsStored(const tree::Table& table, BackupRecord* record) {
    const auto known = stored_.find(TableFileName(table.info()));
    if (known == stored_.end()) return false;
    const std::string path = files_.TablePath(table.info());
    AMETHYST_ASSIGN(const bool is_there, files_.files().Exists(path));
    if (!is_there) return false;
    AMETHYST_ASSIGN(const uint64_t bytes, files_.files().FileSize(path));
    if (bytes != known->second.bytes) return false;
    record->hashes[table.number()] = known->second.hash;
    return true;
  }

  Status Store(const tree::Table& table, tree::TableStore& store, Telling* telling, BackupRecord* record) {
    engine::Database& database = engine_.database();
    const std::string path = files_.TablePath(table.info());
    const std::string temporary = path + ".tmp";
    AMETHYST_ASSIGN(const bool left_over, files_.files().Exists(temporary));
    if (left_over) AMETHYST_TRY(files_.files().Remove(temporary));
    AMETHYST_ASSIGN(const std::unique_ptr<sstable::TableReader> reader,
                    sstable::TableReader::Open(store.Handle(table.number()), table.info(), table.order(), cache_));
    const auto on_piece = [&](uint64_t bytes) {
      return database.reads->gate.IsClosed() ? engine::Closed() : telling->Add(bytes);
    };
    const auto copy = [&] { return sstable::CopyTable(*reader, {files_.files(), temporary}, on_piece); };
    const Result<io::FileDigest> copied = store.WithDescriptor(copy);
    if (!copied) {
      static_cast<void>(files_.files().Remove(temporary));
      return std::unexpected(copied.error());
    }
    AMETHYST_TRY(files_.files().Rename(temporary, path));
    record->hashes[table.number()] = copied->hash;
    record->new_bytes += copied->bytes;
    return {};
  }

  const BackupFiles& files_;
  engine::Engine& engine_;
  const StoredTables stored_;
  cache::BlockCache cache_;
};

}  // namespace

Status Telling::Add(uint64_t bytes) {
  done_ += bytes;
  if (progress_ == nullptr || progress_(done_, total_)) return {};
  return base::MakeError(ErrorCode::kClosed, "ended by its caller, after {} of {} bytes", done_, total_);
}

Result<uint64_t> CreateBackup(const BackupFiles& files, const std::shared_ptr<io::Environment>& environment,
                              engine::Engine& engine, const BackupProgress& progress) {
  AMETHYST_TRY(files.Make());
  AMETHYST_ASSIGN(const std::unique_ptr<io::FileLock> lock, files.Lock(io::LockMode::kExclusive));
  AMETHYST_ASSIGN(const std::vector<uint64_t> ids, files.Ids());
  StoredTables stored;
  for (const uint64_t id : ids) {
    // A backup that cannot be read vouches for no table; List and Prune tell of it.
    if (const Result<BackupRecord> record = files.Read(id)) AMETHYST_TRY(AddTables(*record, &stored));
  }
  BackupRecord record;
  record.id = ids.empty() ? 1 : ids.back() + 1;
  record.created_ms = static_cast<uint64_t>(environment->clock().WallTime().count());
  Creating creating(files, engine, std::move(stored));
  std::unique_ptr<checkpoint::NewDirectory> flushed;  // Of a follower.
  engine::FlushPlace place{.environment = environment, .directory = {}};
  if (engine.database().follower != nullptr) {
    AMETHYST_ASSIGN(flushed, checkpoint::NewDirectory::Begin(files.files(), files.flushed()));
    place.directory = flushed->filled_at();
  }
  AMETHYST_TRY(checkpoint::WithCapture(
      engine, place, [&](const engine::Capture& capture) { return creating.Run(capture, progress, &record); }));
  AMETHYST_TRY(lock->CheckHeld());
  AMETHYST_TRY(io::ReplaceFile(files.files(), files.BackupPath(record.id), record.Encode()));
  engine.database().health.events.Tell(
      [&] { return Event{.kind = EventKind::kBackup, .text = files.directory(), .value = record.id}; });
  return record.id;
}

}  // namespace amethyst::backup
