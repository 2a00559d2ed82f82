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
// Lifetime. Objects move and do not copy. Snapshots, iterators and pinned values may outlive their database; an
// iterator then fails with AMETHYST_CLOSED at its next move. Options and batches may go once a call has returned.
//
// Thread safety: as amethyst/c.h says. A Database, Snapshot or PinnedValue may be used from any thread at once;
// Options, WriteBatch and Iterator belong to one thread at a time.
#pragma once

#include <amethyst/c.h>
#include <amethyst/cpp17_call.h>

#include <functional>
#include <optional>
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

// Puts and deletes that are applied as one. Fails, if at all, for lack of memory: the failure is kept, and Write
// reports it.
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
  void Delete(std::string_view key) { Keep(amethyst_batch_delete, key.data(), key.size()); }
  // As those of Database, whose failures come when the batch is written.
  void DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
    const internal::Bound from(begin), to(end);
    Keep(amethyst_batch_delete_range, from.data, from.bytes, to.data, to.bytes);
  }
  void DeletePrefix(std::string_view prefix) { Keep(amethyst_batch_delete_prefix, prefix.data(), prefix.size()); }
  // Empties the batch and forgets a failure.
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

// A view of the database as of one moment. While it lives, compaction keeps what it can see.
class Snapshot {
 public:
  explicit Snapshot(amethyst_snapshot* handle) : handle_(handle) {}
  [[nodiscard]] amethyst_snapshot* handle() const { return handle_.get(); }

 private:
  internal::Owner<amethyst_snapshot, amethyst_snapshot_free> handle_;
};

// How to read. The bounds hold for iterators; their bytes and the snapshot are needed during the call only.
struct ReadOptions {
  const Snapshot* snapshot = nullptr;           // Null: now.
  std::optional<std::string_view> lower_bound;  // At or after it.
  std::optional<std::string_view> upper_bound;  // Before it.
  bool fill_cache = true;                       // False for a scan that is made once.

  // The options as the C interface wants them; they hold only as long as this object and what it names.
  [[nodiscard]] amethyst_read_options InC() const {
    amethyst_read_options options = AMETHYST_READ_OPTIONS_DEFAULT;
    options.snapshot = snapshot != nullptr ? snapshot->handle() : nullptr;
    const internal::Bound lower(lower_bound), upper(upper_bound);
    options.lower_bound = lower.data, options.lower_bound_bytes = lower.bytes;
    options.upper_bound = upper.data, options.upper_bound_bytes = upper.bytes;
    options.fill_cache = fill_cache ? 1 : 0;
    return options;
  }
};

// A value where it lies, without a copy. It costs memory of the database's budget while it lives.
class PinnedValue {
 public:
  explicit PinnedValue(amethyst_pinned* handle) : handle_(handle) {
    size_t bytes = 0;
    const char* const begin = amethyst_pinned_value(handle, &bytes);
    if (begin != nullptr) value_ = {begin, bytes};
  }
  // Valid as long as this object.
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  internal::Owner<amethyst_pinned, amethyst_pinned_free> handle_;
  std::string_view value_;
};

// An ordered walk as of one moment, both ways. Not yet positioned when it is made. A move that fails leaves the
// iterator not valid, and status() tells why: look at it after a loop. To step beyond the end is no failure.
class Iterator {
 public:
  explicit Iterator(amethyst_iterator* handle) : handle_(handle) {}

  void SeekToFirst() { Move(amethyst_iterator_seek_to_first); }
  void SeekToLast() { Move(amethyst_iterator_seek_to_last); }
  // To the first key at or after the target, and to the last one at or before it.
  void Seek(std::string_view target) { Move(amethyst_iterator_seek, target.data(), target.size()); }
  void SeekForPrev(std::string_view target) { Move(amethyst_iterator_seek_for_prev, target.data(), target.size()); }
  // One step; AMETHYST_INVALID_ARGUMENT where the iterator is not valid.
  void Next() { Move(amethyst_iterator_next); }
  void Prev() { Move(amethyst_iterator_prev); }

