// What takes elements off the ends of lists, at once or after waiting for one: LPOP, LMOVE, LMPOP, BLPOP and their kin.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/config.h"
#include "server/types/list.h"

namespace amethyst::server {

namespace {

// Tells of an element that was taken off the end of the key's list.
void NotifyPop(Call& call, std::string_view key, ListEnd end, bool is_gone) {
  call.access.Notify(EventKind::kList, end == ListEnd::kHead ? "lpop" : "rpop", key);
  if (is_gone) call.access.Notify(EventKind::kGeneric, "del", key);
}

// Replies with up to `count` elements, an array of them.
void PopMany(Call& call, StoredKey& key, ListEnd end, uint64_t count) {
  List list(key, call.config());
  count = std::min(count, list.size());
  call.reply.Array(count);
  for (uint64_t i = 0; i < count && call.access.status(); ++i) call.reply.Bulk(list.Pop(end).value_or(""));
  const bool is_gone = list.size() == 0;
  list.Save();
  NotifyPop(call, key.name(), end, is_gone);
}

std::string PopOne(Call& call, StoredKey& key, ListEnd end) {
  List list(key, call.config());
  std::string element = list.Pop(end).value_or("");
  const bool is_gone = list.size() == 0;
  list.Save();
  NotifyPop(call, key.name(), end, is_gone);
  return element;
}

void Pop(Call& call, ListEnd end) {
  if (call.size() > 3) return call.WrongArity();
  const bool has_count = call.size() == 3;
  const auto count = has_count ? ReadInteger(call[2]) : 1;
  if (!count || *count < 0) return call.reply.Error(kNotPositive);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kList)) return;
  if (!has_count) {
    if (!key.exists()) return call.reply.Null();
    return call.reply.Bulk(PopOne(call, key, end));
  }
  if (!key.exists()) return call.reply.NullArray();
  if (*count == 0) return call.reply.Array(0);
  PopMany(call, key, end, static_cast<uint64_t>(*count));
}
void LPop(Call& call) { Pop(call, ListEnd::kHead); }
void RPop(Call& call) { Pop(call, ListEnd::kTail); }

// "LEFT" or "RIGHT"; nullopt: the error has been said.
std::optional<ListEnd> ReadEnd(Call& call, size_t i) {
  if (call.Is(i, "left")) return ListEnd::kHead;
  if (call.Is(i, "right")) return ListEnd::kTail;
  call.reply.Error(kSyntax);
  return {};
}

struct Ends {
  ListEnd from;
  ListEnd to;
};

// From the end of one list to an end of another, or of the same. Both keys have been checked.
void MoveElement(Call& call, StoredKey& source, const Ends& ends) {
  const std::string_view to_name = call[2];
  const std::string_view event = ends.to == ListEnd::kHead ? "lpush" : "rpush";
  if (call[1] == to_name) {
    List list(source, call.config());
    const std::string element = list.Pop(ends.from).value_or("");
    list.Push(ends.to, element);
    list.Save();
    call.access.Notify(EventKind::kList, event, to_name);
    NotifyPop(call, to_name, ends.from, false);
    return call.reply.Bulk(element);
  }
  StoredKey destination(call.access, to_name);
  if (!HoldsOrNothing(call, destination, Type::kList)) return;
  List from(source, call.config());
  const std::string element = from.Pop(ends.from).value_or("");
  const bool is_gone = from.size() == 0;
  from.Save();
  List to(destination, call.config());
  to.Push(ends.to, element);
  to.Save();
  call.access.Notify(EventKind::kList, event, to_name);
  NotifyPop(call, call[1], ends.from, is_gone);
  call.access.SignalReady(to_name);
  call.reply.Bulk(element);
}

// With a timeout it waits for an element.
void Move(Call& call, const Ends& ends, std::optional<uint64_t> timeout_ms) {
  StoredKey source(call.access, call[1]);
  if (!source.exists() || (call.is_retry() && !source.Is(Type::kList))) {
    if (!timeout_ms) return call.reply.Null();
    return WaitForKeys(call, call.args.subspan(1, 1), *timeout_ms, &Reply::Null);
  }
  if (HoldsOrNothing(call, source, Type::kList)) MoveElement(call, source, ends);
}

std::optional<Ends> ReadEnds(Call& call) {
  const auto from = ReadEnd(call, 3);
  if (!from) return {};
  const auto to = ReadEnd(call, 4);
  if (!to) return {};
  return Ends{.from = *from, .to = *to};
}

