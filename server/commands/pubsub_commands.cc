// SUBSCRIBE and its kin, PUBLISH, PUBSUB.
#include <fmt/format.h>

#include <utility>

#include "server/commands/command.h"
#include "server/commands/pattern.h"
#include "server/server.h"
#include "server/session.h"

namespace amethyst::server {

namespace {

using Kind = PubSub::Kind;

// The words of the confirmations.
struct Words {
  std::string_view subscribe;
  std::string_view unsubscribe;
};
constexpr Words kWords[] = {
    {"subscribe", "unsubscribe"}, {"psubscribe", "punsubscribe"}, {"ssubscribe", "sunsubscribe"}};

const Words& WordsOf(Kind kind) { return kWords[static_cast<size_t>(kind)]; }

int64_t CountOf(const Session& session, Kind kind) {
  const Subscriptions& subscriptions = session.subscriptions;
  return static_cast<int64_t>(kind == Kind::kShard ? subscriptions.shard_channels.size() : subscriptions.count());
}

void Confirm(Call& call, Kind kind, std::string_view word, std::optional<std::string_view> name) {
  call.reply.Push(3);
  call.reply.Bulk(word);
  if (name) {
    call.reply.Bulk(*name);
  } else {
    call.reply.Null();
  }
  call.reply.Integer(CountOf(call.session, kind));
}

void SubscribeTo(Call& call, Kind kind) {
  for (const std::string_view name : call.args.subspan(1)) {
    call.server.pubsub().Subscribe(call.session, kind, name);
    Confirm(call, kind, WordsOf(kind).subscribe, name);
  }
}

void UnsubscribeFrom(Call& call, Kind kind) {
  const std::string_view word = WordsOf(kind).unsubscribe;
  std::vector<std::string> names(call.args.begin() + 1, call.args.end());
  if (names.empty()) {
    const Subscriptions& mine = call.session.subscriptions;
    const auto& all = kind == Kind::kChannel   ? mine.channels
                      : kind == Kind::kPattern ? mine.patterns
                                               : mine.shard_channels;
    names.assign(all.begin(), all.end());
  }
  for (const std::string& name : names) {
    call.server.pubsub().Unsubscribe(call.session, kind, name);
    Confirm(call, kind, word, name);
  }
  if (names.empty()) Confirm(call, kind, word, {});
}

void Subscribe(Call& call) { SubscribeTo(call, Kind::kChannel); }
void PSubscribe(Call& call) { SubscribeTo(call, Kind::kPattern); }
void SSubscribe(Call& call) { SubscribeTo(call, Kind::kShard); }
void Unsubscribe(Call& call) { UnsubscribeFrom(call, Kind::kChannel); }
void PUnsubscribe(Call& call) { UnsubscribeFrom(call, Kind::kPattern); }
void SUnsubscribe(Call& call) { UnsubscribeFrom(call, Kind::kShard); }

void Publish(Call& call) { call.reply.Integer(static_cast<int64_t>(call.server.pubsub().Publish(call[1], call[2]))); }
void SPublish(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.server.pubsub().PublishToShard(call[1], call[2])));
}

void ChannelsOf(Call& call, Kind kind) {
  std::vector<std::string_view> names;
  for (const auto& [name, sessions] : call.server.pubsub().of(kind)) {
    if (call.size() < 3 || Matches(call[2], name)) names.push_back(name);
  }
  call.reply.Array(names.size());
  for (const std::string_view name : names) call.reply.Bulk(name);
}

void CountsOf(Call& call, Kind kind) {
  call.reply.Array(2 * (call.size() - 2));  // Of RESP3, too.
  for (const std::string_view name : call.args.subspan(2)) {
    call.reply.Bulk(name);
    call.reply.Integer(static_cast<int64_t>(call.server.pubsub().SubscriberCount(kind, name)));
  }
}

bool HasOnePattern(Call& call) {
  if (call.size() <= 3) return true;
  call.reply.Error(fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try PUBSUB HELP.",
                               call[1].substr(0, 128)));
  return false;
}

void PubSubChannels(Call& call) {
  if (!HasOnePattern(call)) return;
  ChannelsOf(call, Kind::kChannel);
}
void PubSubShardChannels(Call& call) {
  if (!HasOnePattern(call)) return;
  ChannelsOf(call, Kind::kShard);
}
void PubSubNumSub(Call& call) { CountsOf(call, Kind::kChannel); }
void PubSubShardNumSub(Call& call) { CountsOf(call, Kind::kShard); }
void PubSubNumPat(Call& call) {
  call.reply.Integer(static_cast<int64_t>(call.server.pubsub().of(Kind::kPattern).size()));
}

constexpr uint32_t kLook = kPubSub | kLoading | kStale;
constexpr Command kPubSubCommands[] = {
    {"pubsub|channels", -2, kLook, {}, "pubsub", "2.8.0", "Returns the active channels.", PubSubChannels},
    {"pubsub|numpat",
     2,
     kLook,
     {},
     "pubsub",
     "2.8.0",
     "Returns a count of unique pattern subscriptions.",
     PubSubNumPat},
    {"pubsub|numsub", -2, kLook, {}, "pubsub", "2.8.0", "Returns a count of subscribers to channels.", PubSubNumSub},
    {"pubsub|shardchannels",
     -2,
     kLook,
     {},
     "pubsub",
     "7.0.0",
     "Returns the active shard channels.",
     PubSubShardChannels},
    {"pubsub|shardnumsub",
     -2,
     kLook,
     {},
     "pubsub",
     "7.0.0",
     "Returns the count of subscribers of shard channels.",
     PubSubShardNumSub},
};

constexpr uint32_t kFlags = kPubSub | kNoScript | kLoading | kStale;
constexpr Command kCommands[] = {
    {"subscribe", -2, kFlags, {}, "pubsub", "2.0.0", "Listens for messages published to channels.", Subscribe},
    {"unsubscribe", -1, kFlags, {}, "pubsub", "2.0.0", "Stops listening to messages posted to channels.", Unsubscribe},
    {"psubscribe",
     -2,
     kFlags,
     {},
     "pubsub",
     "2.0.0",
     "Listens for messages published to channels that match one or more patterns.",
     PSubscribe},
    {"punsubscribe",
     -1,
     kFlags,
     {},
     "pubsub",
     "2.0.0",
     "Stops listening to messages published to channels that match one or more patterns.",
     PUnsubscribe},
    {"ssubscribe",
     -2,
     kFlags,
     {1, -1, 1},
     "pubsub",
     "7.0.0",
     "Listens for messages published to shard channels.",
     SSubscribe},
    {"sunsubscribe",
     -1,
     kFlags,
     {1, -1, 1},
     "pubsub",
     "7.0.0",
     "Stops listening to messages posted to shard channels.",
     SUnsubscribe},
    {"publish",
     3,
     kPubSub | kLoading | kStale | kFast,
     {},
     "pubsub",
     "2.0.0",
     "Posts a message to a channel.",
     Publish},
    {"spublish",
     3,
     kPubSub | kLoading | kStale | kFast,
     {1, 1, 1},
     "pubsub",
     "7.0.0",
     "Posts a message to a shard channel.",
     SPublish},
    {"pubsub", -2, 0, {}, "pubsub", "2.8.0", "A container for Pub/Sub commands.", nullptr, nullptr, kPubSubCommands},
};

}  // namespace

std::span<const Command> PubSubCommands() { return kCommands; }

}  // namespace amethyst::server
