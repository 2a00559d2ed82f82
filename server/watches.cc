#include "server/watches.h"

#include <utility>

#include "server/session.h"

namespace amethyst::server {

void Watches::Add(Session& session, const KeyName& key, bool has_expired) {
  if (session.watched.emplace(key, has_expired).second) watchers_[key].insert(&session);
}

void Watches::RemoveAll(Session& session) {
  for (const auto& [key, had_expired] : session.watched) {
    const auto at = watchers_.find(key);
    at->second.erase(&session);
    if (at->second.empty()) watchers_.erase(at);
  }
  session.watched.clear();
  session.is_dirty = false;
}

void Watches::MarkDirty(std::span<const KeyName> touched) {
  if (watchers_.empty()) return;
  for (const KeyName& key : touched) {
    if (const auto at = watchers_.find(key); at != watchers_.end()) MarkAll(at->second);
  }
}

void Watches::MarkExpired(std::span<const KeyName> touched) {
  if (watchers_.empty()) return;
  for (const KeyName& key : touched) {
    const auto at = watchers_.find(key);
    if (at == watchers_.end()) continue;
    for (Session* const session : at->second) {
      bool& had_expired = session->watched.at(key);
      if (!had_expired) session->is_dirty = true;
      had_expired = false;  // Whatever comes to be there from now on is a change.
    }
  }
}

void Watches::Swap(const StoredSwap& swap) {
  std::map<KeyName, std::set<Session*>> watchers;
  std::set<Session*> all;
  for (auto& [key, sessions] : watchers_) {
    all.insert(sessions.begin(), sessions.end());
    watchers[swap.Of(key)] = std::move(sessions);
  }
  watchers_ = std::move(watchers);
  for (Session* const session : all) {
    std::map<KeyName, bool> watched;
    for (const auto& [key, had_expired] : session->watched) watched[swap.Of(key)] = had_expired;
    session->watched = std::move(watched);
  }
}

void Watches::MarkAll(const std::set<Session*>& sessions) {
  for (Session* const session : sessions) session->is_dirty = true;
}

}  // namespace amethyst::server