  [[nodiscard]] bool Valid() const { return amethyst_iterator_valid(handle_.get()) != 0; }
  // The entry's parts, valid until the next move; empty where the iterator is not valid.
  [[nodiscard]] std::string_view key() const { return Part(&amethyst_iterator_key); }
  [[nodiscard]] std::string_view value() const { return Part(&amethyst_iterator_value); }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  template <class Call, class... Arguments>
  void Move(Call call, Arguments... arguments) {
    status_ = internal::StatusOf(call, handle_.get(), arguments...);
  }
  [[nodiscard]] std::string_view Part(const char* (*part)(amethyst_iterator*, size_t*)) const {
    size_t bytes = 0;
    const char* const begin = part(handle_.get(), &bytes);
    return begin != nullptr ? std::string_view(begin, bytes) : std::string_view();
  }

  internal::Owner<amethyst_iterator, amethyst_iterator_free> handle_;
  Status status_;
};

// What an acknowledged write survives.
enum class Durability {
  kBuffered = AMETHYST_BUFFERED,  // The default: process crash, kill -9; power loss except for the last interval.
  kSync = AMETHYST_SYNC,          // Power loss.
  kNone = AMETHYST_NONE,          // Nothing until the next flush: the log is skipped.
};

// One open database. Its destructor closes it; to learn of errors, call Close first.
class Database {
 public:
  Database() = default;  // Holds no database: every call fails with AMETHYST_INVALID_ARGUMENT.

  // Opens or creates the database in a directory.
  static Database Open(const std::string& path, const Options& options = {}, Status* status = nullptr) {
    if (HasZero(path, status)) return Database();
    amethyst_options* made = nullptr;
    amethyst_db* opened = nullptr;
    Status result = internal::StatusOf(amethyst_options_create, &made);
    const internal::Owner<amethyst_options, amethyst_options_free> c_options(made);
    if (result.ok()) result = options.Fill(made);
    if (result.ok()) result = internal::StatusOf(amethyst_open, path.c_str(), made, &opened);
    internal::Report(std::move(result), status);
    return Database(opened);
  }
  // Removes a database's own files, and the directory if nothing else is in it.
  static void Destroy(const std::string& path, Status* status = nullptr) {
    if (HasZero(path, status)) return;
    internal::Run(status, amethyst_destroy, path.c_str());
  }
  // Salvages what can be read in `from` into a new directory `to`. Returns the report, one JSON object.
  static std::string Repair(const std::string& from, const std::string& to, Status* status = nullptr) {
    if (HasZero(from, status) || HasZero(to, status)) return {};
    return Text(status, amethyst_repair, from.c_str(), to.c_str());
  }
  // Flushes, syncs and closes. Later calls fail with AMETHYST_CLOSED; a second Close returns what the first did.
  void Close(Status* status = nullptr) { internal::Run(status, amethyst_close, db()); }

