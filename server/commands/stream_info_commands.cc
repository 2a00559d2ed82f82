// XINFO: what a stream, its groups and their consumers are like.
#include <optional>
#include <string>

#include "server/commands/command.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_arguments.h"
#include "server/types/stream.h"
#include "server/types/stream_group.h"

namespace amethyst::server {

namespace {

constexpr uint64_t kShownPreset = 10;  // Of STREAM FULL.

void Field(Reply& reply, std::string_view name, uint64_t value) {
  reply.Bulk(name);
  reply.Integer(static_cast<int64_t>(value));
}

void Field(Reply& reply, std::string_view name, const StreamId& id) {
  reply.Bulk(name);
  ReplyWithStreamId(reply, id);
}

void Field(Reply& reply, std::string_view name, std::optional<int64_t> value) {
  reply.Bulk(name);
  if (value) return reply.Integer(*value);
  reply.Null();
}

// False: there is no such stream, which has been said.
bool HasStream(Call& call, const Stream& stream) {
  if (!MayRead(call, stream)) return false;
  if (!stream.exists()) call.reply.Error(kNoSuchKey);
  return stream.exists();
}

std::optional<int64_t> ReadOf(const GroupState& state) {
  return state.entries_read ? std::optional(static_cast<int64_t>(*state.entries_read)) : std::nullopt;
}

void InfoConsumers(Call& call) {
  Stream stream(call.access, call[2]);
  if (!HasStream(call, stream)) return;
  StreamGroup group(stream, call[3]);
  if (!group.exists()) return ReplyWithNoSuchGroup(call);
  call.reply.Array(group.state().consumers);
  for (ConsumerWalk consumer(group); consumer.Valid(); consumer.Next()) {
    const TimeMs seen_ms = consumer.state().seen_ms;
    call.reply.Map(3);
    call.reply.Bulk("name");
    call.reply.Bulk(consumer.name());
    Field(call.reply, "pending", consumer.state().pending);
    Field(call.reply, "idle", call.now_ms() > seen_ms ? call.now_ms() - seen_ms : 0);
  }
}

void InfoGroups(Call& call) {
  Stream stream(call.access, call[2]);
  if (!HasStream(call, stream)) return;
  call.reply.Array(stream.state().groups);
  for (GroupWalk group(stream); group.Valid(); group.Next()) {
    const GroupState& state = group.state();
    call.reply.Map(6);
    call.reply.Bulk("name");
    call.reply.Bulk(group.name());
    Field(call.reply, "consumers", state.consumers);
    Field(call.reply, "pending", state.pending);
    Field(call.reply, "last-delivered-id", state.last_delivered);
    Field(call.reply, "entries-read", ReadOf(state));
    Field(call.reply, "lag", LagOf(stream.state(), state));
  }
}

// An array of pending entries, `count` at the most (0: all).
void ReplyWithPendingOf(Reply& reply, StreamGroup& group, std::optional<std::string_view> consumer, uint64_t count) {
  reply.Bulk("pending");
  ReplyWithCounted(reply, [&] {
    size_t shown = 0;
    for (PendingWalk walk(group, consumer); walk.Valid() && (count == 0 || shown < count); walk.Next(), ++shown) {
      reply.Array(consumer ? 3 : 4);
      ReplyWithStreamId(reply, walk.id());
      if (!consumer) reply.Bulk(walk.pending().consumer);
      reply.Integer(static_cast<int64_t>(walk.pending().delivered_ms));
      reply.Integer(static_cast<int64_t>(walk.pending().deliveries));
    }
    return shown;
  });
}

void ReplyWithFullGroup(Reply& reply, Stream& stream, std::string_view name, uint64_t count) {
  StreamGroup group(stream, name);
  const GroupState& state = group.state();
  reply.Map(7);
  reply.Bulk("name");
  reply.Bulk(name);
  Field(reply, "last-delivered-id", state.last_delivered);
  Field(reply, "entries-read", ReadOf(state));
  Field(reply, "lag", LagOf(stream.state(), state));
  Field(reply, "pel-count", state.pending);
  ReplyWithPendingOf(reply, group, {}, count);
  reply.Bulk("consumers");
  reply.Array(state.consumers);
  for (ConsumerWalk consumer(group); consumer.Valid(); consumer.Next()) {
    reply.Map(4);
    reply.Bulk("name");
    reply.Bulk(consumer.name());
    Field(reply, "seen-time", consumer.state().seen_ms);
    Field(reply, "pel-count", consumer.state().pending);
    ReplyWithPendingOf(reply, group, consumer.name(), count);
  }
}

// The first or the last entry.
void ReplyWithEdge(Reply& reply, const Stream& stream, std::string_view name, StreamWalk::Direction direction) {
  reply.Bulk(name);
  const StreamWalk walk(stream, kStreamIdMin, kStreamIdMax, direction);
  if (!walk.Valid()) return reply.Null();
  ReplyWithEntry(reply, walk.id(), walk.fields());
}

// "[FULL [COUNT count]]" from argument 3. False: the error has been said.
bool ReadInfoOptions(Call& call, bool* is_full, uint64_t* count) {
  *is_full = call.size() > 3;
  const bool is_right =
      !*is_full || (call.Is(3, "full") && (call.size() == 4 || (call.size() == 6 && call.Is(4, "count"))));
  if (!is_right) {
    ReplyWithSubcommandSyntaxError(call);
    return false;
  }
  if (call.size() != 6) return true;
  const auto given = ReadIntegerAt(call, 5);
  if (given && *given >= 0) *count = static_cast<uint64_t>(*given);
  return given.has_value();
}

// The nodes stand for the radix tree of Redis.
void InfoStream(Call& call) {
  Stream stream(call.access, call[2]);
  if (!HasStream(call, stream)) return;
  bool is_full = false;
  uint64_t count = kShownPreset;
  if (!ReadInfoOptions(call, &is_full, &count)) return;
  const StreamState& state = stream.state();
  const uint64_t nodes = stream.CountNodes();
  Reply& reply = call.reply;
  reply.Map(is_full ? 9 : 10);
  Field(reply, "length", state.count);
  Field(reply, "radix-tree-keys", nodes);
  Field(reply, "radix-tree-nodes", nodes + 1);
  Field(reply, "last-generated-id", state.last);
  Field(reply, "max-deleted-entry-id", state.max_deleted);
  Field(reply, "entries-added", state.entries_added);
  Field(reply, "recorded-first-entry-id", state.first);
  if (!is_full) {
    Field(reply, "groups", state.groups);
    ReplyWithEdge(reply, stream, "first-entry", StreamWalk::Direction::kForward);
    return ReplyWithEdge(reply, stream, "last-entry", StreamWalk::Direction::kBackward);
  }
  reply.Bulk("entries");
  StreamWalk walk(stream, kStreamIdMin, kStreamIdMax);
  ReplyWithEntries(reply, walk, count);
  reply.Bulk("groups");
  reply.Array(state.groups);
  for (GroupWalk group(stream); group.Valid(); group.Next()) ReplyWithFullGroup(reply, stream, group.name(), count);
}

constexpr KeyPositions kSecond = {2, 2, 1};
constexpr Command kInfoCommands[] = {
    {"xinfo|consumers", 4, kReadonly, kSecond, "stream", "5.0.0", "List the consumers in a consumer group",
     InfoConsumers},
    {"xinfo|groups", 3, kReadonly, kSecond, "stream", "5.0.0", "List the consumer groups of a stream", InfoGroups},
    {"xinfo|stream", -3, kReadonly, kSecond, "stream", "5.0.0", "Get information about a stream", InfoStream},
};
constexpr Command kCommands[] = {
    {"xinfo",
     -2,
     0,
     {},
     "stream",
     "5.0.0",
     "A container for stream introspection commands",
     nullptr,
     nullptr,
     kInfoCommands},
};

}  // namespace

std::span<const Command> StreamInfoCommands() { return kCommands; }

}  // namespace amethyst::server
