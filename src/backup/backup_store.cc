#include "amethyst/backup.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "amethyst/db.h"
#include "backup/backup_files.h"
#include "backup/create_backup.h"
#include "base/containment.h"
#include "base/error.h"
#include "checkpoint/new_database.h"
#include "checkpoint/new_directory.h"
#include "io/copy_file.h"
#include "io/system_environment.h"
#include "tree/file_names.h"

namespace amethyst {

using backup::BackupFiles;
using backup::BackupRecord;
using base::Contained;

namespace {

std::string UidText(const base::Uid& uid) { return fmt::format("{:016x}{:016x}", uid.high, uid.low); }

BackupInfo InfoOf(const BackupFiles& files, uint64_t id) {
  const Result<BackupRecord> record = files.Read(id);
  BackupInfo info;
  info.id = id;
  if (!record) {
    info.problem = record.error().message();
    return info;
  }
  info.created = std::chrono::system_clock::time_point(std::chrono::milliseconds(record->created_ms));
  info.database = UidText(*record->state.database_uid);
  info.tables = record->state.added.size();
  info.bytes = record->bytes();
  info.new_bytes = record->new_bytes;
  return info;
}

// Passes every table's file of a backup to `read`, which reads all of it, and compares what it found.
Status ForEachTable(const BackupFiles& files, const BackupRecord& record, const BackupProgress& progress,
                    base::FunctionRef<Result<io::FileDigest>(const tree::AddedTable&, io::OnPiece)> read) {
  backup::Telling telling(progress, record.bytes());
  for (const tree::AddedTable& table : record.state.added) {
    const std::string path = files.TablePath(table.info);
    AMETHYST_ASSIGN(const bool is_there, files.files().Exists(path));
    if (!is_there) return base::Corruption("{}: missing, expected a table of {} bytes", path, table.info.file_bytes);
    const io::FileDigest expected{.bytes = table.info.file_bytes, .hash = record.hashes.at(table.number)};
    AMETHYST_ASSIGN(const io::FileDigest found, read(table, [&](uint64_t bytes) { return telling.Add(bytes); }));
    if (found == expected) continue;
    return base::Corruption("{}: expected {} bytes of hash {:016x}, found {} of {:016x}", path, expected.bytes,
                            expected.hash, found.bytes, found.hash);
  }
  return {};
}

Status RestoreTo(const BackupFiles& files, BackupRecord record, const std::string& path,
                 const BackupProgress& progress) {
  AMETHYST_ASSIGN(const auto made, checkpoint::NewDirectory::Begin(files.files(), path));
  AMETHYST_TRY(ForEachTable(files, record, progress, [&](const tree::AddedTable& table, io::OnPiece on_piece) {
    return io::CopyFile({files.files(), files.TablePath(table.info)},
                        {files.files(), made->PathOf(tree::TableFileName(table.number))}, on_piece);
  }));
  checkpoint::MakeAnother(&record.state);
  AMETHYST_TRY(checkpoint::WriteDatabase(files.files(), made->filled_at(), record.state));
  return made->Finish();
}

// All backups but the last `keep` of each database, and the names of the tables that the others are made of.
struct Outdated {
  std::vector<uint64_t> ids{};
  std::set<std::string> kept_tables{};
};
Result<Outdated> FindOutdated(const BackupFiles& files, uint64_t keep) {
  Outdated outdated;
  std::map<std::string, uint64_t> kept;  // Of each database.
  AMETHYST_ASSIGN(std::vector<uint64_t> ids, files.Ids());
  std::ranges::reverse(ids);
  for (const uint64_t id : ids) {
    AMETHYST_ASSIGN(const BackupRecord record, files.Read(id));
    if (++kept[UidText(*record.state.database_uid)] > keep) {
      outdated.ids.push_back(id);
      continue;
    }
    for (const tree::AddedTable& table : record.state.added) {
      outdated.kept_tables.insert(backup::TableFileName(table.info));
    }
  }
  std::ranges::reverse(outdated.ids);
  return outdated;
}

// Backups first, and durably: a table goes only once no backup names it.
Result<PruneReport> Remove(const BackupFiles& files, const Outdated& outdated) {
  io::FileSystem& system = files.files();
  PruneReport report;
  for (const uint64_t id : outdated.ids) AMETHYST_TRY(system.Remove(files.BackupPath(id)));
  report.backups_removed = outdated.ids.size();
  AMETHYST_ASSIGN(const std::vector<std::string> backups, system.List(files.backups()));
  for (const std::string& name : backups) {
    const bool is_leftover = name.ends_with(".tmp") && backup::ParseBackupFileName(name.substr(0, name.size() - 4));
    if (is_leftover) AMETHYST_TRY(system.Remove(io::JoinPath(files.backups(), name)));
  }
  AMETHYST_TRY(system.SyncDirectory(files.backups()));
  AMETHYST_ASSIGN(const std::vector<std::string> tables, system.List(files.tables()));
  for (const std::string& name : tables) {
    if (!backup::IsTableFileName(name) || outdated.kept_tables.contains(name)) continue;
    const std::string path = io::JoinPath(files.tables(), name);
    AMETHYST_ASSIGN(const uint64_t bytes, system.FileSize(path));
    AMETHYST_TRY(system.Remove(path));
    ++report.tables_removed;
    report.bytes_removed += bytes;
  }
  const std::string flushed = files.flushed() + std::string(checkpoint::kUnfinishedSuffix);
  AMETHYST_ASSIGN(const bool is_left, system.Exists(flushed));
  if (is_left) AMETHYST_TRY(checkpoint::NewDirectory::Begin(system, files.flushed()));  // Which goes at once.
  return report;  // The next one removes what a loss of power brings back.
}

}  // namespace

BackupStore::BackupStore(std::shared_ptr<io::Environment> environment, std::string directory)
    : environment_(std::move(environment)), directory_(std::move(directory)) {}

Result<BackupStore> BackupStore::Open(const std::filesystem::path& directory, Components components) {
  return Contained([&]() -> Result<BackupStore> {
    std::string path = directory.string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path.empty()) return base::InvalidArgument("the path of the store of backups is empty");
    auto environment = components.environment != nullptr ? components.environment : io::DefaultEnvironment();
    AMETHYST_TRY(BackupFiles(environment->files(), path).CheckPlace());
    return BackupStore(std::move(environment), std::move(path));
  });
}

