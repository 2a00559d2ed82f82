// Amethyst for C++17 and later: RAII classes in headers alone, over the C interface, which is the stable ABI.
//
// It exists for programs that cannot compile as C++23, which amethyst/amethyst.h needs. Link libamethyst.so, as a C
// program does (`pkg-config amethyst`, Amethyst::c).
//
// Failures. Every call that can fail takes a Status* last. A call that is given one stores there how it went, and
// throws nothing. A call without one throws Error; in a program without exceptions (-fno-exceptions) it prints the
// message and aborts. A missing key is no failure. After a failure a value is empty and an object holds no handle.
//
// Bytes are std::string_view, which an argument needs during the call only. They may hold zeros; paths and names not.
//
// Lifetime. Objects move and do not copy. Families, snapshots, iterators and pinned values may outlive their database;
// an iterator then fails with AMETHYST_CLOSED at its next move. Options and batches may go once a call has returned.
//
// Thread safety: as amethyst/c.h says. A Database, Family, Snapshot or PinnedValue may be used from any thread at once;
// Options, WriteBatch, TableWriter, Iterator and Transaction belong to one thread at a time.
#pragma once

#include <amethyst/c.h>
#include <amethyst/cpp17_call.h>
#include <amethyst/cpp17_family.h>
#include <amethyst/cpp17_ingest.h>
#include <amethyst/cpp17_read.h>
#include <amethyst/cpp17_transaction.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace amethyst::cpp17 {

// The settings of a database, each at its default: see amethyst/options.h for when to change one. A setting that the
// library refuses shows when the database is opened.
class Options {
 public:
  // One of the settings that are numbers, such as AMETHYST_OPTION_MEMORY_BUDGET_BYTES.
  Options& Set(amethyst_option option, uint64_t value) {
    return Apply([=](amethyst_options* to, char** error) { return amethyst_options_set(to, option, value, error); });
  }
  // Share of absent keys that a filter lets through, over 0 up to 1 (no filters).
  Options& SetFilterFalsePositiveRate(double rate) {
    return Apply([=](amethyst_options* to, char** error) {
      return amethyst_options_set_filter_false_positive_rate(to, rate, error);
    });
  }
  // What Merge does to the database's own keys: the name of a built-in operator, such as "int64.add".
  Options& SetMergeOperator(std::string name) {
    return Apply([name = std::move(name)](amethyst_options* to, char** error) {
      return amethyst_options_set_merge_operator(to, "default", name.c_str(), error);
    });
  }
  // How long what is written to the database's own keys from now on lives, unless its write says otherwise; 0: for
  // ever.
  Options& SetTtl(std::chrono::milliseconds ttl) {
    return Apply([ttl](amethyst_options* to, char** error) {
      return amethyst_options_set_ttl(to, "default", static_cast<uint64_t>(ttl.count()), error);
    });
  }
  // Anything else that c.h offers: `step` is called with the options when a database is opened, and returns a code.
  Options& Apply(std::function<amethyst_code(amethyst_options*, char**)> step) {
    steps_.push_back(std::move(step));
    return *this;
  }

  // Fills options of the C interface with these settings.
  [[nodiscard]] Status Fill(amethyst_options* options) const {
    Status status;
    for (const auto& step : steps_) {
      if (status.ok()) status = internal::StatusOf(step, options);
    }
    return status;
  }

 private:
  std::vector<std::function<amethyst_code(amethyst_options*, char**)>> steps_;
};

