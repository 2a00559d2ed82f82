// What the handles of the C interface stand for, except those that one file alone knows.
//
// Whatever comes from a database shares it, so that handles may be released in any order. Thread safety: as c.h says of
// each.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amethyst/c.h"
#include "amethyst/db.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "base/wait.h"
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
  base::Mutex mutex{base::LockRank::kHandles};  // Never held together with that of the table of handles.
  std::vector<std::shared_ptr<const Comparator>> comparators AMETHYST_GUARDED_BY(mutex);  // Of its families.
  std::unique_ptr<DB> db;
  std::atomic<bool> closed{false};  // Set before DB::Close, for the calls that DB itself lets through after it.

  [[nodiscard]] Status CheckOpen() const {
    if (!closed.load(std::memory_order_acquire)) return {};
    return base::MakeError(ErrorCode::kClosed, "the database was closed");
  }
  // Until all that came from the database is gone.
  void Keep(std::vector<std::shared_ptr<const Comparator>> orders) AMETHYST_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    comparators.insert(comparators.end(), orders.begin(), orders.end());
  }
  [[nodiscard]] Status Close() {
    closed.store(true, std::memory_order_release);
    Status status = db->Close();
    if (!status && status.error().code() == ErrorCode::kBusy) closed.store(false, std::memory_order_release);
    return status;
  }
};

// A database, or one of its families: the calls on keys go to `family`, the database's own to its default one.
class DatabaseObject final : public HandleObject {
 public:
  enum class Of : uint8_t { kDatabase, kFamily };

  using Handle = amethyst_db;
  static constexpr HandleKind kKind = HandleKind::kDatabase;
  static constexpr auto kUse = HandleTable::Use::kShared;
  static constexpr std::string_view kName = "database";

  DatabaseObject(std::shared_ptr<Database> database, Family family, Of of)
      : database_(std::move(database)), family_(std::move(family)), of_(of) {}
  ~DatabaseObject() override {
    if (of_ == Of::kDatabase) static_cast<void>(database_->Close());
  }

  [[nodiscard]] Status Close() const {
    if (of_ == Of::kDatabase) return database_->Close();
    return base::InvalidArgument("a family is not closed: close its database, or release this handle");
  }
  [[nodiscard]] DB& db() const { return *database_->db; }
  [[nodiscard]] const Family& family() const { return family_; }
  [[nodiscard]] const std::shared_ptr<Database>& database() const { return database_; }

 private:
  const std::shared_ptr<Database> database_;  // Outlives the family, whose order of keys may be the caller's.
  const Family family_;
  const Of of_;
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

  // Calls `add` with the family that operations are added to, or without one for the default family.
  template <typename Operation>
  void Add(Operation add) {
    if (family) {
      add(*family);
    } else {
      add();
    }
  }
  // Notes that operations name families of `other` (or nullptr): all of a batch are of one database, for their ids mean
  // something else in another.
  [[nodiscard]] Status Join(const std::shared_ptr<Database>& other);
  [[nodiscard]] Status CheckIsOf(const std::shared_ptr<Database>& other) const;

  WriteBatch batch;
  std::shared_ptr<Database> database;  // nullptr: no family but the default one is named.
  std::optional<Family> family;        // nullopt: the default one.
};

struct OptionsObject final : HandleObject {
  using Handle = amethyst_options;
  static constexpr HandleKind kKind = HandleKind::kOptions;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "options";

  Options options;
  Components components;
  std::vector<std::shared_ptr<const Comparator>> comparators;  // That `options` names, or has named.
};

// A transaction and its iterators, which tell it what they see, are used by one call at a time.
class OneUser {
 public:
  // A call, if no other is in progress.
  class Use {
   public:
    // nullptr: of nothing that is shared.
    explicit Use(OneUser* of) : of_(of), is_alone_(of == nullptr || of->Take()) {}
    ~Use() {
      if (of_ != nullptr && is_alone_) of_->Give();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    [[nodiscard]] Status status() const {
      if (is_alone_) return {};
      return base::MakeError(ErrorCode::kBusy,
                             "the transaction is in use by another call: it belongs to one thread at a time");
    }

   private:
    OneUser* const of_;
    const bool is_alone_;
  };