  void Put(std::string_view key, std::string_view value, Durability durability = Durability::kBuffered,
           Status* status = nullptr) {
    internal::Run(status, amethyst_put, db(), key.data(), key.size(), value.data(), value.size(),
                  static_cast<int>(durability));
  }
  // Removes a key; an absent one is no failure.
  void Delete(std::string_view key, Durability durability = Durability::kBuffered, Status* status = nullptr) {
    internal::Run(status, amethyst_delete, db(), key.data(), key.size(), static_cast<int>(durability));
  }
  // Removes all keys in [begin, end), however many, at the cost of one write; nothing: no bound on that side. A later
  // Put of such a key stays. AMETHYST_INVALID_ARGUMENT: `end` comes before `begin`.
  void DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                   Durability durability = Durability::kBuffered, Status* status = nullptr) {
    const internal::Bound from(begin), to(end);
    internal::Run(status, amethyst_delete_range, db(), from.data, from.bytes, to.data, to.bytes,
                  static_cast<int>(durability));
  }
  // Removes all keys that begin with `prefix`; the empty one is that of all keys. AMETHYST_NOT_SUPPORTED: the database
  // has an order of its own.
  void DeletePrefix(std::string_view prefix, Durability durability = Durability::kBuffered, Status* status = nullptr) {
    internal::Run(status, amethyst_delete_prefix, db(), prefix.data(), prefix.size(), static_cast<int>(durability));
  }
  // Applies all of the batch or nothing. The batch stays as it is.
  void Write(const WriteBatch& batch, Durability durability = Durability::kBuffered, Status* status = nullptr) {
    if (!batch.status().ok()) return internal::Report(batch.status(), status);
    internal::Run(status, amethyst_write, db(), batch.handle(), static_cast<int>(durability));
  }

  // A copy of the value; nothing where the key is not there.
  std::optional<std::string> Get(std::string_view key, const ReadOptions& options = {},
                                 Status* status = nullptr) const {
    const amethyst_read_options c_options = options.InC();
    char* value = nullptr;
    size_t value_bytes = 0;
    internal::Run(status, amethyst_get, db(), &c_options, key.data(), key.size(), &value, &value_bytes);
    const internal::Bytes owned(value);
    if (value == nullptr) return std::nullopt;
    return std::string(value, value_bytes);
  }
  // The value without a copy; nothing where the key is not there.
  std::optional<PinnedValue> GetPinned(std::string_view key, const ReadOptions& options = {},
                                       Status* status = nullptr) const {
    const amethyst_read_options c_options = options.InC();
    amethyst_pinned* pinned = nullptr;
    internal::Run(status, amethyst_get_pinned, db(), &c_options, key.data(), key.size(), &pinned);
    if (pinned == nullptr) return std::nullopt;
    return PinnedValue(pinned);
  }
  // The values of several keys as of one moment, in their order; nothing for a key that is not there, or that failed:
  // `status` is then the first failure.
  std::vector<std::optional<std::string>> MultiGet(const std::vector<std::string_view>& keys,
                                                   const ReadOptions& options = {}, Status* status = nullptr) const {
    const amethyst_read_options c_options = options.InC();
    std::vector<const void*> begins(keys.size());
    std::vector<size_t> bytes(keys.size()), value_bytes(keys.size());
    std::vector<char*> values(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) begins[i] = keys[i].data(), bytes[i] = keys[i].size();
    Status result = internal::StatusOf(amethyst_multi_get, db(), &c_options, keys.size(), begins.data(), bytes.data(),
                                       values.data(), value_bytes.data(), nullptr);
    const std::vector<internal::Bytes> owned(values.begin(), values.end());  // Before a failure is thrown.
    internal::Report(std::move(result), status);
    std::vector<std::optional<std::string>> found(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (values[i] != nullptr) found[i].emplace(values[i], value_bytes[i]);
    }
    return found;
  }
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {}, Status* status = nullptr) const {
    const amethyst_read_options c_options = options.InC();
    amethyst_iterator* made = nullptr;
    internal::Run(status, amethyst_iterator_create, db(), &c_options, &made);
    return Iterator(made);
  }
  // A view of the database as of now.
  [[nodiscard]] Snapshot NewSnapshot(Status* status = nullptr) const {
    amethyst_snapshot* made = nullptr;
    internal::Run(status, amethyst_snapshot_create, db(), &made);
    return Snapshot(made);
  }

  // Writes everything in memory to tables, and waits for it.
  void Flush(Status* status = nullptr) { internal::Run(status, amethyst_flush, db()); }
  // Rewrites all tables that overlap [begin, end), without what is deleted or hidden; nothing: no bound on that side.
  void CompactRange(std::optional<std::string_view> begin = {}, std::optional<std::string_view> end = {},
                    Status* status = nullptr) {
    const internal::Bound from(begin), to(end);
    internal::Run(status, amethyst_compact_range, db(), from.data, from.bytes, to.data, to.bytes);
  }
  // Makes everything written so far durable against power loss, except kNone writes.
  void SyncWal(Status* status = nullptr) { internal::Run(status, amethyst_sync_wal, db()); }
  // Counters, histograms and the shape of the levels, as one JSON object.
  [[nodiscard]] std::string StatsJson(Status* status = nullptr) const {
    return Text(status, amethyst_stats_json, db());
  }

 private:
  explicit Database(amethyst_db* db) : db_(db) {}
  [[nodiscard]] amethyst_db* db() const { return db_.get(); }

  // The C interface takes a path up to its first zero: one with a zero inside would name another directory.
  static bool HasZero(const std::string& path, Status* status) {
    if (path.find('\0') == std::string::npos) return false;
    internal::Report({AMETHYST_INVALID_ARGUMENT, "a path must not hold a zero byte"}, status);
    return true;
  }
  // The text that a call stores behind its other arguments.
  template <class Call, class... Arguments>
  static std::string Text(Status* status, Call call, Arguments... arguments) {
    char* text = nullptr;
    internal::Run(status, call, arguments..., &text);
    const internal::Bytes owned(text);
    return text != nullptr ? text : "";
  }

  internal::Owner<amethyst_db, amethyst_db_free> db_;
};

}  // namespace amethyst::cpp17
