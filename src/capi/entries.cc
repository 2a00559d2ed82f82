// Writes, and reads of single keys.
#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "capi/objects.h"
#include "key/moment.h"

namespace amethyst::capi {

namespace {

struct PinnedObject final : HandleObject {
  using Handle = amethyst_pinned;
  static constexpr HandleKind kKind = HandleKind::kPinned;
  static constexpr auto kUse = HandleTable::Use::kShared;
  [[maybe_unused]] static constexpr std::string_view kName = "pinned value";

  PinnedObject(std::shared_ptr<Database> of, PinnedValue pinned) : database(std::move(of)), value(std::move(pinned)) {}

  const std::shared_ptr<Database> database;
  const PinnedValue value;
};

struct GivenKey {
  const void* bytes;
  size_t size;
};

constexpr size_t kReadOptionsBytesFirst = 56;  // Of the first version of the struct, the least that a caller can have.
static_assert(sizeof(amethyst_read_options) == kReadOptionsBytesFirst);

void SetExpiry(uint64_t expires_at_ms, WriteOptions* options) {
  const Expiry expiry = ExpiryOf(expires_at_ms);
  options->expires_at = expiry.at;
  options->ttl = expiry.after;
}

// For a value on its way out; keeps its memory for the next call, but not that of a giant.
class Scratch {
 public:
  Scratch() = default;
  ~Scratch() {
    if (Buffer().capacity() > kBytesKept) std::string().swap(Buffer());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string& Buffer() {
    thread_local std::string buffer;
    return buffer;
  }

 private:
  static constexpr size_t kBytesKept = size_t{64} << 10;
};

}  // namespace

Result<std::vector<std::string_view>> ManyKeys::Views() const {
  for (const void* array : {static_cast<const void*>(keys), static_cast<const void*>(key_bytes),
                            static_cast<const void*>(values), static_cast<const void*>(value_bytes)}) {
    AMETHYST_TRY(Wanted(array, "keys, key_bytes, values or value_bytes"));
  }
  std::fill_n(values, count, nullptr);
  std::fill_n(value_bytes, count, size_t{0});
  std::vector<std::string_view> views(count);
  for (size_t i = 0; i < count; ++i) {
    AMETHYST_ASSIGN(views[i], Bytes(keys[i], key_bytes[i], "key"));
  }
  return views;
}

Status ManyKeys::Store(const std::vector<Result<std::optional<std::string>>>& results) const {
  Status first;
  for (size_t i = 0; i < count; ++i) {
    const auto& result = results[i];
    if (codes != nullptr) codes[i] = result ? amethyst_code{AMETHYST_OK} : Fail(result.error(), nullptr);
    if (!result && first) first = std::unexpected(result.error());
    if (!result || !result->has_value()) continue;
    values[i] = CopyOut(**result);
    value_bytes[i] = (*result)->size();
  }
  return first;
}

Status ValueOut::Clear() const {
  AMETHYST_TRY(Wanted(value, "value"));
  AMETHYST_TRY(Wanted(bytes, "value_bytes"));
  *value = nullptr;
  *bytes = 0;
  return {};
}

void ValueOut::Store(const std::optional<std::string>& found) const {
  if (!found) return;
  *value = CopyOut(*found);
  *bytes = found->size();
}

Status ReadScope::Open(const amethyst_read_options* given, const Database& database, From from) {
  options_.memory_only = from == From::kMemoryOnly;
  if (given == nullptr) return {};
  AMETHYST_TRY(CheckStruct(given, given->struct_bytes, {.known = sizeof(*given), .least = kReadOptionsBytesFirst},
                           "read_options"));
  if (given->fill_cache > 1) {
    return base::InvalidArgument(
        "read_options: fill_cache is {}, not 0 or 1; fill the struct with "
        "AMETHYST_READ_OPTIONS_DEFAULT first",
        given->fill_cache);
  }
  options_.fill_cache = given->fill_cache != 0;
  AMETHYST_ASSIGN(const std::string_view lower, Bytes(given->lower_bound, given->lower_bound_bytes, "lower_bound"));
  AMETHYST_ASSIGN(const std::string_view upper, Bytes(given->upper_bound, given->upper_bound_bytes, "upper_bound"));
  if (given->lower_bound != nullptr) options_.lower_bound = lower;
  if (given->upper_bound != nullptr) options_.upper_bound = upper;
  if (given->snapshot == nullptr) return {};
  snapshot_.emplace(given->snapshot);
  AMETHYST_TRY(snapshot_->status());
  if ((*snapshot_)->database.get() != &database) return base::InvalidArgument("the snapshot is of another database");
  options_.snapshot = &(*snapshot_)->snapshot;
  return {};
}

Result<WriteOptions> WriteOptionsOf(amethyst_durability durability) {
  switch (durability) {
    case AMETHYST_BUFFERED: return WriteOptions{.durability = Durability::kBuffered};
    case AMETHYST_SYNC: return WriteOptions{.durability = Durability::kSync};
    case AMETHYST_NONE: return WriteOptions{.durability = Durability::kNone};
  }
  return base::InvalidArgument("durability: {} is none", static_cast<int>(durability));
}

Expiry ExpiryOf(uint64_t expires_at_ms) {
  constexpr uint64_t kAfter = AMETHYST_AFTER(0);
  if (expires_at_ms == AMETHYST_NEVER || (expires_at_ms & kAfter) == 0) {
    return amethyst::ExpiresAt(key::MomentOf(expires_at_ms));
  }
  return amethyst::ExpiresAfter(std::chrono::milliseconds(static_cast<int64_t>(expires_at_ms & (UINT64_MAX >> 2))));
}

namespace {

amethyst_code Get(amethyst_db* db, const amethyst_read_options* options, ReadScope::From from, GivenKey key,
                  ValueOut out, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(out.Clear());
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key.bytes, key.size, "key"));
    ReadScope scope;
    AMETHYST_TRY(scope.Open(options, *database->database(), from));
    Scratch scratch;
    AMETHYST_ASSIGN(const bool found, database->family().GetInto(key_view, &scratch.Buffer(), scope.options()));
    if (!found) return {};
    *out.value = CopyOut(scratch.Buffer());
    *out.bytes = scratch.Buffer().size();
    return {};
  });
}

