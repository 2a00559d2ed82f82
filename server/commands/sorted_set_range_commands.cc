// Ranges of sorted sets, by rank, by score and by member: read, counted, removed and stored.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/long_reply.h"
#include "server/commands/numbers.h"
#include "server/commands/sorted_set_ranges.h"
#include "server/commands/sorted_set_replies.h"

namespace amethyst::server {

namespace {

enum class By : uint8_t { kRank, kScore, kMember };

// What ZRANGE and its kin are told: some of it by the command's name, the rest by options.
struct RangeQuery {
  By by = By::kRank;
  bool is_backwards = false;
  // ZRANGE and ZRANGESTORE take BYSCORE, BYLEX and REV.
  bool takes_all_options = false;
  bool stores = false;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;

  RangeWords words{};
  int64_t first_rank = 0;
  int64_t last_rank = 0;
  SortedSet::Range scores{};
  LexRange members{};
};

bool ReadRangeOptions(Call& call, size_t from, RangeQuery* query) {
  bool has_by = false;
  for (size_t i = from; i < call.size(); ++i) {
    if (!query->stores && call.Is(i, "withscores")) {
      query->with_scores = true;
    } else if (call.Is(i, "limit") && i + 2 < call.size()) {
      const auto offset = ReadInteger(call[i + 1]);
      const auto limit = ReadInteger(call[i + 2]);
      if (!offset || !limit) return call.reply.Error(kNotInteger), false;
      query->offset = *offset;
      query->limit = *limit;
      i += 2;
    } else if (query->takes_all_options && !query->is_backwards && call.Is(i, "rev")) {
      query->is_backwards = true;
    } else if (query->takes_all_options && !has_by && (call.Is(i, "byscore") || call.Is(i, "bylex"))) {
      query->by = call.Is(i, "byscore") ? By::kScore : By::kMember;
      has_by = true;
    } else {
      return call.reply.Error(kSyntax), false;
    }
  }
  if (query->limit != -1 && query->by == By::kRank) {
    call.reply.Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return false;
  }
  if (query->by == By::kRank) query->offset = 0;  // A limit of -1 is let through, and then its offset is ignored.
  if (query->with_scores && query->by == By::kMember) {
    return call.reply.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX"), false;
  }
  return true;
}

// Of a range backwards the greatest comes first.
bool ReadRangeWords(Call& call, size_t at, RangeQuery* query) {
  RangeWords words = {.low = call[at], .high = call[at + 1]};
  if (query->by == By::kRank) {
    const auto first = ReadInteger(words.low);
    const auto last = ReadInteger(words.high);
    if (!first || !last) return call.reply.Error(kNotInteger), false;
    query->first_rank = *first;
    query->last_rank = *last;
    return true;
  }
  if (query->is_backwards) std::swap(words.low, words.high);
  if (query->by == By::kScore) {
    const auto scores = ReadScoreRange(call, words);
    if (scores) query->scores = *scores;
    return scores.has_value();
  }
  const auto members = ReadLexRange(call, words);
  if (members) query->members = *members;
  return members.has_value();
}

// The walk over what is asked for. A negative offset skips all, as in Redis.
std::unique_ptr<SortedSet::Walk> WalkOf(const SortedSet& set, const RangeQuery& query) {
  if (query.by == By::kRank) {
    const IndexRange ranks = ResolveRange(query.first_rank, query.last_rank, set.size());
    return std::make_unique<SortedSet::Walk>(set, ranks.first, ranks.count, query.is_backwards);
  }
  const SortedSet::Range range = query.by == By::kScore ? query.scores : RangeOf(query.members, set);
  auto walk = std::make_unique<SortedSet::Walk>(set, range, query.is_backwards);
  for (int64_t i = 0; i < query.offset && walk->Valid(); ++i) walk->Next();
  if (query.offset < 0) walk->Limit(0);
  if (query.limit >= 0) walk->Limit(static_cast<uint64_t>(query.limit));
  return walk;
}

void RangeGeneric(Call& call, size_t key_at, RangeQuery query) {
  if (!ReadRangeOptions(call, key_at + 3, &query) || !ReadRangeWords(call, key_at + 1, &query)) return;
  StoredKey key(call.access, call[key_at]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  if (query.stores) {
    return StoreMembers(call, call[1], Collect(std::move(*WalkOf(set, query))), "zrangestore");
  }
  const auto begin = [&](size_t count) { BeginMembers(call.reply, count, query.with_scores); };
  const auto show = [with_scores = query.with_scores](Reply& reply, const SortedSet::Walk& walk) {
    ReplyWithMember(reply, walk.member(), walk.score(), with_scores);
  };
  if (query.by == By::kRank) {
    begin(ResolveRange(query.first_rank, query.last_rank, set.size()).count);
    return ReplyWithAll(call, WalkOf(set, query), show);
  }
  CountAndReplyWithAll(call, [&] { return WalkOf(set, query); }, begin, show);
}

void ZRange(Call& call) { RangeGeneric(call, 1, {.takes_all_options = true}); }
void ZRangeStore(Call& call) { RangeGeneric(call, 2, {.takes_all_options = true, .stores = true}); }
void ZRevRange(Call& call) { RangeGeneric(call, 1, {.is_backwards = true}); }
void ZRangeByScore(Call& call) { RangeGeneric(call, 1, {.by = By::kScore}); }
void ZRevRangeByScore(Call& call) { RangeGeneric(call, 1, {.by = By::kScore, .is_backwards = true}); }
void ZRangeByLex(Call& call) { RangeGeneric(call, 1, {.by = By::kMember}); }
void ZRevRangeByLex(Call& call) { RangeGeneric(call, 1, {.by = By::kMember, .is_backwards = true}); }

void RemoveRange(Call& call, By by, std::string_view event) {
  RangeQuery query{.by = by};
  if (!ReadRangeWords(call, 2, &query)) return;
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  if (!key.exists()) return call.reply.Integer(0);
  SortedSet set = OpenSortedSet(call, key);
  const std::vector<ScoredMember> found = Collect(std::move(*WalkOf(set, query)));
  RemoveAll(call, set, call[1], found, event);
  call.reply.Integer(static_cast<int64_t>(found.size()));
}
void ZRemRangeByRank(Call& call) { RemoveRange(call, By::kRank, "zremrangebyrank"); }
void ZRemRangeByScore(Call& call) { RemoveRange(call, By::kScore, "zremrangebyscore"); }
void ZRemRangeByLex(Call& call) { RemoveRange(call, By::kMember, "zremrangebylex"); }

void CountRange(Call& call, By by) {
  RangeQuery query{.by = by};
  if (!ReadRangeWords(call, 2, &query)) return;
  StoredKey key(call.access, call[1]);
  if (!HoldsOrNothing(call, key, Type::kSortedSet)) return;
  const SortedSet set = OpenSortedSet(call, key);
  const SortedSet::Range range = by == By::kScore ? query.scores : RangeOf(query.members, set);
  call.reply.Integer(static_cast<int64_t>(set.CountIn(range)));
}
void ZCount(Call& call) { CountRange(call, By::kScore); }
void ZLexCount(Call& call) { CountRange(call, By::kMember); }

constexpr KeyPositions kOne = {1, 1, 1};
constexpr Command kCommands[] = {
    {"zcount", 4, kReadonly | kFast, kOne, "sorted-set", "2.0.0",
     "Count the members in a sorted set with scores within the given values", ZCount},
    {"zlexcount", 4, kReadonly | kFast, kOne, "sorted-set", "2.8.9",
     "Count the number of members in a sorted set between a given lexicographical range", ZLexCount},
    {"zrange", -4, kReadonly, kOne, "sorted-set", "1.2.0", "Return a range of members in a sorted set", ZRange},
    {"zrangebylex", -4, kReadonly, kOne, "sorted-set", "2.8.9",
     "Return a range of members in a sorted set, by lexicographical range", ZRangeByLex},
    {"zrangebyscore", -4, kReadonly, kOne, "sorted-set", "1.0.5", "Return a range of members in a sorted set, by score",
     ZRangeByScore},
    {"zrangestore",
     -5,
     kWrite | kDenyOom,
     {1, 2, 1},
     "sorted-set",
     "6.2.0",
     "Store a range of members from sorted set into another key",
     ZRangeStore},
    {"zremrangebylex", 4, kWrite, kOne, "sorted-set", "2.8.9",
     "Remove all members in a sorted set between the given lexicographical range", ZRemRangeByLex},
    {"zremrangebyrank", 4, kWrite, kOne, "sorted-set", "2.0.0",
     "Remove all members in a sorted set within the given indexes", ZRemRangeByRank},
    {"zremrangebyscore", 4, kWrite, kOne, "sorted-set", "1.2.0",
     "Remove all members in a sorted set within the given scores", ZRemRangeByScore},
    {"zrevrange", -4, kReadonly, kOne, "sorted-set", "1.2.0",
     "Return a range of members in a sorted set, by index, with scores ordered from high to low", ZRevRange},
    {"zrevrangebylex", -4, kReadonly, kOne, "sorted-set", "2.8.9",
     "Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.",
     ZRevRangeByLex},
    {"zrevrangebyscore", -4, kReadonly, kOne, "sorted-set", "2.2.0",
     "Return a range of members in a sorted set, by score, with scores ordered from high to low", ZRevRangeByScore},
};

}  // namespace

std::span<const Command> SortedSetRangeCommands() { return kCommands; }

}  // namespace amethyst::server
