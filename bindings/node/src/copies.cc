#include "copies.h"

#include <chrono>
#include <utility>
#include <vector>

#include "amethyst/backup.h"
#include "database.h"
#include "task.h"

namespace amethyst::node {

namespace {

// What `call` does with the store in a directory.
template <typename Call>
auto WithStore(const std::string& directory, Call call) -> decltype(call(std::declval<BackupStore&>())) {
  Result<BackupStore> store = BackupStore::Open(directory);
  if (!store) return std::unexpected(std::move(store).error());
  return call(*store);
}

uint64_t NumberOf(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number >= 1 ? static_cast<uint64_t>(number) : 0;  // No backup has it, and no keep is allowed to be.
}

void Set(napi_env env, napi_value object, const char* name, uint64_t number) {
  napi_set_named_property(env, object, name, NewNumber(env, static_cast<double>(number)));
}
void Set(napi_env env, napi_value object, const char* name, const std::string& text) {
  napi_set_named_property(env, object, name, NewString(env, text));
}

napi_value NewBackup(napi_env env, const BackupInfo& backup) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  Set(env, object, "id", backup.id);
  if (!backup.problem.empty()) {
    Set(env, object, "problem", backup.problem);
    return object;
  }
  const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(backup.created.time_since_epoch());
  napi_value created = nullptr;
  napi_create_date(env, static_cast<double>(since_1970.count()), &created);
  napi_set_named_property(env, object, "created", created);
  Set(env, object, "database", backup.database);
  Set(env, object, "tables", backup.tables);
  Set(env, object, "bytes", backup.bytes);
  Set(env, object, "newBytes", backup.new_bytes);
  return object;
}

napi_value NewPruneReport(napi_env env, const PruneReport& report) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  Set(env, object, "backupsRemoved", report.backups_removed);
  Set(env, object, "tablesRemoved", report.tables_removed);
  Set(env, object, "bytesRemoved", report.bytes_removed);
  return object;
}

}  // namespace

napi_value Checkpoint(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  auto location = open ? CopyOf(env, arguments[1]) : std::nullopt;
  if (!location) return nullptr;
  return StartTask(
      env, "amethyst.checkpoint", std::move(open.handle),
      [db = std::move(open.db), location = std::move(*location)] { return db->Checkpoint(location); }, Undefined);
}

napi_value CreateBackup(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  auto store = open ? CopyOf(env, arguments[1]) : std::nullopt;
  if (!store) return nullptr;
  return StartTask(
      env, "amethyst.createBackup", std::move(open.handle),
      [db = std::move(open.db), store = std::move(*store)] {
        return WithStore(store, [&db](BackupStore& in) { return in.Create(*db); });
      },
      [](napi_env settling, uint64_t& id) { return NewNumber(settling, static_cast<double>(id)); });
}

napi_value ListBackups(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto store = CopyOf(env, arguments[0]);
  if (!store) return nullptr;
  return StartTask(
      env, "amethyst.listBackups", nullptr,
      [store = std::move(*store)] { return WithStore(store, [](BackupStore& in) { return in.List(); }); },
      [](napi_env settling, std::vector<BackupInfo>& backups) {
        std::vector<napi_value> objects;
        for (const BackupInfo& backup : backups) objects.push_back(NewBackup(settling, backup));
        return NewArray(settling, objects);
      });
}

napi_value VerifyBackup(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto store = CopyOf(env, arguments[0]);
  if (!store) return nullptr;
  return StartTask(
      env, "amethyst.verifyBackup", nullptr,
      [store = std::move(*store), id = NumberOf(env, arguments[1])] {
        return WithStore(store, [id](BackupStore& in) { return in.Verify(id); });
      },
      Undefined);
}

napi_value RestoreBackup(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  auto store = CopyOf(env, arguments[0]);
  auto location = store ? CopyOf(env, arguments[2]) : std::nullopt;
  if (!location) return nullptr;
  return StartTask(
      env, "amethyst.restoreBackup", nullptr,
      [store = std::move(*store), id = NumberOf(env, arguments[1]), location = std::move(*location)] {
        return WithStore(store, [&](BackupStore& in) { return in.Restore(id, location); });
      },
      Undefined);
}

napi_value PruneBackups(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto store = CopyOf(env, arguments[0]);
  if (!store) return nullptr;
  return StartTask(
      env, "amethyst.pruneBackups", nullptr,
      [store = std::move(*store), keep = NumberOf(env, arguments[1])] {
        return WithStore(store, [keep](BackupStore& in) { return in.Prune(keep); });
      },
      [](napi_env settling, PruneReport& report) { return NewPruneReport(settling, report); });
}

}  // namespace amethyst::node
