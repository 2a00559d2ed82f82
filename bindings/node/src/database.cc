#include "database.h"

#include <utility>

namespace amethyst::node {

std::shared_ptr<DB> Database::db() const {
  if (!root_) return db_;
  auto db = family_of_.lock();
  return db == root_->db_ ? db : nullptr;
}

void Database::SetOpened(std::shared_ptr<DB> db, Family default_family) {
  db_ = std::move(db);
  family_ = std::move(default_family);
}

void Database::SetOpenedFamily(std::shared_ptr<Database> root, const std::shared_ptr<DB>& db, Family family) {
  root_ = std::move(root);
  family_of_ = db;
  family_ = std::move(family);
}

std::shared_ptr<DB> Database::Release() {
  family_.reset();
  return std::move(db_);
}

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
  std::shared_ptr<DB> db = handle->db();
  if (!db) {
    Throw(env, "LEVEL_DATABASE_NOT_OPEN", "Database is not open");
    return {};
  }
  std::optional<Family> family = handle->family();
  if (handle->root()) handle = handle->root();
  return {std::move(handle), std::move(db), std::move(family)};
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
