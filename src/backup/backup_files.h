// The files of a backup store: their names, and what its backups say.
//
//   <store>/BACKUPS                     that it is a store; made first
//   <store>/LOCK
//   <store>/backups/000012.backup       one backup (backup_record.h)
//   <store>/tables/<uid>-<digest>.sst   one table: 32 and 16 hexadecimal digits
//   <store>/flushed.unfinished/         while a follower makes a backup: what it has in memory, in tables
//   <store>/.../*.tmp                   what a crash left of one of these
//
// A table is known by its uid, which is random and its own, and the digest of its content: see
// docs/decisions/0034-a-table-is-known-by-its-uid-and-digest.md. Files under their own names are whole and durable.
// Thread safety: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "backup/backup_record.h"
#include "io/file_system.h"
#include "sstable/table_info.h"

namespace amethyst::backup {

inline constexpr std::string_view kMarkFileName = "BACKUPS";

[[nodiscard]] std::string BackupFileName(uint64_t id);
// nullopt: not a name of a backup.
[[nodiscard]] std::optional<uint64_t> ParseBackupFileName(std::string_view name);
[[nodiscard]] std::string TableFileName(const sstable::TableInfo& info);
// Whether it is a name that TableFileName gives, or one of those with ".tmp" behind it.
[[nodiscard]] bool IsTableFileName(std::string_view name);

class BackupFiles {
 public:
  BackupFiles(io::FileSystem& files, std::string directory)
      : files_(files),
        directory_(std::move(directory)),
        backups_(directory_ + "/backups"),
        tables_(directory_ + "/tables") {}

  [[nodiscard]] io::FileSystem& files() const { return files_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::string& backups() const { return backups_; }
  [[nodiscard]] const std::string& tables() const { return tables_; }
  // For a checkpoint::NewDirectory that is never finished.
  [[nodiscard]] std::string flushed() const { return directory_ + "/flushed"; }
  [[nodiscard]] std::string BackupPath(uint64_t id) const { return io::JoinPath(backups_, BackupFileName(id)); }
  [[nodiscard]] std::string TablePath(const sstable::TableInfo& info) const {
    return io::JoinPath(tables_, TableFileName(info));
  }

  // kInvalidArgument: there is something else. OK: a store is there, or nothing is, or what a crash has left of Make.
  [[nodiscard]] Status CheckPlace() const;
  // Makes the store, as far as it is not there.
  [[nodiscard]] Status Make() const;
  // kInvalidArgument: there is no store. kBusy: somebody uses it.
  [[nodiscard]] Result<std::unique_ptr<io::FileLock>> Lock(io::LockMode mode) const;

  // Of all backups, ascending.
  [[nodiscard]] Result<std::vector<uint64_t>> Ids() const;
  // kInvalidArgument: there is no such backup. Errors name the file.
  [[nodiscard]] Result<BackupRecord> Read(uint64_t id) const;

 private:
  io::FileSystem& files_;
  const std::string directory_;
  const std::string backups_;
  const std::string tables_;
};

}  // namespace amethyst::backup
