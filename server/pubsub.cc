#include "server/pubsub.h"

#include "server/commands/pattern.h"
#include "server/session.h"

namespace amethyst::server {

std::set<std::string, std::less<>>& PubSub::NamesOf(Session& session, Kind kind) {
  switch (kind) {
    case Kind::kChannel: return session.subscriptions.channels;
    case Kind::kPattern: return session.subscriptions.patterns;
    case Kind::kShard: break;
  }
  return session.subscriptions.shard_channels;
}

bool PubSub::Subscribe(Session& session, Kind kind, std::string_view name) {
  if (!NamesOf(session, kind).emplace(name).second) return false;
  listeners_[static_cast<size_t>(kind)][std::string(name)].insert(&session);
  return true;
}

bool PubSub::Unsubscribe(Session& session, Kind kind, std::string_view name) {
  auto& names = NamesOf(session, kind);
  const auto mine = names.find(name);
  if (mine == names.end()) return false;
  Listeners& listeners = listeners_[static_cast<size_t>(kind)];
  const auto at = listeners.find(name);
  at->second.erase(&session);
  if (at->second.empty()) listeners.erase(at);
  names.erase(mine);
  return true;
}

void PubSub::Forget(Session& session) {
  for (const Kind kind : {Kind::kChannel, Kind::kPattern, Kind::kShard}) {
    while (!NamesOf(session, kind).empty()) Unsubscribe(session, kind, std::string(*NamesOf(session, kind).begin()));
  }
}

void PubSub::Deliver(Session& session, std::initializer_list<std::string_view> message) {
  Reply reply = session.NewReply();
  reply.Push(message.size());
  for (const std::string_view part : message) reply.Bulk(part);
  session.WillFlush();
}

size_t PubSub::Publish(std::string_view channel, std::string_view message) {
  size_t receivers = 0;
  const Listeners& channels = of(Kind::kChannel);
  if (const auto at = channels.find(channel); at != channels.end()) {
    for (Session* const session : at->second) Deliver(*session, {"message", channel, message});
    receivers += at->second.size();
  }
  for (const auto& [pattern, sessions] : of(Kind::kPattern)) {
    if (!Matches(pattern, channel)) continue;
    for (Session* const session : sessions) Deliver(*session, {"pmessage", pattern, channel, message});
    receivers += sessions.size();
  }
  return receivers;
}

size_t PubSub::PublishToShard(std::string_view channel, std::string_view message) {
  const Listeners& channels = of(Kind::kShard);
  const auto at = channels.find(channel);
  if (at == channels.end()) return 0;
  for (Session* const session : at->second) Deliver(*session, {"smessage", channel, message});
  return at->second.size();
}

size_t PubSub::SubscriberCount(Kind kind, std::string_view name) const {
  const auto at = of(kind).find(name);
  return at == of(kind).end() ? 0 : at->second.size();
}

}  // namespace amethyst::server
