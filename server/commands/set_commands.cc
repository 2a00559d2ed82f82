// Sets: SADD, SMEMBERS, random members, unions, intersections and differences.
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/long_reply.h"
#include "server/commands/lookup.h"
#include "server/commands/numbers.h"
#include "server/commands/random_picks.h"
#include "server/commands/scan_options.h"
#include "server/config.h"
#include "server/types/set.h"
#include "server/types/set_algebra.h"

namespace amethyst::server {

namespace {

// The set of an argument.
Set SetOf(Call& call, size_t argument = 1) { return Set(call.access, call[argument], call.config().values()); }

// The end of a command that has taken members out.
void FinishRemoval(Call& call, Set& set, std::string_view event) {
  set.Finish();
  call.access.Notify(EventKind::kSet, event, call[1]);
  if (set.count() == 0) call.access.Notify(EventKind::kGeneric, "del", call[1]);
}

void SAdd(Call& call) {
  Set set = SetOf(call);
  if (!MayWrite(call, set)) return;
  int64_t added = 0;
  for (const std::string_view member : call.args.subspan(2)) added += set.Add(member) ? 1 : 0;
  set.Finish();
  if (added > 0) call.access.Notify(EventKind::kSet, "sadd", call[1]);
  call.reply.Integer(added);
}

void SRem(Call& call) {
  Set set = SetOf(call);
  if (!MayWrite(call, set)) return;
  int64_t removed = 0;
  for (const std::string_view member : call.args.subspan(2)) removed += set.Delete(member) ? 1 : 0;
  if (removed > 0) FinishRemoval(call, set, "srem");
  call.reply.Integer(removed);
}

void SMove(Call& call) {
  Set from = SetOf(call, 1);
  if (!from.exists()) return call.reply.Integer(0);
  Set to = SetOf(call, 2);
  if (!MayWrite(call, from) || !MayWrite(call, to)) return;
  if (call[1] == call[2]) return call.reply.Integer(from.Contains(call[3]) ? 1 : 0);
  if (!from.Delete(call[3])) return call.reply.Integer(0);
  FinishRemoval(call, from, "srem");
  const bool is_new = to.Add(call[3]);
  to.Finish();
  if (is_new) call.access.Notify(EventKind::kSet, "sadd", call[2]);
  call.reply.Integer(1);
}

void ReplyWithMembers(Call& call, const Set& set) {
  call.reply.Set(set.count());
  ReplyWithAll(call, std::make_unique<MemberWalk>(set),
               [](Reply& reply, const MemberWalk& walk) { reply.Bulk(walk.member().name); });
}

void SMembers(Call& call) {
  const Set set = SetOf(call);
  if (MayRead(call, set)) ReplyWithMembers(call, set);
}

void SCard(Call& call) {
  const Set set = SetOf(call);
  if (MayRead(call, set)) call.reply.Integer(static_cast<int64_t>(set.count()));
}

void SIsMember(Call& call) {
  const Set set = SetOf(call);
  if (MayRead(call, set)) call.reply.Integer(set.Contains(call[2]) ? 1 : 0);
}

void SMIsMember(Call& call) {
  const Set set = SetOf(call);
  if (!MayRead(call, set)) return;
  call.reply.Array(call.size() - 2);
  for (const std::string_view member : call.args.subspan(2)) call.reply.Integer(set.Contains(member) ? 1 : 0);
}

void PopOne(Call& call) {
  Set set = SetOf(call);
  if (!MayWrite(call, set)) return;
  if (set.count() == 0) return call.reply.Null();
  std::string popped;
  Pick(call, set, {}, [&](const Member& member) { popped = member.name; });
  set.Delete(popped);
  FinishRemoval(call, set, "spop");
  call.reply.Bulk(popped);
}

void SPop(Call& call) {
  if (call.size() == 2) return PopOne(call);
  if (call.size() > 3) return call.reply.Error(kSyntax);
  const auto count = ReadInteger(call[2]);
  if (!count || *count < 0) return call.reply.Error(kNotPositive);
  Set set = SetOf(call);
  if (!MayWrite(call, set)) return;
  const auto picks = static_cast<uint64_t>(*count);
  if (picks == 0 || set.count() == 0) return call.reply.Set(0);
  if (picks >= set.count()) {
    ReplyWithMembers(call, set);
    set.BeginAnew();
  } else {
    // All members are picked before the first one is deleted: an inline set must not change under a walk.
    std::vector<std::string> popped;
    Pick(call, set, {.picks = picks}, [&](const Member& member) { popped.emplace_back(member.name); });
    call.reply.Set(popped.size());
    for (const std::string& member : popped) {
      call.reply.Bulk(member);
      set.Delete(member);
    }
  }
  FinishRemoval(call, set, "spop");
}

void SRandMember(Call& call) {
  if (call.size() > 3) return call.reply.Error(kSyntax);
  RandomCount count;
  if (call.size() == 3 && !ReadRandomCount(call, &count)) return;
  const Set set = SetOf(call);
  if (!MayRead(call, set)) return;
  if (call.size() == 2) return ReplyWithRandomMember(call, set);
  call.reply.Array(count.PicksOf(set));
  Pick(call, set, count, [&](const Member& member) { call.reply.Bulk(member.name); });
}

using Walk = void (*)(const std::deque<Set>&, TakeMember);

// Opens the sets of `count` arguments. False: one of them holds something else, which has been said.
bool OpenSets(Call& call, size_t first, size_t count, std::deque<Set>* sets) {
  for (size_t i = first; i < first + count; ++i) {
    const Set& set = sets->emplace_back(call.access, call[i], call.config().values());
    if (!MayRead(call, set)) return false;
  }
  return true;
}

void ReplyWith(Call& call, Walk walk) {
  std::deque<Set> sets;
  if (!OpenSets(call, 1, call.size() - 1, &sets)) return;
  const size_t mark = call.reply.Mark();
  size_t count = 0;
  walk(sets, [&](std::string_view member) {
    call.reply.Bulk(member);
    ++count;
    return true;
  });
  const std::string members = call.reply.TakeFrom(mark);
  call.reply.Set(count);
  call.reply.Raw(members);
}
void SInter(Call& call) { ReplyWith(call, WalkIntersection); }
void SUnion(Call& call) { ReplyWith(call, WalkUnion); }
void SDiff(Call& call) { ReplyWith(call, WalkDifference); }

// The result is a collection of its own, so the key may be one of the sources.
void Store(Call& call, Walk walk, std::string_view event) {
  std::deque<Set> sets;
  if (!OpenSets(call, 2, call.size() - 2, &sets)) return;
  Set result = SetOf(call);
  const bool was_there = result.exists();
  result.BeginAnew();
  walk(sets, [&](std::string_view member) {
    result.Add(member);
    return true;
  });
  result.Finish();
  if (result.count() > 0) {
    call.access.Notify(EventKind::kSet, event, call[1]);
  } else if (was_there) {
    call.access.Notify(EventKind::kGeneric, "del", call[1]);
  }
  call.reply.Integer(static_cast<int64_t>(result.count()));
}
void SInterStore(Call& call) { Store(call, WalkIntersection, "sinterstore"); }
void SUnionStore(Call& call) { Store(call, WalkUnion, "sunionstore"); }
void SDiffStore(Call& call) { Store(call, WalkDifference, "sdiffstore"); }

void SInterCard(Call& call) {
  const auto keys = ReadInteger(call[1]);
  if (!keys || *keys < 1) return call.reply.Error("ERR numkeys should be greater than 0");
  const auto count = static_cast<uint64_t>(*keys);
  if (count > call.size() - 2) return call.reply.Error("ERR Number of keys can't be greater than number of args");
  int64_t limit = 0;  // None.
  for (size_t i = 2 + count; i < call.size(); i += 2) {
    if (!call.Is(i, "limit") || i + 1 == call.size()) return call.reply.Error(kSyntax);
    const auto given = ReadInteger(call[i + 1]);
    if (!given || *given < 0) return call.reply.Error("ERR LIMIT can't be negative");
    limit = *given;
  }
  std::deque<Set> sets;
  if (!OpenSets(call, 2, count, &sets)) return;
  int64_t found = 0;
  WalkIntersection(sets, [&](std::string_view) { return ++found != limit; });
  call.reply.Integer(found);
}

// The keys of SINTERCARD stand behind their number.
std::vector<int> FindCountedKeys(Arguments args) {
  const auto count = args.size() > 1 ? ReadInteger(args[1]) : std::nullopt;
  if (!count || *count < 1 || static_cast<uint64_t>(*count) > args.size() - 2) return {};
  std::vector<int> places;
  for (int place = 2; place < 2 + *count; ++place) places.push_back(place);
  return places;
}

void SScan(Call& call) {
  const auto cursor = ReadCursor(call[2]);
  if (!cursor) return call.reply.Error("ERR invalid cursor");
  const Set set = SetOf(call);
  if (MayRead(call, set)) ReplyWithScan(call, set, *cursor, false);
}

constexpr uint32_t kChange = kWrite | kDenyOom;
constexpr uint32_t kRemove = kWrite | kFast;
constexpr uint32_t kLook = kReadonly | kFast;
constexpr KeyPositions kOne = {1, 1, 1};
constexpr KeyPositions kTwo = {1, 2, 1};
constexpr KeyPositions kAll = {1, -1, 1};
constexpr Command kCommands[] = {
    {"sadd", -3, kChange | kFast, kOne, "set", "1.0.0", "Add one or more members to a set", SAdd},
    {"scard", 2, kLook, kOne, "set", "1.0.0", "Get the number of members in a set", SCard},
    {"sdiff", -2, kReadonly, kAll, "set", "1.0.0", "Subtract multiple sets", SDiff},
    {"sdiffstore", -3, kChange, kAll, "set", "1.0.0", "Subtract multiple sets and store the resulting set in a key",
     SDiffStore},
    {"sinter", -2, kReadonly, kAll, "set", "1.0.0", "Intersect multiple sets", SInter},
    {"sintercard",
     -3,
     kReadonly | kMovableKeys,
     {},
     "set",
     "7.0.0",
     "Intersect multiple sets and return the cardinality of the result",
     SInterCard,
     FindCountedKeys},
    {"sinterstore", -3, kChange, kAll, "set", "1.0.0", "Intersect multiple sets and store the resulting set in a key",
     SInterStore},
    {"sismember", 3, kLook, kOne, "set", "1.0.0", "Determine if a given value is a member of a set", SIsMember},
    {"smembers", 2, kReadonly, kOne, "set", "1.0.0", "Get all the members in a set", SMembers},
    {"smismember", -3, kLook, kOne, "set", "6.2.0",
     "Returns the membership associated with the given elements for a set", SMIsMember},
    {"smove", 4, kRemove, kTwo, "set", "1.0.0", "Move a member from one set to another", SMove},
    {"spop", -2, kRemove, kOne, "set", "1.0.0", "Remove and return one or multiple random members from a set", SPop},
    {"srandmember", -2, kReadonly, kOne, "set", "1.0.0", "Get one or multiple random members from a set", SRandMember},
    {"srem", -3, kRemove, kOne, "set", "1.0.0", "Remove one or more members from a set", SRem},
    {"sscan", -3, kReadonly, kOne, "set", "2.8.0", "Incrementally iterate Set elements", SScan},
    {"sunion", -2, kReadonly, kAll, "set", "1.0.0", "Add multiple sets", SUnion},
    {"sunionstore", -3, kChange, kAll, "set", "1.0.0", "Add multiple sets and store the resulting set in a key",
     SUnionStore},
};

}  // namespace

std::span<const Command> SetCommands() { return kCommands; }

}  // namespace amethyst::server
