// Union, intersection and difference of sorted sets and sets: ZUNION, ZINTERSTORE, ZINTERCARD and their kin.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/commands/scored_input.h"
#include "server/commands/sorted_set_replies.h"

namespace amethyst::server {

namespace {

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };
enum class Outcome : uint8_t { kReply, kStore, kCount };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

struct Input {
  std::unique_ptr<ScoredInput> members;
  double weight = 1;
};

struct Query {
  Operation operation;
  Outcome outcome;
  std::vector<Input> inputs{};
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  uint64_t limit = 0;  // 0: none.
};

// Infinity times zero, and infinities that cancel out, are 0.
double OrZero(double value) { return std::isnan(value) ? 0 : value; }

double Weighted(const Input& input, double score) { return OrZero(input.weight * score); }

double Aggregated(const Query& query, double one, double other) {
  switch (query.aggregate) {
    case Aggregate::kSum: return OrZero(one + other);
    case Aggregate::kMin: return std::min(one, other);
    case Aggregate::kMax: return std::max(one, other);
  }
  return 0;
}

// The keys behind the count at that argument. False: the error has been said.
bool ReadInputs(Call& call, size_t count_at, Query* query) {
  const auto count = ReadInteger(call[count_at]);
  if (!count) return call.reply.Error(kNotInteger), false;
  if (*count < 1) {
    call.reply.Error(fmt::format("ERR at least 1 input key is needed for '{}' command", call.command.name));
    return false;
  }
  if (static_cast<uint64_t>(*count) > call.size() - count_at - 1) return call.reply.Error(kSyntax), false;
  for (const std::string_view name : call.args.subspan(count_at + 1, static_cast<size_t>(*count))) {
    auto members = OpenScoredInput(call, name);
    if (members == nullptr) return false;
    query->inputs.push_back({.members = std::move(members)});
  }
  return true;
}

// WEIGHTS at argument i; the last argument that it took, or nullopt: the error has been said.
std::optional<size_t> ReadWeights(Call& call, size_t i, Query* query) {
  for (Input& input : query->inputs) {
    const auto weight = ReadDouble(call[++i]);
    if (!weight) return call.reply.Error("ERR weight value is not a float"), std::nullopt;
    input.weight = *weight;
  }
  return i;
}

bool ReadAggregate(Call& call, size_t i, Query* query) {
  if (call.Is(i, "sum")) {
    query->aggregate = Aggregate::kSum;
  } else if (call.Is(i, "min")) {
    query->aggregate = Aggregate::kMin;
  } else if (call.Is(i, "max")) {
    query->aggregate = Aggregate::kMax;
  } else {
    return call.reply.Error(kSyntax), false;
  }
  return true;
}

bool ReadQueryOptions(Call& call, size_t from, Query* query) {
  const bool has_scores = query->operation != Operation::kDifference && query->outcome != Outcome::kCount;
  for (size_t i = from; i < call.size(); ++i) {
    const size_t behind = call.size() - i - 1;
    if (has_scores && call.Is(i, "weights") && behind >= query->inputs.size()) {
      const auto last = ReadWeights(call, i, query);
      if (!last) return false;
      i = *last;
    } else if (has_scores && call.Is(i, "aggregate") && behind >= 1) {
      if (!ReadAggregate(call, ++i, query)) return false;
    } else if (query->outcome == Outcome::kReply && call.Is(i, "withscores")) {
      query->with_scores = true;
    } else if (query->outcome == Outcome::kCount && call.Is(i, "limit") && behind >= 1) {
      const auto limit = ReadInteger(call[++i]);
      if (!limit || *limit < 0) return call.reply.Error("ERR LIMIT can't be negative"), false;
      query->limit = static_cast<uint64_t>(*limit);
    } else {
      return call.reply.Error(kSyntax), false;
    }
  }
  return true;
}

std::vector<ScoredMember> Union(const Query& query) {
  std::unordered_map<std::string, double> scores;
  for (const Input& input : query.inputs) {
    input.members->ForEach([&](std::string_view member, double score) {
      const auto [at, is_new] = scores.try_emplace(std::string(member), Weighted(input, score));
      if (!is_new) at->second = Aggregated(query, at->second, Weighted(input, score));
    });
  }
  std::vector<ScoredMember> members;
  members.reserve(scores.size());
  while (!scores.empty()) {
    auto node = scores.extract(scores.begin());
    members.push_back({.member = std::move(node.key()), .score = node.mapped()});
  }
  return members;
}

// Members of the first input that are in all others; no more than `limit`.
std::vector<ScoredMember> Intersection(const Query& query) {
  std::vector<ScoredMember> members;
  query.inputs.front().members->ForEach([&](std::string_view member, double first) {
    if (query.limit > 0 && members.size() == query.limit) return;
    double score = Weighted(query.inputs.front(), first);
    for (const Input& input : std::span(query.inputs).subspan(1)) {
      const auto other = input.members->Score(member);
      if (!other) return;
      score = Aggregated(query, score, input.weight * *other);  // If that is NaN, so is the sum, and so 0.
    }
    members.push_back({.member = std::string(member), .score = score});
  });
  return members;
}

std::vector<ScoredMember> Difference(const Query& query) {
  std::vector<ScoredMember> members;
  query.inputs.front().members->ForEach([&](std::string_view member, double score) {
    for (const Input& input : std::span(query.inputs).subspan(1)) {
      if (input.members->Score(member)) return;
    }
    members.push_back({.member = std::string(member), .score = score});
  });
  return members;
}

std::vector<ScoredMember> Run(Query& query) {
  if (query.operation == Operation::kDifference) return Difference(query);
  // The smallest first, as in Redis: sums of floating point depend on their order.
  std::ranges::sort(query.inputs, {}, [](const Input& input) { return input.members->size(); });
  return query.operation == Operation::kUnion ? Union(query) : Intersection(query);
}

void Combine(Call& call, Operation operation, Outcome outcome) {
  const size_t count_at = outcome == Outcome::kStore ? 2 : 1;
  Query query{.operation = operation, .outcome = outcome};
  if (!ReadInputs(call, count_at, &query)) return;
  if (!ReadQueryOptions(call, count_at + 1 + query.inputs.size(), &query)) return;
  std::vector<ScoredMember> members = Run(query);
  if (outcome == Outcome::kCount) return call.reply.Integer(static_cast<int64_t>(members.size()));
  std::ranges::sort(members, {}, [](const ScoredMember& each) { return std::tie(each.score, each.member); });
  if (outcome == Outcome::kReply) return ReplyWithMembers(call, members, query.with_scores);
  query.inputs.clear();
  constexpr std::string_view kEvents[] = {"zunionstore", "zinterstore", "zdiffstore"};
  StoreMembers(call, call[1], members, kEvents[static_cast<size_t>(operation)]);
}
void ZUnion(Call& call) { Combine(call, Operation::kUnion, Outcome::kReply); }
void ZInter(Call& call) { Combine(call, Operation::kIntersection, Outcome::kReply); }
void ZDiff(Call& call) { Combine(call, Operation::kDifference, Outcome::kReply); }
void ZUnionStore(Call& call) { Combine(call, Operation::kUnion, Outcome::kStore); }
void ZInterStore(Call& call) { Combine(call, Operation::kIntersection, Outcome::kStore); }
void ZDiffStore(Call& call) { Combine(call, Operation::kDifference, Outcome::kStore); }
void ZInterCard(Call& call) { Combine(call, Operation::kIntersection, Outcome::kCount); }

std::vector<int> InputPlaces(Arguments args) { return PlacesBehindCount(args, 1); }
std::vector<int> StorePlaces(Arguments args) {
  std::vector<int> places = PlacesBehindCount(args, 2);
  if (!places.empty()) places.insert(places.begin(), 1);
  return places;
}

constexpr KeyPositions kOne = {1, 1, 1};
constexpr uint32_t kLook = kReadonly | kMovableKeys;
constexpr uint32_t kStores = kWrite | kDenyOom | kMovableKeys;
constexpr Command kCommands[] = {
    {"zdiff", -3, kLook, {}, "sorted-set", "6.2.0", "Subtract multiple sorted sets", ZDiff, InputPlaces},
    {"zdiffstore", -4, kStores, kOne, "sorted-set", "6.2.0",
     "Subtract multiple sorted sets and store the resulting sorted set in a new key", ZDiffStore, StorePlaces},
    {"zinter", -3, kLook, {}, "sorted-set", "6.2.0", "Intersect multiple sorted sets", ZInter, InputPlaces},
    {"zintercard",
     -3,
     kLook,
     {},
     "sorted-set",
     "7.0.0",
     "Intersect multiple sorted sets and return the cardinality of the result",
     ZInterCard,
     InputPlaces},
    {"zinterstore", -4, kStores, kOne, "sorted-set", "2.0.0",
     "Intersect multiple sorted sets and store the resulting sorted set in a new key", ZInterStore, StorePlaces},
    {"zunion", -3, kLook, {}, "sorted-set", "6.2.0", "Add multiple sorted sets", ZUnion, InputPlaces},
    {"zunionstore", -4, kStores, kOne, "sorted-set", "2.0.0",
     "Add multiple sorted sets and store the resulting sorted set in a new key", ZUnionStore, StorePlaces},
};

}  // namespace

std::span<const Command> SortedSetAlgebraCommands() { return kCommands; }

}  // namespace amethyst::server
