// Who waits for elements of which keys, in the order in which they began to wait. Thread safety: one thread, the
// server's loop.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <vector>

#include "server/keyspace/access.h"

namespace amethyst::server {

class Session;

class Waiters {
 public:
  void Add(Session& session, const std::vector<KeyName>& keys);
  void Remove(Session& session, const std::vector<KeyName>& keys);
  // Those that wait for the key, the first one first.
  [[nodiscard]] std::vector<Session*> Of(const KeyName& key) const;
  // All, for their time limits.
  [[nodiscard]] std::vector<Session*> All() const;
  // The sessions wait for the keys that have those names from now on. Returns all keys that somebody waits for.
  [[nodiscard]] std::vector<KeyName> Swap(const StoredSwap& swap);
  [[nodiscard]] size_t count() const { return all_.size(); }

 private:
  std::map<KeyName, std::list<Session*>> by_key_;
  std::list<Session*> all_;
};

}  // namespace amethyst::server
