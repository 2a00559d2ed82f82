// A database as JavaScript holds it: opened and closed by tasks, and shared between worker threads if they ask for it.
//
// Open: what runs on the thread of JavaScript sees the database from the moment that its promise settles. Close waits
// until the tasks that were started before are done. Forgotten without Close, the last owner closes it. Thread safety:
// one JavaScript thread; tasks share the amethyst::DB itself, which any thread may use.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "amethyst/amethyst.h"
#include "handle.h"

namespace amethyst::node {

class Database final : public Handle {
 public:
  static constexpr Kind kKind = Kind::kDatabase;
  Database() : Handle(kKind) {}

  // Null while it is not open.
  [[nodiscard]] const std::shared_ptr<DB>& db() const { return db_; }
  void SetOpened(std::shared_ptr<DB> db) { db_ = std::move(db); }
  // Gives up the database: what is not under way is refused from here on.
  [[nodiscard]] std::shared_ptr<DB> Release() { return std::move(db_); }

  // Tasks under way, and what is to happen after the last of them; one caller at a time.
  void BeginTask() { ++task_count_; }
  void EndTask();
  void WhenIdle(std::function<void()> then);

 private:
  std::shared_ptr<DB> db_;
  int task_count_ = 0;
  std::function<void()> when_idle_;
};

// A snapshot that JavaScript holds. Null once closed; reads that began before keep it.
class SnapshotHandle final : public Handle {
 public:
  static constexpr Kind kKind = Kind::kSnapshot;
  explicit SnapshotHandle(std::shared_ptr<DB> of)
      : Handle(kKind), snapshot(std::make_shared<Snapshot>(of->GetSnapshot())), db(std::move(of)) {}

  std::shared_ptr<const Snapshot> snapshot;
  const std::weak_ptr<DB> db;
};

// The open database behind a handle; throws and gives nullptr if it is none or not open.
struct OpenDatabase {
  std::shared_ptr<Database> handle;
  std::shared_ptr<DB> db;
  explicit operator bool() const { return db != nullptr; }
};
[[nodiscard]] OpenDatabase GetOpen(napi_env env, napi_value handle);

// The snapshot that a read asks for, or one of now where `handle` is undefined. Throws and gives nullptr if it is no
// open snapshot of this database.
[[nodiscard]] std::shared_ptr<const Snapshot> GetSnapshot(napi_env env, napi_value handle,
                                                          const std::shared_ptr<DB>& db);

}  // namespace amethyst::node
