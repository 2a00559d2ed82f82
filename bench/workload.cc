#include "bench/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"

namespace amethyst::bench {
namespace {

Workload Fill(std::string name, std::string description, Action action, Order order) {
  return {
      .name = std::move(name), .description = std::move(description), .mix = {{action}}, .order = order, .fills = true};
}

Workload Plain(std::string name, std::string description, Action action, Order order, double scale = 1) {
  return {.name = std::move(name),
          .description = std::move(description),
          .mix = {{action}},
          .order = order,
          .scale = scale};
}

Workload Scan(uint64_t steps, bool reverse, double scale) {
  return {.name = fmt::format("{}{}", reverse ? "seekrev" : "seek", steps),
          .description = fmt::format("a new cursor at a random key, and {} steps {}", steps, reverse ? "back" : "on"),
          .mix = {{reverse ? Action::kScanReverse : Action::kScan}},
          .order = Order::kUniform,
          .scale = scale,
          .steps = {steps, steps}};
}

Workload KeysAlone(Workload workload) {
  workload.name += "keys";
  workload.description += ", that looks at keys alone";
  workload.keys_alone = true;
  return workload;
}

Workload Ycsb(char letter, std::string description, std::vector<Share> mix, Order order = Order::kZipf,
              double scale = 1) {
  return {.name = fmt::format("ycsb{}", letter),
          .description = "YCSB: " + std::move(description),
          .mix = std::move(mix),
          .order = order,
          .scale = scale,
          .steps = {1, 100}};
}

Workload Procedure(std::string name, std::string description, Trial trial, Feature feature) {
  Workload workload{.name = std::move(name), .description = std::move(description), .mix = {}};
  workload.trial = trial;
  workload.feature = feature;
  return workload;
}

Workload Transactions(std::string name, std::string description, Action action, const Accesses& accesses, Order order) {
  Workload workload = Plain(std::move(name), std::move(description), action, order, 0.25);
  workload.transaction = accesses;
  workload.feature = Feature::kTransactions;
  if (action == Action::kScanTransaction) {
    workload.scale = 0.05;
    workload.steps = {99, 99};
  }
  return workload;
}

void AddTransactions(std::vector<Workload>* all) {
  using enum Action;
  for (const Order order : {Order::kUniform, Order::kZipf}) {
    const bool zipf = order == Order::kZipf;
    const auto add = [&](const char* name, const char* description, Action action, const Accesses& accesses) {
      all->push_back(Transactions(fmt::format("{}{}", name, zipf ? "zipf" : ""),
                                  fmt::format("{}{}", description, zipf ? ", keys by a Zipf distribution" : ""), action,
                                  accesses, order));
    };
    add("txn2r2w", "a transaction of 2 gets, and puts of the same keys", kTransaction, {2, 2});
    add("txn10r2w", "a transaction of 10 gets, and puts of 2 of the keys", kTransaction, {10, 2});
    add("txnscan", "a transaction of a scan of 100 entries and a put", kScanTransaction, {0, 1});
    add("txnplain2r2w", "txn2r2w without a transaction: 2 gets, and a batch", kReadsAndBatch, {2, 2});
  }
  all->push_back(
      Procedure("txncost", "txn2r2w over txnplain2r2w, in turns", Trial::kTransactionCost, Feature::kTransactions));
  all->push_back(Procedure("batchwalk", "walk over all entries under an indexed batch of 1 in 50, and without it",
                           Trial::kBatchWalk, Feature::kIndexedBatches));
}

// What goes beyond puts, gets and deletes of single keys.
void AddDataModel(std::vector<Workload>* all) {
  using enum Action;
  const std::vector<Share> ranges = {{kDeleteRange, 1}, {kPut, 49.5}, {kGet, 49.5}};
  all->push_back(
      {.name = "rangedelete", .description = "puts and gets, every 100th a delete of 100 keys", .mix = ranges});
  all->back().scale = 0.1;
  all->back().keys_max = 20'000;
  all->back().resident = true;
  all->back().description += ", all in memtables";
  all->push_back(
      {.name = "rangetables", .description = "the same over a database that has settled", .mix = ranges, .scale = 0.1});
  all->push_back(Procedure("rangepair", "a range delete and a get, after --tombstones range deletes in the memtable",
                           Trial::kRangePair, Feature::kRangeDelete));
  all->push_back(Procedure("rangereads", "get and seek with --tombstones range deletes in tables, and without",
                           Trial::kRangeReads, Feature::kRangeDelete));
  all->push_back(Procedure("deletedscan", "seek and scan over all keys, deleted by 1 and by 1,000 range deletes",
                           Trial::kDeletedScan, Feature::kRangeDelete));
  all->push_back(Procedure("dropspace", "delete half of the keys as one range, until their space is back",
                           Trial::kDropSpace, Feature::kRangeDelete));
  all->push_back(Fill("counters", "add to 1,000 counters by a Zipf distribution, 10 % gets", kMerge, Order::kZipf));
  all->back().mix = {{kMerge, 90}, {kGet, 10}};
  all->back().keys_max = 1'000;
  all->back().scale = 0.1;
  all->push_back(
      Procedure("hotcounter", "merge --operands times into a key, and get it", Trial::kHotCounter, Feature::kMerge));
  all->push_back(Fill("fillttl", "fillrandom of what expires in an hour", kPut, Order::kShuffled));
  all->back().feature = Feature::kExpiry;
  all->push_back(Plain("readttl", "readrandom of what expires in an hour", kGet, Order::kUniform));
  all->back().feature = Feature::kExpiry;
  all->push_back(Procedure("expiredscan", "scan and seek over keys that have all expired after --ttl seconds",
                           Trial::kExpiredScan, Feature::kExpiry));
  all->push_back(Procedure("expiryspace", "put ascending keys that expire after --ttl seconds, and watch the disk",
                           Trial::kExpirySpace, Feature::kExpiry));
  all->push_back(Procedure("familybatch", "batches of 8 puts over 8 of 20 families, a hot one in each",
                           Trial::kFamilyBatch, Feature::kFamilies));
  all->push_back(Procedure("familylog", "put every key into one of 20 families, and see what log the others hold",
                           Trial::kFamilyLog, Feature::kFamilies));
  all->push_back(Procedure("familycreate", "create --families families, and open a database that has them",
                           Trial::kFamilyCreate, Feature::kFamilies));
  all->push_back(Procedure("familyread", "get from a family, and the same from the default one", Trial::kFamilyRead,
                           Feature::kFamilies));
}

std::vector<Workload> MakeWorkloads() {
  std::vector<Workload> all = {
      Fill("fillseq", "put every key in order", Action::kPut, Order::kSequential),
      Fill("fillrandom", "put every key in random order", Action::kPut, Order::kShuffled),
      Fill("fillbatch", "the same in batches of 100", Action::kPutBatch, Order::kShuffled),
      Fill("fillsync", "put in random order, each durable", Action::kPut, Order::kShuffled),
      Plain("overwrite", "put every key again, in another random order", Action::kPut, Order::kShuffled),
      Plain("updaterandom", "get a random key, put it", Action::kUpdate, Order::kUniform),
      Plain("readrandom", "get random keys", Action::kGet, Order::kUniform),
      Plain("readhot", "get random keys, 99 % of them from 1 % of the keys", Action::kGet, Order::kHotspot),
      Plain("readzipf", "get keys by a Zipf distribution (0.99)", Action::kGet, Order::kZipf),
      Plain("readmissing", "get keys that are not there", Action::kGetMissing, Order::kUniform, 2),
      Plain("multiget", "get 32 random keys at a time", Action::kMultiGet, Order::kUniform),
  };
  all[3].durability = Durability::kSync;
  all[3].scale = 0.01;
  for (const bool reverse : {false, true}) {
    all.push_back(Scan(1, reverse, 0.5));
    all.push_back(Scan(10, reverse, 0.25));
    all.push_back(Scan(100, reverse, 0.1));
  }
  all.push_back(KeysAlone(Scan(10, false, 0.25)));
  all.push_back(Plain("readseq", "walk from the first key to the last", Action::kWalk, Order::kSequential, 10));
  all.push_back(
      Plain("readreverse", "walk from the last key to the first", Action::kWalkReverse, Order::kSequential, 10));
  all.push_back(KeysAlone(*std::ranges::find(all, "readseq", &Workload::name)));
  all.push_back(Plain("readbatch", "readseq by batches, where the engine hands out such", Action::kWalkBatch,
                      Order::kSequential, 10));
  all.push_back(Plain("readwhilewriting", "readrandom beside a thread that overwrites", Action::kGet, Order::kUniform));
  all.back().background_writer = true;
  all.push_back(
      Plain("scanwhilewriting", "readseq beside a thread that overwrites", Action::kWalk, Order::kSequential, 10));
  all.back().background_writer = true;
  all.push_back(Plain("deleterandom", "delete every key in random order", Action::kDelete, Order::kShuffled));
  all.push_back(Plain("deleteseq", "delete every key in order", Action::kDelete, Order::kSequential));
  all.push_back(Fill("queue", "put at the tail, seek to the first key, delete it", Action::kQueue, Order::kSequential));
  all.back().scale = 0.05;
  all.push_back(Plain("compact", "compact everything, once; operations are keys", Action::kCompact, Order::kUniform));
  using enum Action;
  all.push_back(Ycsb('a', "50 % read, 50 % put", {{kGet, 50}, {kPut, 50}}));
  all.push_back(Ycsb('b', "95 % read, 5 % put", {{kGet, 95}, {kPut, 5}}));
  all.push_back(Ycsb('c', "read", {{kGet, 100}}));
  all.push_back(Ycsb('d', "95 % read of new keys, 5 % insert", {{kGet, 95}, {kInsert, 5}}, Order::kLatest));
  all.push_back(Ycsb('e', "95 % scan of 1 to 100, 5 % insert", {{kScan, 95}, {kInsert, 5}}, Order::kZipf, 0.2));
  all.push_back(Ycsb('f', "50 % read, 50 % read-modify-write", {{kGet, 50}, {kUpdate, 50}}));
  all.push_back(Ycsb('x', "", {{kGet, 50}, {kPut, 50}}));
  all.back().name = "mixed";
  all.back().description = "what --mix, --distribution and --scan-steps say";
  AddDataModel(&all);
  AddTransactions(&all);
  return all;
}

constexpr std::pair<std::string_view, Action> kMixNames[] = {
    {"read", Action::kGet},       {"missing", Action::kGetMissing},      {"update", Action::kPut},
    {"insert", Action::kInsert},  {"modify", Action::kUpdate},           {"delete", Action::kDelete},
    {"scan", Action::kScan},      {"scanreverse", Action::kScanReverse}, {"multiget", Action::kMultiGet},
    {"batch", Action::kPutBatch}, {"deleterange", Action::kDeleteRange},
};

bool ActionWrites(Action action) {
  switch (action) {
    case Action::kPut:
    case Action::kPutBatch:
    case Action::kInsert:
    case Action::kUpdate:
    case Action::kDelete:
    case Action::kQueue:
    case Action::kDeleteRange:
    case Action::kMerge:
    case Action::kTransaction:
    case Action::kScanTransaction:
    case Action::kReadsAndBatch: return true;
    default: return false;
  }
}

// Whether a key may be gone after it, or be no value of the tool's any more.
bool ActionSpoils(Action action) {
  return action == Action::kDelete || action == Action::kQueue || action == Action::kDeleteRange ||
         action == Action::kMerge;
}

}  // namespace

bool Workload::Writes() const {
  return background_writer || std::ranges::any_of(mix, [](const Share& share) { return ActionWrites(share.action); });
}

bool Workload::Spoils() const {
  return resident || std::ranges::any_of(mix, [](const Share& share) { return ActionSpoils(share.action); });
}

std::optional<Feature> Workload::Needs() const {
  if (feature) return feature;
  for (const Share& share : mix) {
    if (share.action == Action::kDeleteRange) return Feature::kRangeDelete;
    if (share.action == Action::kMerge) return Feature::kMerge;
  }
  return std::nullopt;
}

const std::vector<Workload>& Workloads() {
  static const std::vector<Workload> workloads = MakeWorkloads();
  return workloads;
}

const Workload* FindWorkload(std::string_view name) {
  const auto found = std::ranges::find(Workloads(), name, &Workload::name);
  return found == Workloads().end() ? nullptr : &*found;
}

Result<std::vector<Share>> ParseMix(std::string_view text) {
  std::vector<Share> mix;
  double total = 0;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const size_t equals = std::min(part.find('='), part.size());
    const auto known =
        std::ranges::find(kMixNames, part.substr(0, equals), &std::pair<std::string_view, Action>::first);
    if (known == std::end(kMixNames)) {
      std::vector<std::string_view> names;
      for (const auto& [name, action] : kMixNames) names.push_back(name);
      return base::InvalidArgument("--mix: \"{}\" is none of {}", part.substr(0, equals), fmt::join(names, ", "));
    }
    const std::string_view number = part.substr(std::min(part.size(), equals + 1));
    double weight = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
    if (error != std::errc() || end != number.data() + number.size() || !(weight >= 0 && weight < 1e9)) {
      return base::InvalidArgument("--mix: \"{}\" wants a share, as in {}=50", part, known->first);
    }
    mix.push_back({known->second, weight});
    total += weight;
  }
  if (!(total > 0)) return base::InvalidArgument("--mix: no action has a share over 0");
  return mix;
}

const std::vector<std::string>& StateNames() {
  static const std::vector<std::string> names = {"live", "settled"};
  return names;
}

const std::string& StateName(State state) { return StateNames()[static_cast<size_t>(state)]; }

const std::vector<std::string>& OrderNames() {
  static const std::vector<std::string> names = {"sequential", "shuffled", "uniform", "zipf", "latest", "hotspot"};
  return names;
}

}  // namespace amethyst::bench
