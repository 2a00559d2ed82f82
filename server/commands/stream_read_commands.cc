// XREAD and XREADGROUP, which may wait for entries.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/commands/stream_arguments.h"
#include "server/server.h"
#include "server/types/stream.h"
#include "server/types/stream_group.h"

namespace amethyst::server {

namespace {

// A client that has waited gets so many entries where it asked for all, as in Redis.
constexpr uint64_t kCountAfterWaiting = 1000;

struct ReadOptions {
  std::optional<uint64_t> block_ms;
  uint64_t count = 0;  // 0: all.
  bool no_ack = false;
  std::optional<std::string_view> group;
  std::string_view consumer;
  size_t first_key = 0;
  size_t streams = 0;
};

// One stream of the command, and which of its entries are wanted.
struct Source {
  std::string_view key;
  size_t id_at = 0;
  StreamId after;
  bool is_new_only = false;  // ">", which Redis takes the greatest id for.
};

bool Refuse(Call& call, std::string_view error) {
  call.reply.Error(error);
  return false;
}

// A timeout in milliseconds. False: the error has been said.
bool ReadBlock(Call& call, size_t i, ReadOptions* options) {
  if (call.server.in_script()) {
    return Refuse(call, "ERR " + std::string(call[0]) + " command is not allowed with BLOCK option from scripts");
  }
  const auto timeout = ReadIntegerAt(call, i, "ERR timeout is not an integer or out of range");
  if (!timeout) return false;
  if (*timeout < 0) return Refuse(call, "ERR timeout is negative");
  options->block_ms = static_cast<uint64_t>(*timeout);
  return true;
}

bool ReadStreams(Call& call, size_t first_key, ReadOptions* options) {
  const size_t words = call.size() - first_key;
  if (words % 2 != 0) {
    return Refuse(call, "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.");
  }
  options->first_key = first_key;
  options->streams = words / 2;
  return true;
}

bool ReadOptionsOf(Call& call, bool is_group, ReadOptions* options) {
  for (size_t i = 1; i < call.size() && options->first_key == 0; ++i) {
    const size_t more = call.size() - i - 1;
    if (more >= 1 && call.Is(i, "block")) {
      if (!ReadBlock(call, ++i, options)) return false;
    } else if (more >= 1 && call.Is(i, "count")) {
      const auto count = ReadIntegerAt(call, ++i);
      if (!count) return false;
      options->count = static_cast<uint64_t>(std::max<int64_t>(*count, 0));
    } else if (more >= 1 && call.Is(i, "streams")) {
      if (!ReadStreams(call, i + 1, options)) return false;
    } else if (more >= 2 && call.Is(i, "group")) {
      if (!is_group) {
        return Refuse(call, "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
      }
      options->group = call[i + 1];
      options->consumer = call[i + 2];
      i += 2;
    } else if (call.Is(i, "noack")) {
      if (!is_group) {
        return Refuse(call, "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
      }
      options->no_ack = true;
    } else {
      return Refuse(call, kSyntax);
    }
  }
  if (options->first_key == 0) return Refuse(call, kSyntax);
  if (is_group && !options->group) return Refuse(call, "ERR Missing GROUP option for XREADGROUP");
  return true;
}

// The id of a source, which is after all entries of the stream where it is "$".
bool ReadSourceId(Call& call, bool is_group, const Stream& stream, Source* source) {
  const std::string_view text = call[source->id_at];
  if (text == "$") {
    if (is_group) {
      return Refuse(call,
                    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this "
                    "consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just "
                    "return an empty result set.");
    }
    source->after = stream.state().last;
    return true;
  }
  if (text == ">") {
    if (!is_group) {
      return Refuse(call,
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
                    "option.");
    }
    source->is_new_only = true;
    return true;
  }
  const auto id = ReadStreamIdAt(call, source->id_at);
  if (id) source->after = *id;
  source->is_new_only = is_group && id == kStreamIdMax;
  return id.has_value();
}

std::optional<std::vector<Source>> ReadSources(Call& call, const ReadOptions& options) {
  std::vector<Source> sources;
  for (size_t i = 0; i < options.streams; ++i) {
    Source source{.key = call[options.first_key + i], .id_at = options.first_key + options.streams + i, .after = {}};
    Stream stream(call.access, source.key);
    if (!call.is_retry() && !MayRead(call, stream)) return {};
    if (!call.is_retry() && options.group && !StreamGroup(stream, *options.group).exists()) {
      call.reply.Error("NOGROUP No such key '" + std::string(source.key) + "' or consumer group '" +
                       std::string(*options.group) + "' in XREADGROUP with GROUP option");
      return {};
    }
    if (!ReadSourceId(call, options.group.has_value(), stream, &source)) return {};
    sources.push_back(source);
  }
  return sources;
}

// Name and entries of one stream. `write` writes the entries.
template <typename Write>
void ReplyWithSource(Call& call, const Source& source, Write write) {
  if (!call.reply.is_resp3()) call.reply.Array(2);
  call.reply.Bulk(source.key);
  write();
}

// Entries behind an id. One that has waited is served once the stream has moved on, even if the entry is gone by then,
// as in Redis.
bool HasEntriesBehind(const Call& call, const Stream& stream, const StreamId& id) {
  if (call.is_retry()) return stream.state().last > id;
  return stream.state().count > 0 && stream.state().last > id && stream.LastEntry() > id;
}

// False: the stream has nothing for the client, and nothing is said.
bool ServePlain(Call& call, const ReadOptions& options, const Source& source) {
  const Stream stream(call.access, source.key);
  if (stream.IsOtherType() || !HasEntriesBehind(call, stream, source.after)) return false;
  const auto start = NextStreamId(source.after);
  ReplyWithSource(call, source, [&] {
    if (!start) return call.reply.Array(0);
    StreamWalk walk(stream, *start, kStreamIdMax);
    ReplyWithEntries(call.reply, walk, options.count);
  });
  return true;
}

// Entries that no consumer of the group has got: they are this consumer's from now on.
void DeliverNew(Call& call, const ReadOptions& options, Stream& stream, StreamGroup& group) {
  ReplyWithCounted(call.reply, [&] {
    size_t delivered = 0;
    const auto start = NextStreamId(group.state().last_delivered);
    if (!start) return delivered;
    for (StreamWalk walk(stream, *start, kStreamIdMax); walk.Valid(); walk.Next()) {
      group.AdvanceTo(walk.id());
      ReplyWithEntry(call.reply, walk.id(), walk.fields());
      if (!options.no_ack) {
        group.PutPending(walk.id(),
                         {.consumer = std::string(options.consumer), .delivered_ms = call.now_ms(), .deliveries = 1});
      }
      if (++delivered == options.count) break;
    }
    return delivered;
  });
}

// What is pending of this consumer. An entry that was deleted has no fields.
void DeliverPending(Call& call, const ReadOptions& options, const Source& source, const Stream& stream,
                    StreamGroup& group) {
  ReplyWithCounted(call.reply, [&] {
    size_t delivered = 0;
    const auto start = NextStreamId(source.after);
    if (!start) return delivered;
    std::string value;
    EntryFields fields;
    for (PendingWalk walk(group, options.consumer, *start); walk.Valid(); walk.Next()) {
      if (stream.Find(walk.id(), &value, &fields)) {
        ReplyWithEntry(call.reply, walk.id(), fields);
        Pending pending = walk.pending();
        pending.delivered_ms = call.now_ms();
        ++pending.deliveries;
        group.PutPending(walk.id(), pending);
      } else {
        call.reply.Array(2);
        ReplyWithStreamId(call.reply, walk.id());
        call.reply.NullArray();
      }
      if (++delivered == options.count) break;
    }
    return delivered;
  });
}

bool ServeGroup(Call& call, const ReadOptions& options, const Source& source) {
  Stream stream(call.access, source.key);
  StreamGroup group(stream, *options.group);
  if (source.is_new_only && !HasEntriesBehind(call, stream, group.state().last_delivered)) return false;
  if (group.SeeConsumer(options.consumer)) {
    call.access.Notify(EventKind::kStream, "xgroup-createconsumer", source.key);
  }
  ReplyWithSource(call, source, [&] {
    if (source.is_new_only) return DeliverNew(call, options, stream, group);
    DeliverPending(call, options, source, stream, group);
  });
  group.Finish();
  return true;
}

// A client has waited, and the stream or the group is not there any more. True: that has been said.
bool HasLostGroup(Call& call, const ReadOptions& options, const Source& source) {
  Stream stream(call.access, source.key);
  if (!stream.exists() || stream.IsOtherType()) {
    call.reply.Error("UNBLOCKED the stream key no longer exists");
    return true;
  }
  if (StreamGroup(stream, *options.group).exists()) return false;
  call.reply.Error("NOGROUP the consumer group this client was blocked on no longer exists");
  return true;
}

// The words of a command that waits: "$" means the last entry of the time when it came.
void Wait(Call& call, const ReadOptions& options, const std::vector<Source>& sources) {
  std::vector<std::string> ids;
  ids.reserve(sources.size());
  std::vector<std::string_view> words(call.args.begin(), call.args.end());
  std::vector<std::string> keys;
  for (const Source& source : sources) {
    keys.emplace_back(source.key);
    if (words[source.id_at] == "$") words[source.id_at] = ids.emplace_back(FormatStreamId(source.after));
  }
  const std::string none = call.reply.is_resp3() ? "_\r\n" : "*-1\r\n";
  if (!call.Block(std::move(keys), *options.block_ms, none, words)) call.reply.NullArray();
}

void Read(Call& call, bool is_group) {
  ReadOptions options;
  if (!ReadOptionsOf(call, is_group, &options)) return;
  const auto sources = ReadSources(call, options);
  if (!sources) return;
  if (call.is_retry() && options.count == 0) options.count = kCountAfterWaiting;
  const size_t mark = call.reply.Mark();
  size_t served = 0;
  for (const Source& source : *sources) {
    if (!call.MayTakeFrom(source.key)) continue;
    if (is_group && call.is_retry() && HasLostGroup(call, options, source)) return;
    served += (is_group ? ServeGroup(call, options, source) : ServePlain(call, options, source)) ? 1 : 0;
  }
  if (served == 0 && options.block_ms) return Wait(call, options, *sources);
  if (served == 0) return call.reply.NullArray();
  const std::string streams = call.reply.TakeFrom(mark);
  if (call.reply.is_resp3()) {
    call.reply.Map(served);
  } else {
    call.reply.Array(served);
  }
  call.reply.Raw(streams);
}
void XRead(Call& call) { Read(call, false); }
void XReadGroup(Call& call) { Read(call, true); }

// The first half of the words behind STREAMS.
std::vector<int> FindStreams(Arguments args) {
  const auto at = std::ranges::find_if(args, [](std::string_view word) { return EqualsIgnoringCase(word, "streams"); });
  std::vector<int> places;
  const auto first = static_cast<int>(at - args.begin()) + 1;
  for (int place = first; 2 * (place - first) + 1 < static_cast<int>(args.size()) - first; ++place) {
    places.push_back(place);
  }
  return places;
}

constexpr Command kCommands[] = {
    {"xread",
     -4,
     kReadonly | kBlocking | kMovableKeys,
     {},
     "stream",
     "5.0.0",
     "Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each "
     "stream. Can block.",
     XRead,
     FindStreams},
    {"xreadgroup",
     -7,
     kWrite | kBlocking | kMovableKeys,
     {},
     "stream",
     "5.0.0",
     "Return new entries from a stream using a consumer group, or access the history of the pending entries for a "
     "given consumer. Can block.",
     XReadGroup,
     FindStreams},
};

}  // namespace

std::span<const Command> StreamReadCommands() { return kCommands; }

}  // namespace amethyst::server
