// One map of keys in a database, and handles of it. Safe for use by many threads. Its methods are those of the
// Database, which is its default family, on keys of its own; it shares log, memory, snapshots and batches with the
// others.
//
// Lifetime. It may outlive its Database: calls then fail with AMETHYST_CLOSED, after a drop with
// AMETHYST_INVALID_ARGUMENT.
#pragma once

#include <amethyst/c.h>
#include <amethyst/cpp17_call.h>
#include <amethyst/cpp17_read.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::cpp17 {

// What an acknowledged write survives.
enum class Durability {
  kBuffered = AMETHYST_BUFFERED,  // The default: process crash, kill -9; power loss except for the last interval.
  kSync = AMETHYST_SYNC,          // Power loss.
  kNone = AMETHYST_NONE,          // Nothing until the next flush: the log is skipped.
};

// When an entry is deleted by itself.
struct Expiry {
  uint64_t expires_at_ms = AMETHYST_NEVER;  // As in c.h.

  [[nodiscard]] static Expiry Never() { return {}; }
  [[nodiscard]] static Expiry At(std::chrono::system_clock::time_point moment) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count();
    return {since > 0 ? static_cast<uint64_t>(since) : 0};
  }
  // So long after the write, by the database's clock; 0: as the family's ttl. A negative time is refused.
  [[nodiscard]] static Expiry After(std::chrono::milliseconds ttl) { return {AMETHYST_AFTER(ttl.count())}; }
};

// How tables are taken in: see docs/ingest.md.
struct IngestOptions {
  enum class Mode { kLink = AMETHYST_INGEST_LINK, kMove = AMETHYST_INGEST_MOVE, kCopy = AMETHYST_INGEST_COPY };
  struct Range {
    std::optional<std::string> begin;  // Nothing: no bound on that side.
    std::optional<std::string> end;
  };

  Mode mode = Mode::kLink;
  bool in_order = false;         // The tables may overlap; a later one is newer.
  bool verify = false;           // All of each table is read first.
  std::optional<Range> replace;  // What the family holds there goes in the same step.
};

// A map of keys; the methods are safe for use by many threads.
class Family {
 public:
  Family() = default;  // Is none: every call fails with AMETHYST_INVALID_ARGUMENT.
  explicit Family(amethyst_db* handle) : db_(handle) {}

