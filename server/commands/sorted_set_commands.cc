// Sorted sets, member by member: ZADD, ZSCORE, ZRANK, ZRANDMEMBER, ZSCAN and their kin.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/random.h"
#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/commands/pattern.h"
#include "server/commands/random_picks.h"
#include "server/commands/scan_options.h"
#include "server/commands/sorted_set_replies.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kNan = "ERR resulting score is not a number (NaN)";

struct AddOptions {
  bool only_if_absent = false;
  bool only_if_there = false;
  bool only_greater = false;
  bool only_less = false;
  bool counts_changed = false;
  bool increments = false;
};

// Reads options from argument 2 on; the place of the first score. nullopt: the error has been said.
std::optional<size_t> ReadAddOptions(Call& call, AddOptions* options) {
  size_t i = 2;
  for (; i < call.size(); ++i) {
    if (call.Is(i, "nx")) {
      options->only_if_absent = true;
    } else if (call.Is(i, "xx")) {
      options->only_if_there = true;
    } else if (call.Is(i, "gt")) {
      options->only_greater = true;
    } else if (call.Is(i, "lt")) {
      options->only_less = true;
    } else if (call.Is(i, "ch")) {
      options->counts_changed = true;
    } else if (call.Is(i, "incr")) {
      options->increments = true;
    } else {
      break;
    }
  }
  const size_t left = call.size() - i;
  if (left == 0 || left % 2 != 0) return call.reply.Error(kSyntax), std::nullopt;
  if (options->only_if_absent && options->only_if_there) {
    return call.reply.Error("ERR XX and NX options at the same time are not compatible"), std::nullopt;
  }
  if ((options->only_greater && options->only_less) ||
      (options->only_if_absent && (options->only_greater || options->only_less))) {
    return call.reply.Error("ERR GT, LT, and/or NX options at the same time are not compatible"), std::nullopt;
  }
  if (options->increments && left > 2) {
    return call.reply.Error("ERR INCR option supports a single increment-element pair"), std::nullopt;
  }
  return i;
}

struct Added {
  int64_t added = 0;
  int64_t updated = 0;
  std::optional<double> score{};  // Of a member that passed the conditions.
};

// False: the score would be no number, and nothing may be written.
bool AddMember(SortedSet& set, std::string_view member, double score, const AddOptions& options, Added* result) {
  const std::optional<double> old = set.Score(member);
  if (old ? options.only_if_absent : options.only_if_there) return true;
  if (old && options.increments) score += *old;
  if (std::isnan(score)) return false;
  if (old && ((options.only_greater && score <= *old) || (options.only_less && score >= *old))) return true;
  result->score = score;
  if (old && *old == score) return true;
  set.Put(member, score, old);
  ++(old ? result->updated : result->added);
  return true;
}

void AddGeneric(Call& call, size_t first, const AddOptions& options) {
  std::vector<double> scores;
  for (size_t i = first; i < call.size(); i += 2) {
    const auto score = ReadDouble(call[i]);
    if (!score) return call.reply.Error(kNotFloat);
    scores.push_back(*score);
  }
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  SortedSet set = OpenSortedSet(call, key);
  Added result;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!AddMember(set, call[first + 2 * i + 1], scores[i], options, &result)) return call.reply.Error(kNan);
  }
  if (result.added + result.updated > 0) {
    set.Save();
    call.access.Notify(EventKind::kSortedSet, options.increments ? "zincr" : "zadd", call[1]);
  }
  if (result.added > 0) call.access.SignalReady(call[1]);
  if (!options.increments) {
    return call.reply.Integer(result.added + (options.counts_changed ? result.updated : 0));
  }
  if (result.score) return call.reply.Double(*result.score);
  call.reply.Null();
}

void AddWith(Call& call, AddOptions options) {
  if (const auto first = ReadAddOptions(call, &options)) AddGeneric(call, *first, options);
}
void ZAdd(Call& call) { AddWith(call, {}); }
// Its increment is read as ZADD reads it: an option there is an error of syntax.
void ZIncrBy(Call& call) { AddWith(call, {.increments = true}); }