// Puts, merges and deletes that are applied as one. A failure, such as lack of memory or a family of
// another database, is kept, and Write reports it.
class WriteBatch {
 public:
  WriteBatch() {
    amethyst_batch* made = nullptr;
    status_ = internal::StatusOf(amethyst_batch_create, &made);
    handle_.reset(made);
  }
  void Put(std::string_view key, std::string_view value) {
    Keep(amethyst_batch_put, key.data(), key.size(), value.data(), value.size());
  }
  void PutExpiring(std::string_view key, std::string_view value, Expiry expiry) {
    Keep(amethyst_batch_put_expiring, key.data(), key.size(), value.data(), value.size(), expiry.expires_at_ms);
  }
  void Merge(std::string_view key, std::string_view operand) {
    Keep(amethyst_batch_merge, key.data(), key.size(), operand.data(), operand.size());
  }
  void MergeExpiring(std::string_view key, std::string_view operand, Expiry expiry) {
    Keep(amethyst_batch_merge_expiring, key.data(), key.size(), operand.data(), operand.size(), expiry.expires_at_ms);
  }
  void Delete(std::string_view key) { Keep(amethyst_batch_delete, key.data(), key.size()); }
  // As those of Database, whose failures come when the batch is written.
  void DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
    const internal::Bound from(begin), to(end);
    Keep(amethyst_batch_delete_range, from.data, from.bytes, to.data, to.bytes);
  }
  void DeletePrefix(std::string_view prefix) { Keep(amethyst_batch_delete_prefix, prefix.data(), prefix.size()); }
  // What is added from here on goes to this family; at first it goes to the default one, a Database itself. All
  // families of a batch are of one database.
  void SetFamily(const Family& family) { Keep(amethyst_batch_set_family, family.db()); }
  // Empties the batch, sets the default family and forgets a failure.
  void Clear() {
    status_ = {};
    Keep(amethyst_batch_clear);
  }
  // The number of operations.
  [[nodiscard]] size_t count() const {
    uint32_t count = 0;
    amethyst_batch_size(handle_.get(), &count, nullptr, nullptr);
    return count;
  }
  // The first failure since the batch was made or cleared.
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] amethyst_batch* handle() const { return handle_.get(); }

 private:
  template <class Call, class... Arguments>
  void Keep(Call call, Arguments... arguments) {
    if (status_.ok()) status_ = internal::StatusOf(call, handle_.get(), arguments...);
  }

  internal::Owner<amethyst_batch, amethyst_batch_free> handle_;
  Status status_;
};

// How a follower goes along with the writer: see amethyst/follower.h.
struct FollowerOptions {
  Options options;  // Those that concern reads.
  // How long it waits before it looks by itself; 0: it looks in Refresh alone. Under 2^32 ms.
  std::chrono::milliseconds refresh_interval{100};
  // How long the writer keeps files for a state that it has left. Under 2^32 s.
  std::chrono::seconds grace{60};
};

// One open database: its default family, and the others. Its destructor closes it; to learn of errors, call Close
// first.
class Database : public Family {
 public:
  Database() = default;  // Holds no database: every call fails with AMETHYST_INVALID_ARGUMENT.

  // Opens or creates the database in a directory.
  static Database Open(const std::string& path, const Options& options = {}, Status* status = nullptr) {
    return OpenBy(path, options, status,
                  [](const char* at, amethyst_options* settings, amethyst_db** db, char** error) {
                    return amethyst_open(at, settings, db, error);
                  });
  }
  // Opens a database for reading beside the process that writes it, and goes along with it; writes fail with
  // AMETHYST_NOT_SUPPORTED. AMETHYST_INVALID_ARGUMENT: there is no database. A read is AMETHYST_TOO_OLD where the
  // writer has removed a file that it needs: read again after Refresh.
  static Database OpenFollower(const std::string& path, const FollowerOptions& options = {}, Status* status = nullptr) {
    amethyst_follower_options following = AMETHYST_FOLLOWER_OPTIONS_DEFAULT;
    following.refresh_interval_ms = static_cast<uint32_t>(options.refresh_interval.count());
    following.grace_s = static_cast<uint32_t>(options.grace.count());
    const auto open = [&](const char* at, amethyst_options* settings, amethyst_db** db, char** error) {
      return amethyst_open_follower(at, settings, &following, db, error);
    };
    return OpenBy(path, options.options, status, open);
  }
  // Of a follower: returns once reads see at least what the writer's saw when this was called. Nothing to do on a
  // database that is no follower.
  void Refresh(Status* status = nullptr) { internal::Run(status, amethyst_refresh, db()); }
  // Removes a database's own files, and the directory if nothing else is in it.
  static void Destroy(const std::string& path, Status* status = nullptr) {
    if (internal::HasZero(path, status)) return;
    internal::Run(status, amethyst_destroy, path.c_str());
  }
  // Salvages what can be read in `from` into a new directory `to`. Returns the report, one JSON object.
  static std::string Repair(const std::string& from, const std::string& to, Status* status = nullptr) {
    if (internal::HasZero(from, status) || internal::HasZero(to, status)) return {};
    return internal::Text(status, amethyst_repair, from.c_str(), to.c_str());
  }
  // Flushes, syncs and closes. Later calls fail with AMETHYST_CLOSED; a second Close returns what the first did.
  void Close(Status* status = nullptr) { internal::Run(status, amethyst_close, db()); }

