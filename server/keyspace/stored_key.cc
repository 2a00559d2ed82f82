#include "server/keyspace/stored_key.h"

#include <utility>

#include "base/error.h"

namespace amethyst::server {

namespace {
constexpr uint64_t kNoId = 0;
}  // namespace

uint64_t IdOf(const Record& exploded) { return ReadBigEndian(exploded.body, 0, 8); }

StoredKey::StoredKey(Access& access, std::string_view user_key) : StoredKey(access, user_key, Lookup::kWhole) {}

StoredKey::StoredKey(Access& access, std::string_view user_key, Lookup lookup)
    : access_(access), keys_key_(KeysKey(access.stored_database(), user_key)) {
  if (user_key.size() > kNameBytesMax) return;
  const bool reads_disk = lookup == Lookup::kWhole || access.wants_events();
  const bool is_found =
      reads_disk ? access.Get(Part::kKeys, keys_key_, &stored_) : access.GetHead(keys_key_, &stored_, &is_unknown_);
  if (is_found) Take();
  is_stored_ |= is_unknown_;
  exists_ |= is_unknown_;
}

void StoredKey::Take() {
  const auto record = DecodeRecord(stored_);
  if (!record) {
    access_.Fail(
        base::Corruption("family keys: the value of a key has {} bytes, which are no record", stored_.size()).error());
    return;
  }
  record_ = *record;
  is_stored_ = true;
  exists_ = record_.expires_ms > access_.now_ms();
}

bool StoredKey::IsStoredAs(uint64_t id) const { return is_stored_ && record_.is_exploded && IdOf(record_) == id; }

void StoredKey::ReleaseCollection(uint64_t kept_id) {
  if (is_unknown_) return SignalIfStream();
  if (!is_stored_ || !record_.is_exploded) return;
  const uint64_t id = IdOf(record_);
  if (id == kept_id) return;
  access_.Release(id, record_.type);
  SignalIfStream();
}

// Clients that read a group of a stream wait no longer once the stream is gone.
void StoredKey::SignalIfStream() {
  if (is_unknown_ || (is_stored_ && record_.type == Type::kStream))
    access_.SignalReady(DatabaseOfKeysKey(keys_key_), name());
}

void StoredKey::Put(const Record& record) {
  if (name().size() > kNameBytesMax) {
    access_.Fail(Error(ErrorCode::kInvalidArgument, "key is longer than 65,472 bytes"));
    return;
  }
  if (!exists_) access_.Notify(EventKind::kNew, "new", name());
  ReleaseCollection(record.is_exploded ? IdOf(record) : kNoId);
  const bool has_expiry = record.expires_ms != kNoExpiry;
  const bool had_expiry = is_unknown_ ? has_expiry : is_stored_ && record_.expires_ms != kNoExpiry;
  if (has_expiry && !(had_expiry && record_.expires_ms == record.expires_ms)) {
    access_.Put(Part::kTtl, TtlKey(record.expires_ms, keys_key_), "");
  }
  access_.Count(DatabaseOfKeysKey(keys_key_), is_stored_ ? 0 : 1, (has_expiry ? 1 : 0) - (had_expiry ? 1 : 0));
  std::string encoded = EncodeRecord(record);
  access_.Put(Part::kKeys, keys_key_, encoded);
  access_.Touch(DatabaseOfKeysKey(keys_key_), name());
  stored_ = std::move(encoded);
  is_unknown_ = false;
  Take();
}

void StoredKey::PutExpiry(TimeMs expires_ms) {
  Record changed = record_;
  changed.expires_ms = expires_ms;
  Put(changed);
}

void StoredKey::Erase() {
  ReleaseCollection(kNoId);
  EraseButKeepCollection();
}

void StoredKey::EraseButKeepCollection() {
  if (!is_stored_) return;
  SignalIfStream();
  access_.Delete(Part::kKeys, keys_key_);
  access_.Count(DatabaseOfKeysKey(keys_key_), -1, record_.expires_ms != kNoExpiry ? -1 : 0);
  access_.Touch(DatabaseOfKeysKey(keys_key_), name());
  is_stored_ = exists_ = false;
}

}  // namespace amethyst::server