void ZRem(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  SortedSet set = OpenSortedSet(call, key);
  int64_t removed = 0;
  for (const std::string_view member : call.args.subspan(2)) {
    const auto score = set.Score(member);
    if (!score) continue;
    set.Remove(member, *score);
    ++removed;
  }
  if (removed > 0) {
    const bool is_gone = set.size() == 0;
    set.Save();
    call.access.Notify(EventKind::kSortedSet, "zrem", call[1]);
    if (is_gone) call.access.Notify(EventKind::kGeneric, "del", call[1]);
  }
  call.reply.Integer(removed);
}

void ReplyWithScore(Call& call, std::optional<double> score) {
  if (score) return call.reply.Double(*score);
  call.reply.Null();
}

void ZScore(Call& call) {
  StoredKey key(call.access, call[1]);
  if (HoldsOrNothing(call, key, Type::kSortedSet)) ReplyWithScore(call, OpenSortedSet(call, key).Score(call[2]));
}

void ZMScore(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  call.reply.Array(call.size() - 2);
  for (const std::string_view member : call.args.subspan(2)) ReplyWithScore(call, set.Score(member));
}

void ZCard(Call& call) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  call.reply.Integer(static_cast<int64_t>(OpenSortedSet(call, key).size()));
}

void Rank(Call& call, bool from_above) {
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  const auto score = set.Score(call[2]);
  if (!score) return call.reply.Null();
  call.reply.Integer(static_cast<int64_t>(set.Rank(call[2], *score, from_above)));
}
void ZRank(Call& call) { Rank(call, false); }
void ZRevRank(Call& call) { Rank(call, true); }

// A set up to this size is read whole to draw from it evenly; a larger one is entered at random hashes.
constexpr uint64_t kDrawnEvenlyMax = 1024;
constexpr uint64_t kDrawnBehindHash = 16;

// One of the members behind a random hash, so that a large gap before a member does not favour it alone.
ScoredMember DrawByHash(Call& call, const SortedSet& set) {
  ScoredMember drawn;
  uint64_t seen = 0;
  for (const uint64_t hash : {call.server.random()() >> 16, uint64_t{0}}) {
    for (SortedSet::HashWalk walk(set, hash); seen < kDrawnBehindHash && walk.Valid(); walk.Next()) {
      if (call.server.random().OneIn(++seen)) drawn = {.member = std::string(walk.member()), .score = walk.score()};
    }
  }
  return drawn;
}

// Each member as often as chance has it.
void DrawWithRepetition(Call& call, const SortedSet& set, uint64_t count, bool with_scores) {
  BeginMembers(call.reply, count, with_scores);
  std::vector<ScoredMember> all;
  if (set.size() <= kDrawnEvenlyMax || !set.is_exploded()) all = Collect(SortedSet::Walk(set, 0, set.size()));
  for (uint64_t i = 0; i < count && call.access.status(); ++i) {
    const ScoredMember drawn = all.empty() ? DrawByHash(call, set) : all[call.server.random().Below(all.size())];
    ReplyWithMember(call.reply, drawn.member, drawn.score, with_scores);
  }
}

// Each member once at the most. Of those that are left, so many are still wanted: the chance of the next one.
void DrawDistinct(Call& call, const SortedSet& set, uint64_t count, bool with_scores) {
  uint64_t wanted = std::min(count, set.size());
  uint64_t left = set.size();
  BeginMembers(call.reply, wanted, with_scores);
  for (SortedSet::Walk walk(set, 0, set.size()); wanted > 0 && walk.Valid(); walk.Next(), --left) {
    if (call.server.random().Below(left) >= wanted) continue;
    ReplyWithMember(call.reply, walk.member(), walk.score(), with_scores);
    --wanted;
  }
}