  // What is shared, once it is released. Made before, for a release may not fail.
  struct Ending {
    virtual ~Ending() = default;
    std::unique_ptr<Ending> next;
  };
  template <typename T>
  struct EndingOf final : Ending {
    std::optional<T> value;
  };
  // Destroys it once the call in progress is over: waits for that, or, where it is this thread's own, in an order of
  // keys of the caller's, leaves it to the end of that call.
  void End(std::unique_ptr<Ending> ending) noexcept {
    if (user_.load(std::memory_order_relaxed) == ThisThread()) {
      ending->next = std::move(endings_);
      endings_ = std::move(ending);
      return;
    }
    while (!Take()) base::WaitWhile(taken_, 1);
    ending.reset();
    Give();
  }

 private:
  [[nodiscard]] static const void* ThisThread() {
    thread_local const char its_own = 0;
    return &its_own;
  }
  [[nodiscard]] bool Take() noexcept {
    if (taken_.exchange(1) != 0) return false;
    user_.store(ThisThread(), std::memory_order_relaxed);
    return true;
  }
  void Give() noexcept {
    while (endings_ != nullptr) {
      const std::unique_ptr<Ending> ends = std::exchange(endings_, std::move(endings_->next));
    }
    user_.store(nullptr, std::memory_order_relaxed);
    taken_.store(0);
    base::WakeOne(taken_);
  }

  std::atomic<uint32_t> taken_{0};          // By a Use or an End; whose end the next one sees.
  std::atomic<const void*> user_{nullptr};  // The thread that has it.
  std::unique_ptr<Ending> endings_;         // Of the user, for the end of its call.
};

// Gives the caller a handle of it. `user`: whom it shares; nullptr, nobody.
void HandOutIterator(std::shared_ptr<Database> database, Iterator iterator, std::shared_ptr<OneUser> user,
                     amethyst_iterator** handle);

// The caller's keys to read, and where their values go.
struct ManyKeys {
  // Sets all results to none.
  [[nodiscard]] Result<std::vector<std::string_view>> Views() const;
  // Returns the first failure.
  [[nodiscard]] Status Store(const std::vector<Result<std::optional<std::string>>>& results) const;

  size_t count;
  const void* const* keys;
  const size_t* key_bytes;
  char** values;
  size_t* value_bytes;
  amethyst_code* codes;
};

// Where the caller wants a copy of a value, or null for none.
struct ValueOut {
  // Both are there, and now say none.
  [[nodiscard]] Status Clear() const;
  void Store(const std::optional<std::string>& found) const;

  char** value;
  size_t* bytes;
};

// The caller's read options, checked; what they refer to is kept alive meanwhile.
class ReadScope {
 public:
  enum class From : uint8_t { kFiles, kMemoryOnly };
  // `given` may be null.
  [[nodiscard]] Status Open(const amethyst_read_options* given, const Database& database, From from = From::kFiles);
  [[nodiscard]] const ReadOptions& options() const { return options_; }

 private:
  std::optional<Entered<SnapshotObject>> snapshot_;
  ReadOptions options_;
};

// `given` may be null. `keep` is given the order that it names, which the options borrow.
[[nodiscard]] Result<FamilyOptions> FamilyOptionsOf(const amethyst_family_options* given,
                                                    base::FunctionRef<void(std::shared_ptr<const Comparator>)> keep);
[[nodiscard]] Result<WriteOptions> WriteOptionsOf(amethyst_durability durability);
// Of a moment, AMETHYST_AFTER or AMETHYST_NEVER.
[[nodiscard]] Expiry ExpiryOf(uint64_t expires_at_ms);
// As those of a family are given; nullptr stands for none.
[[nodiscard]] Result<std::shared_ptr<const MergeOperator>> MergeOperatorNamed(const char* name);
[[nodiscard]] Result<std::chrono::milliseconds> TtlOf(uint64_t ttl_ms);
// nullptr for null.
[[nodiscard]] Result<std::shared_ptr<const Comparator>> ComparatorOf(amethyst_comparator* comparator);

}  // namespace amethyst::capi
