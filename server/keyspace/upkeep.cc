#include "server/keyspace/upkeep.h"

#include <vector>

#include "server/keyspace/stored_key.h"

namespace amethyst::server {

namespace {
std::string RegistryFrom(uint64_t id) { return "x" + IdPrefix(id); }
}  // namespace

size_t Upkeep::Expire(Access& access, size_t keys_max, size_t* looked_at) {
  size_t expired = 0;
  *looked_at = 0;
  std::string reaped;
  const std::string end = TtlEnd(access.now_ms());
  Iterator due = access.NewIterator(Part::kTtl, {}, end);
  for (due.SeekToFirst(); *looked_at < keys_max && access.Shows(due); due.Next()) {
    ++*looked_at;
    reaped = due.key();
    const std::string_view keys_key = KeysKeyOfTtlKey(due.key());
    access.SetDatabase(access.DatabaseOf(DatabaseOfKeysKey(keys_key)));
    StoredKey key(access, UserKeyOf(keys_key));
    if (!key.IsStoredUntil(ExpiryOfTtlKey(due.key()))) continue;
    access.Notify(EventKind::kExpired, "expired", key.name());
    key.Erase();
    ++expired;
  }
  if (*looked_at > 0) access.DeleteRange(Part::kTtl, "", reaped + '\0');
  return expired;
}

size_t Upkeep::Sweep(Access& access, size_t ids_max) {
  size_t released = 0;
  size_t looked_at = 0;
  const std::string begin = RegistryFrom(next_id_);
  Iterator ids = access.NewIterator(Part::kSys, begin, "y");
  for (ids.SeekToFirst(); access.Shows(ids); ids.Next()) {
    const uint64_t id = ReadBigEndian(ids.key(), 1, 8);
    if (looked_at++ == ids_max) {
      next_id_ = id;
      return released;
    }
    const std::string_view keys_key = ids.value();
    access.SetDatabase(access.DatabaseOf(DatabaseOfKeysKey(keys_key)));
    const StoredKey key(access, UserKeyOf(keys_key));
    if (key.IsStoredAs(id)) continue;
    access.Release(id, Type::kSortedSet);  // Which type it was is not known: all parts.
    ++released;
  }
  next_id_ = 0;
  return released;
}

}  // namespace amethyst::server
