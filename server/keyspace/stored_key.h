// One key of the keyspace as a command finds it, and what becomes of it.
//
//   StoredKey key(access, "visits");
//   if (key.exists() && key.type() != Type::kString) return reply.Error(kWrongType);
//   key.Put({.type = Type::kString, .expires_ms = key.expires_ms(), .body = "1"});
//
// An expired key does not exist, though it may lie there until it is reaped: writing over it frees what it held. Look a
// key up again after another StoredKey has written it. Thread safety: one thread, the server's loop.
#pragma once

#include <string>
#include <string_view>

#include "server/keyspace/access.h"
#include "server/keyspace/layout.h"

namespace amethyst::server {

class StoredKey {
 public:
  // Looks it up. The views are valid while this lives.
  StoredKey(Access& access, std::string_view user_key);
  // kToOverwrite: for a Put over whatever is there, which shall not read the disk; there is no body. What may be there
  // then counts as a key that exists, and expires if the new one does; the sweep finds the collection that it was.
  // Where events tell of new keys it is looked up all the same.
  enum class Lookup : uint8_t { kWhole, kToOverwrite };
  StoredKey(Access& access, std::string_view user_key, Lookup lookup);
  StoredKey(const StoredKey&) = delete;
  StoredKey& operator=(const StoredKey&) = delete;

  [[nodiscard]] bool exists() const { return exists_; }
  [[nodiscard]] bool Is(Type type) const { return exists_ && record_.type == type; }
  // Of a key that exists.
  [[nodiscard]] Type type() const { return record_.type; }
  [[nodiscard]] const Record& record() const { return record_; }
  [[nodiscard]] std::string_view body() const { return record_.body; }
  // kNoExpiry where it does not expire or does not exist.
  [[nodiscard]] TimeMs expires_ms() const { return exists_ ? record_.expires_ms : kNoExpiry; }

  // It lies there, and does not exist.
  [[nodiscard]] bool HasExpired() const { return is_stored_ && !exists_; }
  // Of what is stored, expired or not: whether it expires then, or is the collection of that id.
  [[nodiscard]] bool IsStoredUntil(TimeMs expires_ms) const { return is_stored_ && record_.expires_ms == expires_ms; }
  [[nodiscard]] bool IsStoredAs(uint64_t id) const;

  [[nodiscard]] std::string_view name() const { return UserKeyOf(keys_key_); }
  [[nodiscard]] const std::string& keys_key() const { return keys_key_; }
  [[nodiscard]] Access& access() { return access_; }

  // Replaces what is stored, expired or not, and counts and touches the key. A collection whose id the new record does
  // not have is released. `record.body` may point into this.
  void Put(const Record& record);
  // The same value with another expiry.
  void PutExpiry(TimeMs expires_ms);
  // It is gone; nothing happens where it was not stored.
  void Erase();
  // Gone without its collection, which another key has taken over.
  void EraseButKeepCollection();

 private:
  // What was found under the key.
  void Take();
  void ReleaseCollection(uint64_t kept_id);
  void SignalIfStream();

  Access& access_;
  std::string keys_key_;
  std::string stored_;
  Record record_;
  bool is_stored_ = false;
  bool exists_ = false;
  bool is_unknown_ = false;  // Of what is stored nothing else is known.
};

// The id at the head of an exploded collection's body.
[[nodiscard]] uint64_t IdOf(const Record& exploded);

}  // namespace amethyst::server