amethyst_code MultiGet(amethyst_db* db, const amethyst_read_options* options, ReadScope::From from,
                       const ManyKeys& many, char** error) {
  return Call(error, [&]() -> Status {
    if (many.count == 0) return {};
    AMETHYST_ASSIGN(const std::vector<std::string_view> views, many.Views());
    AMETHYST_ENTER(database, DatabaseObject, db);
    ReadScope scope;
    AMETHYST_TRY(scope.Open(options, *database->database(), from));
    return many.Store(database->family().MultiGet(views, scope.options()));
  });
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Result;
using amethyst::Status;

amethyst_code amethyst_put(amethyst_db* db, const void* key, size_t key_bytes, const void* value, size_t value_bytes,
                           amethyst_durability durability, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view value_view, Bytes(value, value_bytes, "value"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->family().Put(key_view, value_view, options);
  });
}

amethyst_code amethyst_put_expiring(amethyst_db* db, const void* key, size_t key_bytes, const void* value,
                                    size_t value_bytes, uint64_t expires_at_ms, amethyst_durability durability,
                                    char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view value_view, Bytes(value, value_bytes, "value"));
    AMETHYST_ASSIGN(amethyst::WriteOptions options, WriteOptionsOf(durability));
    SetExpiry(expires_at_ms, &options);
    return database->family().Put(key_view, value_view, options);
  });
}

amethyst_code amethyst_merge(amethyst_db* db, const void* key, size_t key_bytes, const void* operand,
                             size_t operand_bytes, amethyst_durability durability, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view operand_view, Bytes(operand, operand_bytes, "operand"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->family().Merge(key_view, operand_view, options);
  });
}

amethyst_code amethyst_merge_expiring(amethyst_db* db, const void* key, size_t key_bytes, const void* operand,
                                      size_t operand_bytes, uint64_t expires_at_ms, amethyst_durability durability,
                                      char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view operand_view, Bytes(operand, operand_bytes, "operand"));
    AMETHYST_ASSIGN(amethyst::WriteOptions options, WriteOptionsOf(durability));
    SetExpiry(expires_at_ms, &options);
    return database->family().Merge(key_view, operand_view, options);
  });
}

amethyst_code amethyst_delete(amethyst_db* db, const void* key, size_t key_bytes, amethyst_durability durability,
                              char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->family().Delete(key_view, options);
  });
}

amethyst_code amethyst_delete_range(amethyst_db* db, const void* begin, size_t begin_bytes, const void* end,
                                    size_t end_bytes, amethyst_durability durability, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::optional<std::string_view> from, Bound(begin, begin_bytes, "begin"));
    AMETHYST_ASSIGN(const std::optional<std::string_view> to, Bound(end, end_bytes, "end"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->family().DeleteRange(from, to, options);
  });
}

