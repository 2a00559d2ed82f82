// What the handles of the C interface stand for, except those that one file alone knows.
//
// Whatever comes from a database shares it, so that handles may be released in any order. Thread safety: as c.h says of
// each.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "amethyst/c.h"
#include "amethyst/db.h"
#include "capi/call.h"
#include "capi/handle_table.h"

namespace amethyst::capi {

// What callbacks of the caller are called with. Its end is told to the caller, once that was promised.
class CallbackState {
 public:
  explicit CallbackState(void* state) : state_(state) {}
  ~CallbackState() {
    if (destroy_ != nullptr) destroy_(state_);
  }
  CallbackState(const CallbackState&) = delete;
  CallbackState& operator=(const CallbackState&) = delete;

  void PromiseToDestroy(void (*destroy)(void*)) { destroy_ = destroy; }
  [[nodiscard]] void* get() const { return state_; }

 private:
  void* const state_;
  void (*destroy_)(void*) = nullptr;
};

// An open database, and what must outlive it.
struct Database {
  std::shared_ptr<const Comparator> comparator;  // nullptr: bytewise.
  std::unique_ptr<DB> db;
  std::atomic<bool> closed{false};  // Set before DB::Close, for the calls that DB itself lets through after it.

  [[nodiscard]] Status CheckOpen() const {
    if (!closed.load(std::memory_order_acquire)) return {};
    return base::MakeError(ErrorCode::kClosed, "the database was closed");
  }
  [[nodiscard]] Status Close() {
    closed.store(true, std::memory_order_release);
    return db->Close();
  }
};

class DatabaseObject final : public HandleObject {
 public:
  using Handle = amethyst_db;
  static constexpr HandleKind kKind = HandleKind::kDatabase;
  static constexpr auto kUse = HandleTable::Use::kShared;
  static constexpr std::string_view kName = "database";

  explicit DatabaseObject(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  ~DatabaseObject() override { static_cast<void>(database_->Close()); }

  [[nodiscard]] DB& db() const { return *database_->db; }
  [[nodiscard]] const std::shared_ptr<Database>& database() const { return database_; }

 private:
  const std::shared_ptr<Database> database_;
};

struct SnapshotObject final : HandleObject {
  using Handle = amethyst_snapshot;
  static constexpr HandleKind kKind = HandleKind::kSnapshot;
  static constexpr auto kUse = HandleTable::Use::kShared;
  static constexpr std::string_view kName = "snapshot";

  SnapshotObject(std::shared_ptr<Database> of, Snapshot made) : database(std::move(of)), snapshot(std::move(made)) {}

  const std::shared_ptr<Database> database;
  const Snapshot snapshot;
};

struct BatchObject final : HandleObject {
  using Handle = amethyst_batch;
  static constexpr HandleKind kKind = HandleKind::kBatch;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "batch";

  WriteBatch batch;
};

struct OptionsObject final : HandleObject {
  using Handle = amethyst_options;
  static constexpr HandleKind kKind = HandleKind::kOptions;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "options";

  Options options;
  Components components;
  std::shared_ptr<const Comparator> comparator;  // nullptr: bytewise.
};

// The caller's read options, checked; what they refer to is kept alive meanwhile.
class ReadScope {
 public:
  // `given` may be null.
  [[nodiscard]] Status Open(const amethyst_read_options* given, const Database& database);
  [[nodiscard]] const ReadOptions& options() const { return options_; }

 private:
  std::optional<Entered<SnapshotObject>> snapshot_;
  ReadOptions options_;
};

[[nodiscard]] Result<WriteOptions> WriteOptionsOf(amethyst_durability durability);

}  // namespace amethyst::capi