Result<uint64_t> BackupStore::Create(DB& db, const BackupProgress& progress) {
  return Contained([&] {
    const BackupFiles files(environment_->files(), directory_);
    return backup::CreateBackup(files, environment_, *db.engine(), progress);
  });
}

Result<std::vector<BackupInfo>> BackupStore::List() {
  return Contained([&]() -> Result<std::vector<BackupInfo>> {
    const BackupFiles files(environment_->files(), directory_);
    AMETHYST_ASSIGN(const auto lock, files.Lock(io::LockMode::kShared));
    AMETHYST_ASSIGN(const std::vector<uint64_t> ids, files.Ids());
    std::vector<BackupInfo> list;
    list.reserve(ids.size());
    for (const uint64_t id : ids) list.push_back(InfoOf(files, id));
    return list;
  });
}

Status BackupStore::Verify(uint64_t id, const BackupProgress& progress) {
  return Contained([&]() -> Status {
    const BackupFiles files(environment_->files(), directory_);
    AMETHYST_ASSIGN(const auto lock, files.Lock(io::LockMode::kShared));
    AMETHYST_ASSIGN(const BackupRecord record, files.Read(id));
    return ForEachTable(files, record, progress, [&](const tree::AddedTable& table, io::OnPiece on_piece) {
      return io::DigestFile({files.files(), files.TablePath(table.info)}, on_piece);
    });
  });
}

Status BackupStore::Restore(uint64_t id, const std::filesystem::path& path, const BackupProgress& progress) {
  return Contained([&]() -> Status {
    const BackupFiles files(environment_->files(), directory_);
    AMETHYST_ASSIGN(const auto lock, files.Lock(io::LockMode::kShared));
    AMETHYST_ASSIGN(BackupRecord record, files.Read(id));
    return RestoreTo(files, std::move(record), path.string(), progress);
  });
}

Result<PruneReport> BackupStore::Prune(uint64_t keep) {
  return Contained([&]() -> Result<PruneReport> {
    if (keep == 0) return base::InvalidArgument("keep at least one backup of each database");
    const BackupFiles files(environment_->files(), directory_);
    AMETHYST_ASSIGN(const auto lock, files.Lock(io::LockMode::kExclusive));
    AMETHYST_ASSIGN(const Outdated outdated, FindOutdated(files, keep));
    return Remove(files, outdated);
  });
}

}  // namespace amethyst