  void Put(std::string_view key, std::string_view value, Durability durability = Durability::kBuffered,
           Status* status = nullptr) {
    internal::Run(status, amethyst_put, db(), key.data(), key.size(), value.data(), value.size(),
                  static_cast<int>(durability));
  }
  // Stores a value that expires.
  void PutExpiring(std::string_view key, std::string_view value, Expiry expiry,
                   Durability durability = Durability::kBuffered, Status* status = nullptr) {
    internal::Run(status, amethyst_put_expiring, db(), key.data(), key.size(), value.data(), value.size(),
                  expiry.expires_at_ms, static_cast<int>(durability));
  }
  // Writes an operand for the family's merge operator, without a read.
  void Merge(std::string_view key, std::string_view operand, Durability durability = Durability::kBuffered,
             Status* status = nullptr) {
    internal::Run(status, amethyst_merge, db(), key.data(), key.size(), operand.data(), operand.size(),
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

  // One key, read and written as one. Each returns what was there before; nothing, where there was nothing.
  // Stores the value if the key is not there.
  std::optional<std::string> PutIfAbsent(std::string_view key, std::string_view value, Expiry expiry = AsFamily(),
                                         Durability durability = Durability::kBuffered, Status* status = nullptr) {
    return internal::Value(status, amethyst_put_if_absent, db(), key.data(), key.size(), value.data(), value.size(),
                           expiry.expires_at_ms, static_cast<int>(durability));
  }
  // Stores `value`, or deletes if that is nothing, where the value is `expected`, or the key is not there if that is
  // nothing.
  std::optional<std::string> CompareAndSet(std::string_view key, std::optional<std::string_view> expected,
                                           std::optional<std::string_view> value, Expiry expiry = AsFamily(),
                                           Durability durability = Durability::kBuffered, Status* status = nullptr) {
    const internal::Bound from(expected), to(value);
    return internal::Value(status, amethyst_compare_and_set, db(), key.data(), key.size(), from.data, from.bytes,
                           to.data, to.bytes, expiry.expires_at_ms, static_cast<int>(durability));
  }
  std::optional<std::string> DeleteIfEqual(std::string_view key, std::string_view expected,
                                           Durability durability = Durability::kBuffered, Status* status = nullptr) {
    return internal::Value(status, amethyst_delete_if_equal, db(), key.data(), key.size(), expected.data(),
                           expected.size(), static_cast<int>(durability));
  }
  // Adds to an integer of 8 bytes, little-endian; a key that is not there is 0. Returns the new value.
  int64_t Increment(std::string_view key, int64_t delta, Durability durability = Durability::kBuffered,
                    Status* status = nullptr) {
    int64_t sum = 0;
    internal::Run(status, amethyst_increment, db(), key.data(), key.size(), delta, static_cast<int>(durability), &sum);
    return sum;
  }

  // A copy of the value; nothing where the key is not there.
  std::optional<std::string> Get(std::string_view key, const ReadOptions& options = {},
                                 Status* status = nullptr) const {
    const amethyst_read_options c_options = options.InC();
    return internal::Value(status, amethyst_get, db(), &c_options, key.data(), key.size());
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
    return internal::GetMany(keys, options, status, amethyst_multi_get, db());
  }
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {}, Status* status = nullptr) const {
    const amethyst_read_options c_options = options.InC();
    amethyst_iterator* made = nullptr;
    internal::Run(status, amethyst_iterator_create, db(), &c_options, &made);
    return Iterator(made);
  }

  // Rewrites all tables that overlap [begin, end), without what is deleted or hidden; nothing: no bound on that side.
  void CompactRange(std::optional<std::string_view> begin = {}, std::optional<std::string_view> end = {},
                    Status* status = nullptr) {
    const internal::Bound from(begin), to(end);
    internal::Run(status, amethyst_compact_range, db(), from.data, from.bytes, to.data, to.bytes);
  }

  // Takes in tables that a TableWriter has written: as one write, which is durable when this returns.
  void Ingest(const std::vector<std::string>& paths, const IngestOptions& options = {}, Status* status = nullptr) {
    std::vector<const char*> names;
    for (const std::string& path : paths) {
      if (internal::HasZero(path, status)) return;
      names.push_back(path.c_str());
    }
    amethyst_ingest_options c_options = AMETHYST_INGEST_OPTIONS_DEFAULT;
    c_options.mode = static_cast<int>(options.mode);
    c_options.in_order = options.in_order;
    c_options.verify = options.verify;
    c_options.replace = options.replace.has_value();
    static const IngestOptions::Range kNone;
    const IngestOptions::Range& range = options.replace ? *options.replace : kNone;
    const internal::Bound begin(range.begin), end(range.end);
    c_options.begin = begin.data, c_options.begin_bytes = begin.bytes;
    c_options.end = end.data, c_options.end_bytes = end.bytes;
    internal::Run(status, amethyst_ingest, db(), names.size(), names.data(), &c_options);
  }

  // What it has in tables, as one JSON object.
  [[nodiscard]] std::string FamilyStatsJson(Status* status = nullptr) const {
    return internal::Text(status, amethyst_family_stats_json, db());
  }
  // The name of its merge operator; empty: it has none.
  [[nodiscard]] std::string MergeOperator(Status* status = nullptr) const {
    return internal::Text(status, amethyst_family_merge_operator, db());
  }
  // How long what says nothing of its own lives; 0: for ever.
  [[nodiscard]] std::chrono::milliseconds Ttl(Status* status = nullptr) const {
    uint64_t ttl_ms = 0;
    internal::Run(status, amethyst_family_ttl, db(), &ttl_ms);
    return std::chrono::milliseconds(ttl_ms);
  }
  // Its name now.
  [[nodiscard]] std::string Name(Status* status = nullptr) const {
    return internal::Text(status, amethyst_family_name, db());
  }
  void Rename(const std::string& name, Status* status = nullptr) {
    if (internal::HasZero(name, status)) return;
    internal::Run(status, amethyst_rename_family, db(), name.c_str());
  }
  // All that is in it is gone at once.
  void Drop(Status* status = nullptr) { internal::Run(status, amethyst_drop_family, db()); }
  [[nodiscard]] amethyst_db* db() const { return db_.get(); }

 private:
  [[nodiscard]] static Expiry AsFamily() { return Expiry::After(std::chrono::milliseconds(0)); }

  internal::Owner<amethyst_db, amethyst_db_free> db_;
};

// The settings of a family, each at its default; a family keeps what it was made with.
struct FamilyOptions {
  std::string merge_operator;             // By name, such as "int64.add"; empty: none.
  std::chrono::milliseconds ttl{0};       // How long what is written lives; 0: for ever.
  uint64_t block_bytes = 0;               // 0: as the database.
  double filter_false_positive_rate = 0;  // 0: as the database.
  std::optional<amethyst_compression> compression;

  // The options as the C interface wants them; they hold only as long as this object.
  [[nodiscard]] amethyst_family_options InC() const {
    amethyst_family_options options = AMETHYST_FAMILY_OPTIONS_DEFAULT;
    options.merge_operator = merge_operator.empty() ? nullptr : merge_operator.c_str();
    options.ttl_ms = static_cast<uint64_t>(ttl.count());
    options.block_bytes = block_bytes;
    options.filter_false_positive_rate = filter_false_positive_rate;
    if (compression) options.compression = *compression;
    return options;
  }
};

}  // namespace amethyst::cpp17