void ZRandMember(Call& call) {
  RandomCount count;
  const bool has_count = call.size() > 2;
  if (has_count && !ReadRandomCount(call, &count)) return;
  const bool with_scores = call.size() == 4 && call.Is(3, "withscores");
  if (call.size() > 4 || (call.size() == 4 && !with_scores)) return call.reply.Error(kSyntax);
  if (with_scores && count.picks > INT64_MAX / 2) {
    return call.reply.Error("ERR value is out of range");
  }
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  if (!key.exists() && !has_count) return call.reply.Null();
  if (!key.exists() || count.picks == 0) return call.reply.Array(0);
  const SortedSet set = OpenSortedSet(call, key);
  if (has_count) {
    return count.may_repeat ? DrawWithRepetition(call, set, count.picks, with_scores)
                            : DrawDistinct(call, set, count.picks, with_scores);
  }
  if (set.is_exploded() && set.size() > kDrawnEvenlyMax) return call.reply.Bulk(DrawByHash(call, set).member);
  SortedSet::Walk walk(set, call.server.random().Below(set.size()), 1);
  call.reply.Bulk(walk.Valid() ? walk.member() : "");
}

// The cursor is the hash of the next member. Those of an inline set come all at once.
void ZScan(Call& call) {
  const auto cursor = ReadCursor(call[2]);
  if (!cursor) return call.reply.Error("ERR invalid cursor");
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  ScanOptions options;
  if (key.exists() && !ReadScanOptions(call, 3, false, &options)) return;
  const SortedSet set = OpenSortedSet(call, key);
  std::vector<ScoredMember> found;
  uint64_t next = 0;
  if (set.is_exploded()) {
    SortedSet::HashWalk walk(set, *cursor);
    next = ShowFromCursor(walk, options.count, &SortedSet::HashWalk::hash,
                          [&] { found.push_back({.member = std::string(walk.member()), .score = walk.score()}); });
  } else {
    found = Collect(SortedSet::Walk(set, 0, set.size()));
  }
  std::erase_if(found, [&](const ScoredMember& each) { return !Matches(options.pattern, each.member); });
  ReplyWithCursor(call.reply, next, 2 * found.size());
  for (const auto& [member, score] : found) {
    call.reply.Bulk(member);
    call.reply.Bulk(FormatDouble(score));  // No double in RESP3 either.
  }
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr uint32_t kLook = kReadonly | kFast;
constexpr uint32_t kGrows = kWrite | kDenyOom | kFast;
constexpr Command kCommands[] = {
    {"zadd", -4, kGrows, kOne, "sorted-set", "1.2.0",
     "Add one or more members to a sorted set, or update its score if it already exists", ZAdd},
    {"zcard", 2, kLook, kOne, "sorted-set", "1.2.0", "Get the number of members in a sorted set", ZCard},
    {"zincrby", 4, kGrows, kOne, "sorted-set", "1.2.0", "Increment the score of a member in a sorted set", ZIncrBy},
    {"zmscore", -3, kLook, kOne, "sorted-set", "6.2.0",
     "Get the score associated with the given members in a sorted set", ZMScore},
    {"zrandmember", -2, kReadonly, kOne, "sorted-set", "6.2.0", "Get one or multiple random elements from a sorted set",
     ZRandMember},
    {"zrank", 3, kLook, kOne, "sorted-set", "2.0.0", "Determine the index of a member in a sorted set", ZRank},
    {"zrem", -3, kWrite | kFast, kOne, "sorted-set", "1.2.0", "Remove one or more members from a sorted set", ZRem},
    {"zrevrank", 3, kLook, kOne, "sorted-set", "2.0.0",
     "Determine the index of a member in a sorted set, with scores ordered from high to low", ZRevRank},
    {"zscan", -3, kReadonly, kOne, "sorted-set", "2.8.0",
     "Incrementally iterate sorted sets elements and associated scores", ZScan},
    {"zscore", 3, kLook, kOne, "sorted-set", "1.2.0", "Get the score associated with the given member in a sorted set",
     ZScore},
};

}  // namespace

std::span<const Command> SortedSetCommands() { return kCommands; }

}  // namespace amethyst::server
