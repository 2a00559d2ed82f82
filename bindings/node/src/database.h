// A database, or one of its families, as JavaScript holds it: a map of keys. A database is opened and closed by tasks,
// and shared between worker threads if they ask for it; its keys are those of its default family.
//
// Open: what runs on the thread of JavaScript sees the database from the moment that its promise settles. Close waits
// until the tasks that were started before are done. Forgotten without Close, the last owner closes it. A family is
// open while its database is, and has to be opened again when that was. Thread safety: one JavaScript thread; tasks
// share the amethyst::DB itself, which any thread may use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "amethyst/amethyst.h"
#include "handle.h"

namespace amethyst::node {

class Database final : public Handle {
 public:
  static constexpr Kind kKind = Kind::kDatabase;
  Database() : Handle(kKind) {}

  // Null while it is not open.
  [[nodiscard]] std::shared_ptr<DB> db() const;
  // The database that it is a family of; null: it is one itself.
  [[nodiscard]] const std::shared_ptr<Database>& root() const { return root_; }
  // While it is open.
  [[nodiscard]] const Family& family() const { return *family_; }
  void SetOpened(std::shared_ptr<DB> db, Family default_family);
  void SetOpenedFamily(std::shared_ptr<Database> root, const std::shared_ptr<DB>& db, Family family);
  // Gives up the database: what is not under way is refused from here on.
  [[nodiscard]] std::shared_ptr<DB> Release();

  // Tasks under way, and what is to happen after the last of them; one caller at a time.
  void BeginTask() { ++task_count_; }
  void EndTask();
  void WhenIdle(std::function<void()> then);

 private:
  std::shared_ptr<DB> db_;  // Null for a family, which would keep it open.
  std::shared_ptr<Database> root_;
  std::weak_ptr<DB> family_of_;
  std::optional<Family> family_;
  int task_count_ = 0;
  std::function<void()> when_idle_;
};

// A snapshot that JavaScript holds. Null once closed; reads that began before keep it.
class SnapshotHandle final : public Handle {
 public:
  static constexpr Kind kKind = Kind::kSnapshot;
  explicit SnapshotHandle(const std::shared_ptr<DB>& of) : SnapshotHandle(of, of->GetSnapshot()) {}
  SnapshotHandle(std::weak_ptr<DB> of, Snapshot made)
      : Handle(kKind), snapshot(std::make_shared<Snapshot>(std::move(made))), db(std::move(of)) {}

  std::shared_ptr<const Snapshot> snapshot;
  const std::weak_ptr<DB> db;
};

// The open database or family behind a handle; throws and is empty if the handle is another's, or is not open.
struct OpenDatabase {
  std::shared_ptr<Database> handle;  // Of the database, which tasks keep from closing.
  std::shared_ptr<DB> db;
  std::optional<Family> family;  // What reads and writes are of.
  explicit operator bool() const { return db != nullptr; }
};
[[nodiscard]] OpenDatabase GetOpen(napi_env env, napi_value handle);

// The snapshot that a read asks for, or one of now where `handle` is undefined. Throws and gives nullptr if it is no
// open snapshot of this database.
[[nodiscard]] std::shared_ptr<const Snapshot> GetSnapshot(napi_env env, napi_value handle,
                                                          const std::shared_ptr<DB>& db);

}  // namespace amethyst::node
