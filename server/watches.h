// WATCH: which sessions want to know of changes to which keys. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "server/keyspace/access.h"

namespace amethyst::server {

class Session;

class Watches {
 public:
  // `has_expired`: the key lies there, and nobody can see it.
  void Add(Session& session, const KeyName& key, bool has_expired);
  void RemoveAll(Session& session);
  // The sessions that watch one of the keys are dirty from now on.
  void MarkDirty(std::span<const KeyName> touched);
  // The same for keys that went because they had expired; nothing changes for who has watched one that had already.
  void MarkExpired(std::span<const KeyName> touched);
  // Those whose key `exists`, which is asked for each.
  template <typename Exists>
  void MarkDirtyWhere(Exists exists) {
    for (const auto& [key, sessions] : watchers_) {
      if (exists(key)) MarkAll(sessions);
    }
  }
  // The sessions watch the keys that have those names from now on.
  void Swap(const StoredSwap& swap);
  [[nodiscard]] bool empty() const { return watchers_.empty(); }

 private:
  static void MarkAll(const std::set<Session*>& sessions);

  std::map<KeyName, std::set<Session*>> watchers_;
};

}  // namespace amethyst::server