  // Applies all of the batch or nothing. The batch stays as it is.
  void Write(const WriteBatch& batch, Durability durability = Durability::kBuffered, Status* status = nullptr) {
    if (!batch.status().ok()) return internal::Report(batch.status(), status);
    internal::Run(status, amethyst_write, db(), batch.handle(), static_cast<int>(durability));
  }
  [[nodiscard]] Transaction Begin(Isolation isolation = Isolation::kSerializable, Status* status = nullptr) {
    amethyst_transaction* made = nullptr;
    internal::Run(status, amethyst_begin, db(), static_cast<int>(isolation), &made);
    return Transaction(made);
  }
  // Runs `Status work(Transaction&)` in a transaction and commits it, again and again while there is a conflict, as
  // amethyst_transact does: so `work` may run several times. A failure that it returns rolls back, and is this call's;
  // an exception rolls back.
  template <class Work>
  void Transact(Work work, Durability durability = Durability::kBuffered, Status* status = nullptr) {
    amethyst_attempts* made = nullptr;
    Status result = internal::StatusOf(amethyst_attempts_create, db(), &made);
    const internal::Owner<amethyst_attempts, amethyst_attempts_free> attempts(made);
    for (bool again = result.ok(); again; again = result.code == AMETHYST_CONFLICT) {
      amethyst_transaction* begun = nullptr;
      result = internal::StatusOf(amethyst_attempts_begin, attempts.get(), &begun);
      if (!result.ok()) break;
      Transaction transaction(begun);
      result = work(transaction);
      if (result.ok() && !transaction.HasEnded()) transaction.Commit(durability, &result);
    }
    internal::Report(std::move(result), status);
  }
  // A view of the database as of now.
  [[nodiscard]] Snapshot NewSnapshot(Status* status = nullptr) const {
    amethyst_snapshot* made = nullptr;
    internal::Run(status, amethyst_snapshot_create, db(), &made);
    return Snapshot(made);
  }

  // Makes a family, which is durable when the call returns. AMETHYST_INVALID_ARGUMENT: the name is empty, longer than
  // 255 bytes, or taken.
  Family CreateFamily(const std::string& name, const FamilyOptions& options = {}, Status* status = nullptr) {
    if (internal::HasZero(name, status)) return Family();
    const amethyst_family_options c_options = options.InC();
    amethyst_db* made = nullptr;
    internal::Run(status, amethyst_create_family, db(), name.c_str(), &c_options, &made);
    return Family(made);
  }
  // A family that is there; "default" is this one. AMETHYST_INVALID_ARGUMENT: no family has this name.
  [[nodiscard]] Family OpenFamily(const std::string& name, Status* status = nullptr) const {
    if (internal::HasZero(name, status)) return Family();
    amethyst_db* opened = nullptr;
    internal::Run(status, amethyst_open_family, db(), name.c_str(), &opened);
    return Family(opened);
  }
  // "default" first, then in the order of their making.
  [[nodiscard]] std::vector<std::string> FamilyNames(Status* status = nullptr) const {
    char* list = nullptr;
    size_t count = 0;
    internal::Run(status, amethyst_family_names, db(), &list, &count);
    const internal::Bytes owned(list);
    std::vector<std::string> names;
    for (const char* name = list; names.size() < count; name += names.back().size() + 1) names.emplace_back(name);
    return names;
  }

  // Writes everything in memory to tables, and waits for it.
  void Flush(Status* status = nullptr) { internal::Run(status, amethyst_flush, db()); }
  // A copy as of now, a database of its own, in the new directory `path`: whole, or not there.
  void Checkpoint(const std::string& path, Status* status = nullptr) {
    if (internal::HasZero(path, status)) return;
    internal::Run(status, amethyst_checkpoint, db(), path.c_str());
  }
  // Makes everything written so far durable against power loss, except kNone writes.
  void SyncWal(Status* status = nullptr) { internal::Run(status, amethyst_sync_wal, db()); }
  // Counters, histograms and the shape of the levels, as one JSON object.
  [[nodiscard]] std::string StatsJson(Status* status = nullptr) const {
    return internal::Text(status, amethyst_stats_json, db());
  }

 private:
  explicit Database(amethyst_db* handle) : Family(handle) {}

  template <class Call>
  static Database OpenBy(const std::string& path, const Options& options, Status* status, Call open) {
    if (internal::HasZero(path, status)) return Database();
    amethyst_options* made = nullptr;
    amethyst_db* opened = nullptr;
    Status result = internal::StatusOf(amethyst_options_create, &made);
    const internal::Owner<amethyst_options, amethyst_options_free> c_options(made);
    if (result.ok()) result = options.Fill(made);
    if (result.ok()) result = internal::StatusOf(open, path.c_str(), made, &opened);
    internal::Report(std::move(result), status);
    return Database(opened);
  }
};

}  // namespace amethyst::cpp17
