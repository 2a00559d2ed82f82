// Streams as a log: XADD, XRANGE, XDEL, XTRIM and their kin. XREAD is in stream_read_commands.cc.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/long_reply.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/commands/stream_arguments.h"
#include "server/config.h"
#include "server/types/stream.h"

namespace amethyst::server {

namespace {

// nullopt: there is none that is greater than the last one.
std::optional<StreamId> NewIdOf(const StreamOptions& options, const StreamId& last, TimeMs now_ms) {
  StreamId id;
  if (options.id && (options.has_seq || options.id->ms != last.ms)) {
    id = *options.id;
  } else if (options.id) {
    if (last.seq == UINT64_MAX) return {};
    id = {.ms = last.ms, .seq = last.seq + 1};
  } else if (now_ms > last.ms) {
    id = {.ms = now_ms, .seq = 0};
  } else {
    id = NextStreamId(last).value_or(last);
  }
  return id > last ? std::optional(id) : std::nullopt;
}

void XAdd(Call& call) {
  const auto options = ReadStreamOptions(call, true);
  if (!options) return;
  const size_t first = options->id_at + 1;
  if (options->id_at == 0 || call.size() < first + 2 || (call.size() - first) % 2 == 1) return call.WrongArity();
  if (options->id && options->has_seq && *options->id == kStreamIdMin) {
    return call.reply.Error("ERR The ID specified in XADD must be greater than 0-0");
  }
  Stream stream(call.access, call[1]);
  if (!MayWrite(call, stream)) return;
  if (!stream.exists() && options->only_if_there) return call.reply.Null();
  if (stream.state().last == kStreamIdMax) {
    return call.reply.Error("ERR The stream has exhausted the last possible ID, unable to add more items");
  }
  const auto id = NewIdOf(*options, stream.state().last, call.now_ms());
  if (!id) return call.reply.Error("ERR The ID specified in XADD is equal or smaller than the target stream top item");
  stream.Append(*id, call.args.subspan(first), call.config().values().stream_node_max_entries);
  call.access.Notify(EventKind::kStream, "xadd", call[1]);
  if (options->has_trimming && stream.Trim(options->trimming) > 0) {
    call.access.Notify(EventKind::kStream, "xtrim", call[1]);
  }
  stream.Finish();
  ReplyWithStreamId(call.reply, *id);
  call.access.SignalReady(call[1]);
}

void XLen(Call& call) {
  const Stream stream(call.access, call[1]);
  if (MayRead(call, stream)) call.reply.Integer(static_cast<int64_t>(stream.state().count));
}

void Range(Call& call, StreamWalk::Direction direction) {
  const bool is_forward = direction == StreamWalk::Direction::kForward;
  const auto start = ReadRangeStart(call, is_forward ? 2 : 3);
  if (!start) return;
  const auto end = ReadRangeEnd(call, is_forward ? 3 : 2);
  if (!end) return;
  std::optional<int64_t> count;
  for (size_t i = 4; i < call.size(); i += 2) {
    if (!call.Is(i, "count") || i + 1 == call.size()) return call.reply.Error(kSyntax);
    count = ReadIntegerAt(call, i + 1);
    if (!count) return;
  }
  const Stream stream(call.access, call[1]);
  if (!MayRead(call, stream)) return;
  if (!stream.exists()) return call.reply.Array(0);
  if (count && *count <= 0) return call.reply.NullArray();
  const auto open = [&] {
    auto walk = std::make_unique<StreamWalk>(stream, *start, *end, direction);
    if (count) walk->Limit(static_cast<uint64_t>(*count));
    return walk;
  };
  CountAndReplyWithAll(
      call, open, [&](size_t entries) { call.reply.Array(entries); },
      [](Reply& reply, const StreamWalk& walk) { ReplyWithEntry(reply, walk.id(), walk.fields()); });
}
void XRange(Call& call) { Range(call, StreamWalk::Direction::kForward); }
void XRevRange(Call& call) { Range(call, StreamWalk::Direction::kBackward); }

void XDel(Call& call) {
  Stream stream(call.access, call[1]);
  if (!stream.exists()) return call.reply.Integer(0);
  if (!MayWrite(call, stream)) return;
  const auto ids = ReadStreamIdsFrom(call, 2);
  if (!ids) return;
  int64_t deleted = 0;
  for (const StreamId& id : *ids) deleted += stream.Delete(id) ? 1 : 0;
  stream.Finish();
  if (deleted > 0) call.access.Notify(EventKind::kStream, "xdel", call[1]);
  call.reply.Integer(deleted);
}

void XTrim(Call& call) {
  const auto options = ReadStreamOptions(call, false);
  if (!options) return;
  Stream stream(call.access, call[1]);
  if (!MayWrite(call, stream)) return;
  const uint64_t removed = stream.Trim(options->trimming);
  stream.Finish();
  if (removed > 0) call.access.Notify(EventKind::kStream, "xtrim", call[1]);
  call.reply.Integer(static_cast<int64_t>(removed));
}

struct SetIdOptions {
  std::optional<uint64_t> entries_added;
  StreamId max_deleted;
};

// False: the error has been said.
bool ReadSetIdOptions(Call& call, const StreamId& id, SetIdOptions* options) {
  for (size_t i = 3; i < call.size(); i += 2) {
    if (call.Is(i, "entriesadded") && i + 1 < call.size()) {
      const auto added = ReadIntegerAt(call, i + 1);
      if (!added) return false;
      if (*added < 0) {
        call.reply.Error("ERR entries_added must be positive");
        return false;
      }
      options->entries_added = static_cast<uint64_t>(*added);
    } else if (call.Is(i, "maxdeletedid") && i + 1 < call.size()) {
      const auto max_deleted = ReadStreamIdAt(call, i + 1);
      if (!max_deleted) return false;
      if (id < *max_deleted) {
        call.reply.Error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
        return false;
      }
      options->max_deleted = *max_deleted;
    } else {
      call.reply.Error(kSyntax);
      return false;
    }
  }
  return true;
}

void XSetId(Call& call) {
  const auto id = ReadStreamIdAt(call, 2);
  if (!id) return;
  SetIdOptions options;
  if (!ReadSetIdOptions(call, *id, &options)) return;
  Stream stream(call.access, call[1]);
  if (!stream.exists()) return call.reply.Error(kNoSuchKey);
  if (!MayWrite(call, stream)) return;
  const uint64_t count = stream.state().count;
  if (count > 0 && *id < stream.LastEntry()) {
    return call.reply.Error("ERR The ID specified in XSETID is smaller than the target stream top item");
  }
  if (count > 0 && options.entries_added && count > *options.entries_added) {
    return call.reply.Error("ERR The entries_added specified in XSETID is smaller than the target stream length");
  }
  stream.SetLast(*id, options.entries_added, options.max_deleted);
  stream.Finish();
  call.reply.Ok();
  call.access.Notify(EventKind::kStream, "xsetid", call[1]);
}

constexpr uint32_t kChange = kWrite | kDenyOom | kFast;
constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"xadd", -5, kChange, kOne, "stream", "5.0.0", "Appends a new entry to a stream", XAdd},
    {"xdel", -3, kWrite | kFast, kOne, "stream", "5.0.0",
     "Removes the specified entries from the stream. Returns the number of items actually deleted, that may be "
     "different from the number of IDs passed in case certain IDs do not exist.",
     XDel},
    {"xlen", 2, kReadonly | kFast, kOne, "stream", "5.0.0", "Return the number of entries in a stream", XLen},
    {"xrange", -4, kReadonly, kOne, "stream", "5.0.0",
     "Return a range of elements in a stream, with IDs matching the specified IDs interval", XRange},
    {"xrevrange", -4, kReadonly, kOne, "stream", "5.0.0",
     "Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from "
     "greater to smaller IDs) compared to XRANGE",
     XRevRange},
    {"xsetid", -3, kChange, kOne, "stream", "5.0.0", "An internal command for replicating stream values", XSetId},
    {"xtrim", -4, kWrite, kOne, "stream", "5.0.0",
     "Trims the stream to (approximately if '~' is passed) a certain size", XTrim},
};

}  // namespace

std::span<const Command> StreamCommands() { return kCommands; }

}  // namespace amethyst::server
