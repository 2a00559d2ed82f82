// Entries that consumers have got and not acknowledged: XACK, XPENDING, XCLAIM, XAUTOCLAIM.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_arguments.h"
#include "server/types/stream.h"
#include "server/types/stream_group.h"

namespace amethyst::server {

namespace {

constexpr int64_t kClaimedMax = INT64_MAX / 16;  // As in Redis: their ids must fit into memory.
constexpr uint64_t kClaimedPreset = 100;
constexpr uint64_t kLookedAtForEach = 10;  // Pending entries that XAUTOCLAIM may step over.

// False: the key holds another type, or there is no such group, which has been said.
bool HasKeyAndGroup(Call& call, const Stream& stream, const StreamGroup& group) {
  if (!MayRead(call, stream)) return false;
  if (!group.exists()) {
    call.reply.Error("NOGROUP No such key '" + std::string(call[1]) + "' or consumer group '" + std::string(call[2]) +
                     "'");
  }
  return group.exists();
}

TimeMs IdleOf(const Call& call, const Pending& pending) {
  return call.now_ms() > pending.delivered_ms ? call.now_ms() - pending.delivered_ms : 0;
}

void XAck(Call& call) {
  Stream stream(call.access, call[1]);
  if (!MayRead(call, stream)) return;
  StreamGroup group(stream, call[2]);
  if (!group.exists()) return call.reply.Integer(0);
  const auto ids = ReadStreamIdsFrom(call, 3);
  if (!ids) return;
  int64_t acknowledged = 0;
  for (const StreamId& id : *ids) acknowledged += group.DeletePending(id) ? 1 : 0;
  group.Finish();
  call.reply.Integer(acknowledged);
}

// How many are pending, from where to where, and how many of each consumer.
void ReplyWithSummary(Call& call, StreamGroup& group) {
  call.reply.Array(4);
  call.reply.Integer(static_cast<int64_t>(group.state().pending));
  PendingWalk walk(group, {});
  if (!walk.Valid()) {
    call.reply.Null();
    call.reply.Null();
    return call.reply.NullArray();
  }
  ReplyWithStreamId(call.reply, walk.id());
  walk.SeekToLast();
  ReplyWithStreamId(call.reply, walk.id());
  ReplyWithCounted(call.reply, [&] {
    size_t consumers = 0;
    for (ConsumerWalk consumer(group); consumer.Valid(); consumer.Next()) {
      if (consumer.state().pending == 0) continue;
      call.reply.Array(2);
      call.reply.Bulk(consumer.name());
      call.reply.BulkInteger(static_cast<int64_t>(consumer.state().pending));
      ++consumers;
    }
    return consumers;
  });
}

struct PendingRange {
  int64_t idle_min = 0;
  int64_t count = 0;
  StreamId start;
  StreamId end;
  std::optional<std::string_view> consumer;
};

// "[IDLE ms] start end count [consumer]" from argument 3. False: the error has been said.
bool ReadPendingRange(Call& call, PendingRange* range) {
  size_t at = 3;
  if (call.Is(3, "idle")) {
    const auto idle = ReadIntegerAt(call, 4);
    if (!idle) return false;
    if (call.size() < 8) {
      call.reply.Error(kSyntax);
      return false;
    }
    range->idle_min = *idle;
    at += 2;
  }
  const auto count = ReadIntegerAt(call, at + 2);
  if (!count) return false;
  const auto start = ReadRangeStart(call, at);
  if (!start) return false;
  const auto end = ReadRangeEnd(call, at + 1);
  if (!end) return false;
  range->count = *count;
  range->start = *start;
  range->end = *end;
  if (at + 3 < call.size()) range->consumer = call[at + 3];
  return true;
}

void ReplyWithPending(Call& call, StreamGroup& group, const PendingRange& range) {
  if (range.consumer && !group.HasConsumer(*range.consumer)) return call.reply.Array(0);
  ReplyWithCounted(call.reply, [&] {
    int64_t replied = 0;
    for (PendingWalk walk(group, range.consumer, range.start, range.end); walk.Valid() && replied < range.count;
         walk.Next()) {
      const Pending& pending = walk.pending();
      const TimeMs idle = IdleOf(call, pending);
      if (static_cast<int64_t>(idle) < range.idle_min) continue;
      call.reply.Array(4);
      ReplyWithStreamId(call.reply, walk.id());
      call.reply.Bulk(pending.consumer);
      call.reply.Integer(static_cast<int64_t>(idle));
      call.reply.Integer(static_cast<int64_t>(pending.deliveries));
      ++replied;
    }
    return static_cast<size_t>(replied);
  });
}

void XPending(Call& call) {
  const bool is_summary = call.size() == 3;
  if (!is_summary && (call.size() < 6 || call.size() > 9)) return call.reply.Error(kSyntax);
  PendingRange range;
  if (!is_summary && !ReadPendingRange(call, &range)) return;
  Stream stream(call.access, call[1]);
  StreamGroup group(stream, call[2]);
  if (!HasKeyAndGroup(call, stream, group)) return;
  if (is_summary) return ReplyWithSummary(call, group);
  ReplyWithPending(call, group, range);
}

// How claimed entries change.
struct Claim {
  std::string_view consumer;
  TimeMs idle_min = 0;
  TimeMs delivered_ms = 0;
  std::optional<uint64_t> deliveries;
  StreamId last_delivered;
  bool is_forced = false;
  bool only_ids = false;
};

// The words behind the ids. False: the error has been said.
bool ReadClaimOptions(Call& call, size_t first, Claim* claim) {
  const auto now = static_cast<int64_t>(call.now_ms());
  int64_t delivered = -1;
  for (size_t i = first; i < call.size(); ++i) {
    const bool has_more = i + 1 < call.size();
    if (call.Is(i, "force")) {
      claim->is_forced = true;
    } else if (call.Is(i, "justid")) {
      claim->only_ids = true;
    } else if (has_more && call.Is(i, "idle")) {
      const auto idle = ReadIntegerAt(call, ++i, "ERR Invalid IDLE option argument for XCLAIM");
      if (!idle) return false;
      if (__builtin_sub_overflow(now, *idle, &delivered)) delivered = now;
    } else if (has_more && call.Is(i, "time")) {
      const auto time = ReadIntegerAt(call, ++i, "ERR Invalid TIME option argument for XCLAIM");
      if (!time) return false;
      delivered = *time;
    } else if (has_more && call.Is(i, "retrycount")) {
      const auto count = ReadIntegerAt(call, ++i, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
      if (!count) return false;
      claim->deliveries = *count < 0 ? std::nullopt : std::optional(static_cast<uint64_t>(*count));
    } else if (has_more && call.Is(i, "lastid")) {
      const auto id = ReadStreamIdAt(call, ++i);
      if (!id) return false;
      claim->last_delivered = *id;
    } else {
      call.reply.Error("ERR Unrecognized XCLAIM option '" + std::string(call[i]) + "'");
      return false;
    }
  }
  claim->delivered_ms = static_cast<TimeMs>(delivered < 0 || delivered > now ? now : delivered);
  return true;
}

// The entry becomes the claiming consumer's. Says it.
void TakeOver(Call& call, StreamGroup& group, const Claim& claim, const StreamId& id, const EntryFields& fields) {
  const auto before = group.FindPending(id);
  Pending pending = before.value_or(Pending{});
  if (group.SeeConsumer(claim.consumer)) {
    call.access.Notify(EventKind::kStream, "xgroup-createconsumer", call[1]);
  }
  pending.consumer = claim.consumer;
  pending.delivered_ms = claim.delivered_ms;
  if (claim.deliveries) {
    pending.deliveries = *claim.deliveries;
  } else if (!claim.only_ids || !before) {
    ++pending.deliveries;
  }
  group.PutPending(id, pending);
  if (claim.only_ids) return ReplyWithStreamId(call.reply, id);
  ReplyWithEntry(call.reply, id, fields);
}

void XClaim(Call& call) {
  Stream stream(call.access, call[1]);
  StreamGroup group(stream, call[2]);
  if (!HasKeyAndGroup(call, stream, group)) return;
  const auto idle_min = ReadIntegerAt(call, 4, "ERR Invalid min-idle-time argument for XCLAIM");
  if (!idle_min) return;
  std::vector<StreamId> ids;
  size_t at = 5;
  for (; at < call.size(); ++at) {
    const auto id = ReadStreamIdText(call[at]);
    if (!id) break;
    ids.push_back(*id);
  }
  Claim claim{.consumer = call[3],
              .idle_min = static_cast<TimeMs>(std::max<int64_t>(*idle_min, 0)),
              .deliveries = {},
              .last_delivered = {}};
  if (!ReadClaimOptions(call, at, &claim)) return;
  if (claim.last_delivered > group.state().last_delivered) {
    group.SetPosition(claim.last_delivered, group.state().entries_read);
  }
  ReplyWithCounted(call.reply, [&] {
    size_t claimed = 0;
    std::string value;
    EntryFields fields;
    for (const StreamId& id : ids) {
      if (!stream.Find(id, &value, &fields)) {
        group.DeletePending(id);
        continue;
      }
      const auto pending = group.FindPending(id);
      if (!pending && !claim.is_forced) continue;
      if (pending && IdleOf(call, *pending) < claim.idle_min) continue;
      TakeOver(call, group, claim, id, fields);
      ++claimed;
    }
    return claimed;
  });
  group.Finish();
}

// The options behind the start of XAUTOCLAIM. False: the error has been said.
bool ReadAutoClaimOptions(Call& call, Claim* claim, uint64_t* count) {
  for (size_t i = 6; i < call.size(); ++i) {
    if (call.Is(i, "count") && i + 1 < call.size()) {
      constexpr std::string_view kRefused = "ERR COUNT must be > 0";
      const auto given = ReadIntegerAt(call, ++i, kRefused);
      if (!given) return false;
      if (*given < 1 || *given > kClaimedMax) {
        call.reply.Error(kRefused);
        return false;
      }
      *count = static_cast<uint64_t>(*given);
    } else if (call.Is(i, "justid")) {
      claim->only_ids = true;
    } else {
      call.reply.Error(kSyntax);
      return false;
    }
  }
  return true;
}

// Says which entries it has claimed, behind the id from which the next call goes on, and before those that were pending
// and are deleted.
void AutoClaim(Call& call, Stream& stream, StreamGroup& group, const Claim& claim, const StreamId& start,
               uint64_t count) {
  call.reply.Array(3);
  const size_t mark = call.reply.Mark();
  std::vector<StreamId> deleted;
  StreamId next;
  ReplyWithCounted(call.reply, [&] {
    size_t claimed = 0;
    std::string value;
    EntryFields fields;
    uint64_t attempts = count * kLookedAtForEach;
    PendingWalk walk(group, {}, start);
    for (; walk.Valid() && count > 0 && attempts > 0; walk.Next(), --attempts) {
      if (!stream.Find(walk.id(), &value, &fields)) {
        deleted.push_back(walk.id());
        group.DeletePending(walk.id());
      } else if (IdleOf(call, walk.pending()) >= claim.idle_min) {
        TakeOver(call, group, claim, walk.id(), fields);
        ++claimed;
      } else {
        continue;
      }
      --count;
    }
    if (walk.Valid()) next = walk.id();
    return claimed;
  });
  const std::string claimed = call.reply.TakeFrom(mark);
  ReplyWithStreamId(call.reply, next);
  call.reply.Raw(claimed);
  call.reply.Array(deleted.size());
  for (const StreamId& id : deleted) ReplyWithStreamId(call.reply, id);
}

void XAutoClaim(Call& call) {
  const auto idle_min = ReadIntegerAt(call, 4, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!idle_min) return;
  const auto start = ReadRangeStart(call, 5);
  if (!start) return;
  Claim claim{.consumer = call[3],
              .idle_min = static_cast<TimeMs>(std::max<int64_t>(*idle_min, 0)),
              .delivered_ms = call.now_ms(),
              .deliveries = {},
              .last_delivered = {}};
  uint64_t count = kClaimedPreset;
  if (!ReadAutoClaimOptions(call, &claim, &count)) return;
  Stream stream(call.access, call[1]);
  StreamGroup group(stream, call[2]);
  if (!HasKeyAndGroup(call, stream, group)) return;
  AutoClaim(call, stream, group, claim, *start, count);
  group.Finish();
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr uint32_t kChange = kWrite | kFast;
constexpr Command kCommands[] = {
    {"xack", -4, kChange, kOne, "stream", "5.0.0",
     "Marks a pending message as correctly processed, effectively removing it from the pending entries list of the "
     "consumer group. Return value of the command is the number of messages successfully acknowledged, that is, the "
     "IDs we were actually able to resolve in the PEL.",
     XAck},
    {"xautoclaim", -6, kChange, kOne, "stream", "6.2.0",
     "Changes (or acquires) ownership of messages in a consumer group, as if the messages were delivered to the "
     "specified consumer.",
     XAutoClaim},
    {"xclaim", -6, kChange, kOne, "stream", "5.0.0",
     "Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered to the "
     "specified consumer.",
     XClaim},
    {"xpending", -3, kReadonly, kOne, "stream", "5.0.0",
     "Return information and entries from a stream consumer group pending entries list, that are messages fetched but "
     "never acknowledged.",
     XPending},
};

}  // namespace

std::span<const Command> StreamPendingCommands() { return kCommands; }

}  // namespace amethyst::server
