// What takes members off the ends of sorted sets, at once or after waiting for one: ZPOPMIN, ZMPOP, BZPOPMIN and their
// kin.
#include <algorithm>
#include <optional>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/commands/sorted_set_replies.h"

namespace amethyst::server {

namespace {

std::vector<ScoredMember> Take(Call& call, StoredKey& key, bool from_above, uint64_t count) {
  SortedSet set = OpenSortedSet(call, key);
  std::vector<ScoredMember> taken = Collect(SortedSet::Walk(set, 0, std::min(count, set.size()), from_above));
  if (!taken.empty()) {
    set.NoteTaken(taken.back().member, taken.back().score, from_above ? OrderEnd::kHigh : OrderEnd::kLow);
  }
  RemoveAll(call, set, key.name(), taken, from_above ? "zpopmax" : "zpopmin");
  return taken;
}

void ReplyFlat(Call& call, const std::vector<ScoredMember>& members) {
  for (const auto& [member, score] : members) {
    call.reply.Bulk(member);
    call.reply.Double(score);
  }
}

void Pop(Call& call, bool from_above) {
  if (call.size() > 3) return call.reply.Error(kSyntax);
  const bool has_count = call.size() == 3;
  const auto count = has_count ? ReadInteger(call[2]) : 1;
  if (!count || *count < 0) return call.reply.Error(kNotPositive);
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  if (!key.exists() || *count == 0) return call.reply.Array(0);
  const std::vector<ScoredMember> taken = Take(call, key, from_above, static_cast<uint64_t>(*count));
  if (has_count) return ReplyWithMembers(call, taken, true);
  call.reply.Array(2 * taken.size());  // Without a count RESP3 has no array around the one pair.
  ReplyFlat(call, taken);
}
void ZPopMin(Call& call) { Pop(call, false); }
void ZPopMax(Call& call) { Pop(call, true); }

void BlockingPop(Call& call, bool from_above) {
  const auto timeout = ReadTimeoutAt(call, call.size() - 1);
  if (!timeout) return;
  const Arguments keys = call.args.subspan(1, call.size() - 2);
  PopFromFirst(call, keys, Type::kSortedSet, timeout, [&](StoredKey& key) {
    const std::vector<ScoredMember> taken = Take(call, key, from_above, 1);
    call.reply.Array(1 + 2 * taken.size());
    call.reply.Bulk(key.name());
    ReplyFlat(call, taken);
  });
}
void BZPopMin(Call& call) { BlockingPop(call, false); }
void BZPopMax(Call& call) { BlockingPop(call, true); }

// ZMPOP and BZMPOP, whose count of keys is that argument.
void PopOfSeveral(Call& call, size_t count_at, std::optional<uint64_t> timeout_ms) {
  const auto keys = ReadKeysToPop(call, count_at);
  if (!keys) return;
  const size_t end_at = count_at + 1 + keys->size();
  const bool from_above = call.Is(end_at, "max");
  if (!from_above && !call.Is(end_at, "min")) return call.reply.Error(kSyntax);
  const auto count = ReadPopCount(call, end_at + 1);
  if (!count) return;
  PopFromFirst(call, *keys, Type::kSortedSet, timeout_ms, [&](StoredKey& key) {
    const std::vector<ScoredMember> taken = Take(call, key, from_above, *count);
    call.reply.Array(2);
    call.reply.Bulk(key.name());
    call.reply.Array(taken.size());
    for (const auto& [member, score] : taken) {
      call.reply.Array(2);
      call.reply.Bulk(member);
      call.reply.Double(score);
    }
  });
}
void ZMPop(Call& call) { PopOfSeveral(call, 1, {}); }
void BZMPop(Call& call) {
  if (const auto timeout = ReadTimeoutAt(call, 1)) PopOfSeveral(call, 2, timeout);
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr KeyPositions kAllButLast = {1, -2, 1};
constexpr uint32_t kWaits = kWrite | kNoScript | kBlocking | kFast;
constexpr Command kCommands[] = {
    {"bzmpop",
     -5,
     kWrite | kBlocking | kMovableKeys,
     {},
     "sorted-set",
     "7.0.0",
     "Remove and return members with scores in a sorted set or block until one is available",
     BZMPop,
     [](Arguments args) { return PlacesBehindCount(args, 2); }},
    {"bzpopmax", -3, kWaits, kAllButLast, "sorted-set", "5.0.0",
     "Remove and return the member with the highest score from one or more sorted sets, or block until one is "
     "available",
     BZPopMax},
    {"bzpopmin", -3, kWaits, kAllButLast, "sorted-set", "5.0.0",
     "Remove and return the member with the lowest score from one or more sorted sets, or block until one is available",
     BZPopMin},
    {"zmpop",
     -4,
     kWrite | kMovableKeys,
     {},
     "sorted-set",
     "7.0.0",
     "Remove and return members with scores in a sorted set",
     ZMPop,
     [](Arguments args) { return PlacesBehindCount(args, 1); }},
    {"zpopmax", -2, kWrite | kFast, kOne, "sorted-set", "5.0.0",
     "Remove and return members with the highest scores in a sorted set", ZPopMax},
    {"zpopmin", -2, kWrite | kFast, kOne, "sorted-set", "5.0.0",
     "Remove and return members with the lowest scores in a sorted set", ZPopMin},
};

}  // namespace

std::span<const Command> SortedSetPopCommands() { return kCommands; }

}  // namespace amethyst::server
