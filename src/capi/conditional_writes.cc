// One key, read and written as one.
#include <optional>
#include <string_view>

#include "capi/objects.h"

namespace amethyst::capi {

namespace {

Result<WriteOptions> ExpiringOptions(uint64_t expires_at_ms, amethyst_durability durability) {
  AMETHYST_ASSIGN(WriteOptions options, WriteOptionsOf(durability));
  const Expiry expiry = ExpiryOf(expires_at_ms);
  options.expires_at = expiry.at;
  options.ttl = expiry.after;
  return options;
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Status;

amethyst_code amethyst_put_if_absent(amethyst_db* db, const void* key, size_t key_bytes, const void* value,
                                     size_t value_bytes, uint64_t expires_at_ms, amethyst_durability durability,
                                     char** before, size_t* before_bytes, char** error) {
  return Call(error, [&]() -> Status {
    const ValueOut out{before, before_bytes};
    AMETHYST_TRY(out.Clear());
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view value_view, Bytes(value, value_bytes, "value"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, ExpiringOptions(expires_at_ms, durability));
    AMETHYST_ASSIGN(const auto there, database->family().PutIfAbsent(key_view, value_view, options));
    out.Store(there);
    return {};
  });
}

amethyst_code amethyst_compare_and_set(amethyst_db* db, const void* key, size_t key_bytes, const void* expected,
                                       size_t expected_bytes, const void* value, size_t value_bytes,
                                       uint64_t expires_at_ms, amethyst_durability durability, char** before,
                                       size_t* before_bytes, char** error) {
  return Call(error, [&]() -> Status {
    const ValueOut out{before, before_bytes};
    AMETHYST_TRY(out.Clear());
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::optional<std::string_view> from, Bound(expected, expected_bytes, "expected"));
    AMETHYST_ASSIGN(const std::optional<std::string_view> to, Bound(value, value_bytes, "value"));
    const uint64_t moment = to ? expires_at_ms : AMETHYST_AFTER(0);
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, ExpiringOptions(moment, durability));
    AMETHYST_ASSIGN(const auto there, database->family().CompareAndSet(key_view, from, to, options));
    out.Store(there);
    return {};
  });
}

amethyst_code amethyst_delete_if_equal(amethyst_db* db, const void* key, size_t key_bytes, const void* expected,
                                       size_t expected_bytes, amethyst_durability durability, char** before,
                                       size_t* before_bytes, char** error) {
  return Call(error, [&]() -> Status {
    const ValueOut out{before, before_bytes};
    AMETHYST_TRY(out.Clear());
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view expected_view, Bytes(expected, expected_bytes, "expected"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    AMETHYST_ASSIGN(const auto there, database->family().DeleteIfEqual(key_view, expected_view, options));
    out.Store(there);
    return {};
  });
}

amethyst_code amethyst_increment(amethyst_db* db, const void* key, size_t key_bytes, int64_t delta,
                                 amethyst_durability durability, int64_t* value, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    AMETHYST_ASSIGN(const int64_t sum, database->family().Increment(key_view, delta, options));
    if (value != nullptr) *value = sum;
    return {};
  });
}