void LMove(Call& call) {
  if (const auto ends = ReadEnds(call)) Move(call, *ends, {});
}

void BLMove(Call& call) {
  const auto ends = ReadEnds(call);
  if (!ends) return;
  if (const auto timeout = ReadTimeoutAt(call, 5)) Move(call, *ends, timeout);
}

void RPopLPush(Call& call) { Move(call, {.from = ListEnd::kTail, .to = ListEnd::kHead}, {}); }

void BRPopLPush(Call& call) {
  const auto timeout = ReadTimeoutAt(call, 3);
  if (timeout) Move(call, {.from = ListEnd::kTail, .to = ListEnd::kHead}, timeout);
}

void BlockingPop(Call& call, ListEnd end) {
  const auto timeout = ReadTimeoutAt(call, call.size() - 1);
  if (!timeout) return;
  const Arguments keys = call.args.subspan(1, call.size() - 2);
  PopFromFirst(call, keys, Type::kList, timeout, [&](StoredKey& key) {
    call.reply.Array(2);
    call.reply.Bulk(key.name());
    call.reply.Bulk(PopOne(call, key, end));
  });
}
void BLPop(Call& call) { BlockingPop(call, ListEnd::kHead); }
void BRPop(Call& call) { BlockingPop(call, ListEnd::kTail); }

// LMPOP and BLMPOP, whose count of keys is that argument.
void PopOfSeveral(Call& call, size_t count_at, std::optional<uint64_t> timeout_ms) {
  const auto keys = ReadKeysToPop(call, count_at);
  if (!keys) return;
  size_t i = count_at + 1 + keys->size();
  const auto end = ReadEnd(call, i);
  if (!end) return;
  const auto count = ReadPopCount(call, i + 1);
  if (!count) return;
  PopFromFirst(call, *keys, Type::kList, timeout_ms, [&](StoredKey& key) {
    call.reply.Array(2);
    call.reply.Bulk(key.name());
    PopMany(call, key, *end, *count);
  });
}
void LMPop(Call& call) { PopOfSeveral(call, 1, {}); }
void BLMPop(Call& call) {
  if (const auto timeout = ReadTimeoutAt(call, 1)) PopOfSeveral(call, 2, timeout);
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr KeyPositions kTwo = {1, 2, 1};
constexpr KeyPositions kAllButLast = {1, -2, 1};
constexpr uint32_t kMoves = kWrite | kDenyOom;
constexpr uint32_t kWaits = kWrite | kNoScript | kBlocking;
constexpr Command kCommands[] = {
    {"blmove", 6, kWaits | kDenyOom, kTwo, "list", "6.2.0",
     "Pop an element from a list, push it to another list and return it; or block until one is available", BLMove},
    {"blmpop",
     -5,
     kWrite | kBlocking | kMovableKeys,
     {},
     "list",
     "7.0.0",
     "Pop elements from a list, or block until one is available",
     BLMPop,
     [](Arguments args) { return PlacesBehindCount(args, 2); }},
    {"blpop", -3, kWaits, kAllButLast, "list", "2.0.0",
     "Remove and get the first element in a list, or block until one is available", BLPop},
    {"brpop", -3, kWaits, kAllButLast, "list", "2.0.0",
     "Remove and get the last element in a list, or block until one is available", BRPop},
    {"brpoplpush", 4, kWaits | kDenyOom, kTwo, "list", "2.2.0",
     "Pop an element from a list, push it to another list and return it; or block until one is available", BRPopLPush},
    {"lmove", 5, kMoves, kTwo, "list", "6.2.0", "Pop an element from a list, push it to another list and return it",
     LMove},
    {"lmpop",
     -4,
     kWrite | kMovableKeys,
     {},
     "list",
     "7.0.0",
     "Pop elements from a list",
     LMPop,
     [](Arguments args) { return PlacesBehindCount(args, 1); }},
    {"lpop", -2, kWrite | kFast, kOne, "list", "1.0.0", "Remove and get the first elements in a list", LPop},
    {"rpop", -2, kWrite | kFast, kOne, "list", "1.0.0", "Remove and get the last elements in a list", RPop},
    {"rpoplpush", 3, kMoves, kTwo, "list", "1.2.0",
     "Remove the last element in a list, prepend it to another list and return it", RPopLPush},
};

}  // namespace

std::span<const Command> ListPopCommands() { return kCommands; }

}  // namespace amethyst::server
