#include "database.h"

#include <utility>

namespace amethyst::node {

void Database::EndTask() {
  if (--task_count_ == 0 && when_idle_) std::exchange(when_idle_, nullptr)();
}

void Database::WhenIdle(std::function<void()> then) {
  if (task_count_ == 0) return then();
  when_idle_ = std::move(then);
}

OpenDatabase GetOpen(napi_env env, napi_value value) {
  auto handle = GetHandle<Database>(env, value);
  if (!handle) return {};
  if (!handle->db()) Throw(env, "LEVEL_DATABASE_NOT_OPEN", "Database is not open");
  std::shared_ptr<DB> db = handle->db();
  return {std::move(handle), std::move(db)};
}

std::shared_ptr<const Snapshot> GetSnapshot(napi_env env, napi_value value, const std::shared_ptr<DB>& db) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) {
    return std::make_shared<Snapshot>(db->GetSnapshot());
  }
  const auto handle = FindHandle<SnapshotHandle>(env, value);
  if (!handle || handle->db.lock() != db) {
    Throw(env, "LEVEL_INVALID_SNAPSHOT", "The snapshot is not one of this database, as it is open now");
    return nullptr;
  }
  if (!handle->snapshot) {
    Throw(env, "LEVEL_SNAPSHOT_NOT_OPEN", "Snapshot is not open: cannot use snapshot after close()");
  }
  return handle->snapshot;
}

}  // namespace amethyst::node
