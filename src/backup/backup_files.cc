#include "backup/backup_files.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "tree/file_names.h"

namespace amethyst::backup {
namespace {

constexpr std::string_view kBackupSuffix = ".backup";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::string_view kMark = "A store of backups of Amethyst databases, format 1.\n";

bool IsHex(std::string_view digits) { return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

}  // namespace

std::string BackupFileName(uint64_t id) { return fmt::format("{:06}{}", id, kBackupSuffix); }

std::optional<uint64_t> ParseBackupFileName(std::string_view name) {
  if (!name.ends_with(kBackupSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - kBackupSuffix.size());
  uint64_t id = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (failed != std::errc() || end != digits.data() + digits.size() || BackupFileName(id) != name) return std::nullopt;
  return id;
}

std::string TableFileName(const sstable::TableInfo& info) {
  return fmt::format("{:016x}{:016x}-{:016x}.sst", info.uid.high, info.uid.low, info.digest);
}

bool IsTableFileName(std::string_view name) {
  if (name.ends_with(kTemporarySuffix)) name.remove_suffix(kTemporarySuffix.size());
  constexpr size_t kUidDigits = 32, kDigestDigits = 16;
  return name.size() == kUidDigits + 1 + kDigestDigits + 4 && IsHex(name.substr(0, kUidDigits)) &&
         name[kUidDigits] == '-' && IsHex(name.substr(kUidDigits + 1, kDigestDigits)) && name.ends_with(".sst");
}

Status BackupFiles::CheckPlace() const {
  AMETHYST_ASSIGN(const bool is_there, files_.Exists(directory_));
  if (!is_there) return {};
  AMETHYST_ASSIGN(const bool is_store, files_.Exists(io::JoinPath(directory_, kMarkFileName)));
  if (is_store) return {};
  AMETHYST_ASSIGN(const std::vector<std::string> names, files_.List(directory_));
  for (const std::string& name : names) {
    if (name == tree::kLockFileName || name == std::string(kMarkFileName) + ".tmp") continue;
    return base::InvalidArgument(
        "{}: not a store of backups, and not empty (it holds \"{}\"); choose another directory", directory_, name);
  }
  return {};
}

Status BackupFiles::Make() const {
  AMETHYST_TRY(CheckPlace());
  AMETHYST_TRY(files_.CreateDirectories(directory_));
  const std::string mark = io::JoinPath(directory_, kMarkFileName);
  AMETHYST_ASSIGN(const bool is_marked, files_.Exists(mark));
  if (!is_marked) AMETHYST_TRY(io::ReplaceFile(files_, mark, kMark));
  AMETHYST_TRY(files_.CreateDirectories(backups_));
  return files_.CreateDirectories(tables_);
}

Result<std::unique_ptr<io::FileLock>> BackupFiles::Lock(io::LockMode mode) const {
  AMETHYST_ASSIGN(const bool is_store, files_.Exists(io::JoinPath(directory_, kMarkFileName)));
  if (!is_store) return base::InvalidArgument("{}: there is no store of backups here", directory_);
  return files_.Lock(io::JoinPath(directory_, tree::kLockFileName), mode);
}

Result<std::vector<uint64_t>> BackupFiles::Ids() const {
  AMETHYST_ASSIGN(const std::vector<std::string> names, files_.List(backups_));
  std::vector<uint64_t> ids;
  for (const std::string& name : names) {
    if (const auto id = ParseBackupFileName(name)) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

Result<BackupRecord> BackupFiles::Read(uint64_t id) const {
  const std::string path = BackupPath(id);
  AMETHYST_ASSIGN(const bool is_there, files_.Exists(path));
  if (!is_there) return base::InvalidArgument("{}: there is no backup {}", directory_, id);
  AMETHYST_ASSIGN(const std::string bytes, io::ReadFile(files_, path));
  Result<BackupRecord> record = BackupRecord::FromBytes(bytes);
  if (!record) return base::MakeError(record.error().code(), "{}: {}", path, record.error().message());
  if (record->id != id) return base::Corruption("{}: expected backup {}, found {}", path, id, record->id);
  return record;
}

}  // namespace amethyst::backup