amethyst_code amethyst_delete_prefix(amethyst_db* db, const void* prefix, size_t prefix_bytes,
                                     amethyst_durability durability, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view prefix_view, Bytes(prefix, prefix_bytes, "prefix"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->family().DeletePrefix(prefix_view, options);
  });
}

amethyst_code amethyst_write(amethyst_db* db, amethyst_batch* batch, amethyst_durability durability, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ENTER(entered, BatchObject, batch);
    AMETHYST_TRY(entered->CheckIsOf(database->database()));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->db().Write(entered->batch, options);
  });
}

amethyst_code amethyst_get(amethyst_db* db, const amethyst_read_options* options, const void* key, size_t key_bytes,
                           char** value, size_t* value_bytes, char** error) {
  return Get(db, options, ReadScope::From::kFiles, {key, key_bytes}, {value, value_bytes}, error);
}

amethyst_code amethyst_try_get(amethyst_db* db, const amethyst_read_options* options, const void* key, size_t key_bytes,
                               char** value, size_t* value_bytes, char** error) {
  return Get(db, options, ReadScope::From::kMemoryOnly, {key, key_bytes}, {value, value_bytes}, error);
}

amethyst_code amethyst_get_into(amethyst_db* db, const amethyst_read_options* options, const void* key,
                                size_t key_bytes, void* buffer, size_t buffer_bytes, int* found, size_t* value_bytes,
                                char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(found, "found"));
    AMETHYST_TRY(Wanted(value_bytes, "value_bytes"));
    *found = 0;
    *value_bytes = 0;
    AMETHYST_TRY(Bytes(buffer, buffer_bytes, "buffer"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    ReadScope scope;
    AMETHYST_TRY(scope.Open(options, *database->database()));
    Scratch scratch;
    std::string& value = scratch.Buffer();
    AMETHYST_ASSIGN(const bool there, database->family().GetInto(key_view, &value, scope.options()));
    if (!there) return {};
    *found = 1;
    *value_bytes = value.size();
    const size_t copied = std::min(buffer_bytes, value.size());
    if (copied != 0) std::memcpy(buffer, value.data(), copied);
    return {};
  });
}

amethyst_code amethyst_get_pinned(amethyst_db* db, const amethyst_read_options* options, const void* key,
                                  size_t key_bytes, amethyst_pinned** pinned, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(pinned, "pinned"));
    *pinned = nullptr;
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    ReadScope scope;
    AMETHYST_TRY(scope.Open(options, *database->database()));
    AMETHYST_ASSIGN(auto value, database->family().GetPinned(key_view, scope.options()));
    if (value) HandOut(std::make_unique<PinnedObject>(database->database(), std::move(*value)), pinned);
    return {};
  });
}

const char* amethyst_pinned_value(amethyst_pinned* pinned, size_t* value_bytes) {
  const Entered<PinnedObject> entered(pinned);
  if (value_bytes != nullptr) *value_bytes = entered ? entered->value.size() : 0;
  if (!entered) return nullptr;
  return entered->value.size() == 0 ? "" : entered->value.data();
}

amethyst_code amethyst_pinned_expires_at(amethyst_pinned* pinned, uint64_t* expires_at_ms, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(expires_at_ms, "expires_at_ms"));
    AMETHYST_ENTER(entered, PinnedObject, pinned);
    *expires_at_ms = amethyst::key::MillisecondsOf(entered->value.expires_at().value_or(amethyst::kNever));
    return {};
  });
}

amethyst_code amethyst_pinned_free(amethyst_pinned* pinned) { return Release<PinnedObject>(pinned); }

amethyst_code amethyst_multi_get(amethyst_db* db, const amethyst_read_options* options, size_t count,
                                 const void* const* keys, const size_t* key_bytes, char** values, size_t* value_bytes,
                                 amethyst_code* codes, char** error) {
  return MultiGet(db, options, ReadScope::From::kFiles, {count, keys, key_bytes, values, value_bytes, codes}, error);
}

amethyst_code amethyst_try_multi_get(amethyst_db* db, const amethyst_read_options* options, size_t count,
                                     const void* const* keys, const size_t* key_bytes, char** values,
                                     size_t* value_bytes, amethyst_code* codes, char** error) {
  return MultiGet(db, options, ReadScope::From::kMemoryOnly, {count, keys, key_bytes, values, value_bytes, codes},
                  error);
}
