// Channels and who listens to them. Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::server {

class Session;

class PubSub {
 public:
  using Listeners = std::map<std::string, std::set<Session*>, std::less<>>;
  enum class Kind { kChannel, kPattern, kShard };

  // False: it did already, or did not.
  bool Subscribe(Session& session, Kind kind, std::string_view name);
  bool Unsubscribe(Session& session, Kind kind, std::string_view name);
  void Forget(Session& session);

  // Sends the message to those who listen, patterns after channels; how many that were.
  size_t Publish(std::string_view channel, std::string_view message);
  size_t PublishToShard(std::string_view channel, std::string_view message);

  [[nodiscard]] const Listeners& of(Kind kind) const { return listeners_[static_cast<size_t>(kind)]; }
  [[nodiscard]] size_t SubscriberCount(Kind kind, std::string_view name) const;

 private:
  static std::set<std::string, std::less<>>& NamesOf(Session& session, Kind kind);
  static void Deliver(Session& session, std::initializer_list<std::string_view> message);

  Listeners listeners_[3];
};

}  // namespace amethyst::server
