#include "server/waiters.h"

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

std::vector<Session*> Waiters::All() const { return {all_.begin(), all_.end()}; }

}  // namespace amethyst::server
