// Checkpoints and backups.
#include <fmt/format.h>

#include <chrono>

#include "amethyst/backup.h"
#include "capi/json_text.h"
#include "capi/objects.h"

namespace amethyst::capi {

namespace {

Result<BackupStore> OpenStore(const char* store) {
  AMETHYST_TRY(Wanted(store, "store"));
  return BackupStore::Open(store);
}

std::string JsonOf(const BackupInfo& backup) {
  if (!backup.problem.empty()) return fmt::format(R"({{"id":{},"problem":{}}})", backup.id, JsonText(backup.problem));
  const auto created = std::chrono::duration_cast<std::chrono::milliseconds>(backup.created.time_since_epoch());
  return fmt::format(R"({{"id":{},"created_ms":{},"database":"{}","tables":{},"bytes":{},"new_bytes":{}}})", backup.id,
                     created.count(), backup.database, backup.tables, backup.bytes, backup.new_bytes);
}

std::string JsonOf(const PruneReport& report) {
  return fmt::format(R"({{"backups_removed":{},"tables_removed":{},"bytes_removed":{}}})", report.backups_removed,
                     report.tables_removed, report.bytes_removed);
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::BackupStore;
using amethyst::Status;

amethyst_code amethyst_checkpoint(amethyst_db* db, const char* path, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(path, "path"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    return database->db().Checkpoint(path);
  });
}

amethyst_code amethyst_backup_create(amethyst_db* db, const char* store, uint64_t* id, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(BackupStore opened, OpenStore(store));
    AMETHYST_ASSIGN(const uint64_t made, opened.Create(database->db()));
    if (id != nullptr) *id = made;
    return {};
  });
}

amethyst_code amethyst_backup_list(const char* store, char** list, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(list, "list"));
    AMETHYST_ASSIGN(BackupStore opened, OpenStore(store));
    AMETHYST_ASSIGN(const std::vector<amethyst::BackupInfo> backups, opened.List());
    std::string json;
    for (const amethyst::BackupInfo& backup : backups) json += (json.empty() ? "" : ",") + JsonOf(backup);
    *list = CopyOut("[" + json + "]");
    return {};
  });
}

amethyst_code amethyst_backup_verify(const char* store, uint64_t id, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ASSIGN(BackupStore opened, OpenStore(store));
    return opened.Verify(id);
  });
}

amethyst_code amethyst_backup_restore(const char* store, uint64_t id, const char* path, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(path, "path"));
    AMETHYST_ASSIGN(BackupStore opened, OpenStore(store));
    return opened.Restore(id, path);
  });
}

amethyst_code amethyst_backup_prune(const char* store, uint64_t keep, char** report, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ASSIGN(BackupStore opened, OpenStore(store));
    AMETHYST_ASSIGN(const amethyst::PruneReport pruned, opened.Prune(keep));
    if (report != nullptr) *report = CopyOut(JsonOf(pruned));
    return {};
  });
}
