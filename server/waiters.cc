#include "server/waiters.h"

#include <utility>

#include "server/session.h"

namespace amethyst::server {

void Waiters::Add(Session& session, const std::vector<KeyName>& keys) {
  for (const KeyName& key : keys) by_key_[key].push_back(&session);
  all_.push_back(&session);
}

void Waiters::Remove(Session& session, const std::vector<KeyName>& keys) {
  for (const KeyName& key : keys) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) continue;
    at->second.remove(&session);
    if (at->second.empty()) by_key_.erase(at);
  }
  all_.remove(&session);
}

std::vector<Session*> Waiters::Of(const KeyName& key) const {
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

std::vector<KeyName> Waiters::Swap(const StoredSwap& swap) {
  std::map<KeyName, std::list<Session*>> by_key;
  std::vector<KeyName> keys;
  for (auto& [key, sessions] : by_key_) {
    keys.push_back(swap.Of(key));
    by_key[keys.back()] = std::move(sessions);
  }
  by_key_ = std::move(by_key);
  for (Session* const session : all_) {
    for (KeyName& key : session->waiting->keys) key = swap.Of(key);
  }
  return keys;
}

std::vector<Session*> Waiters::All() const { return {all_.begin(), all_.end()}; }

}  // namespace amethyst::server
