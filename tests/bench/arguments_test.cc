#include "bench/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/stores.h"

namespace amethyst::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Plan Parsed(const std::vector<std::string>& arguments) {
  const auto plan = ParseArguments(arguments);
  EXPECT_TRUE(plan) << plan.error().text;
  return plan ? *plan : Plan();
}

TEST(Arguments, WithoutAnyTheUsualWorkloadsRunOnAmethyst) {
  const Plan plan = Parsed({});
  EXPECT_THAT(plan.engines, ElementsAre("amethyst"));
  EXPECT_THAT(plan.workloads, Contains("readrandom"));
  EXPECT_EQ(plan.rounds, 1u);
  EXPECT_FALSE(plan.compare);
  EXPECT_FALSE(plan.settings.directory.empty());
}

TEST(Arguments, NumbersTakeUnits) {
  const Plan plan = Parsed(
      {"fillseq", "readseq", "--keys", "2M", "--rate", "1.5k", "--writer-rate", "2k", "--threads", "4", "--seed=9"});
  EXPECT_THAT(plan.workloads, ElementsAre("fillseq", "readseq"));
  EXPECT_EQ(plan.load.keys, 2'000'000u);
  EXPECT_DOUBLE_EQ(plan.load.rate_per_second, 1'500);
  EXPECT_DOUBLE_EQ(plan.load.writer_rate_per_second, 2'000);
  EXPECT_EQ(plan.load.threads, 4u);
  EXPECT_EQ(plan.load.seed, 9u);
}

TEST(Arguments, WorkloadsMayStandBehindTheEngines) {
  const Plan plan = Parsed({"--engines", "amethyst,null", "fillseq", "readseq"});
  EXPECT_THAT(plan.engines, ElementsAre("amethyst", "null"));
  EXPECT_THAT(plan.workloads, ElementsAre("fillseq", "readseq"));
}

TEST(Arguments, NamesChooseKindsOfThings) {
  const Plan plan = Parsed({"mixed", "--key-kind", "url", "--value-sizes", "pareto", "--durability", "sync", "--codec",
                            "zstd", "--settle", "idle", "--distribution", "hotspot", "--mix", "read=1,scan=2",
                            "--scan-steps", "5,7", "--settings", "default"});
  EXPECT_EQ(plan.load.key_kind, KeyKind::kUrl);
  EXPECT_EQ(plan.load.values.sizes, ValueSizes::kPareto);
  EXPECT_EQ(plan.load.durability, Durability::kSync);
  EXPECT_EQ(plan.settings.compression, Compression::kZstd);
  EXPECT_EQ(plan.load.settle, Settle::kIdle);
  EXPECT_EQ(plan.load.distribution, Order::kHotspot);
  EXPECT_EQ(plan.load.mix.size(), 2u);
  EXPECT_EQ(plan.load.scan_steps.least, 5u);
  EXPECT_EQ(plan.load.scan_steps.most, 7u);
  EXPECT_FALSE(plan.settings.tuned);
}

TEST(Arguments, MemoryIsSharedOutSoThatCacheAndTwoBuffersAreAllOfIt) {
  const StoreSettings settings = Parsed({"--memory-mib", "128"}).settings;
  EXPECT_EQ(settings.write_buffer_bytes, size_t{16} << 20);
  EXPECT_EQ(settings.cache_bytes + 2 * settings.write_buffer_bytes, size_t{128} << 20);
}

TEST(Arguments, AQuickComparisonIsAgainstRocksDbWithABufferOfAnEighthOfTheData) {
  if (FindEngine("rocksdb") == nullptr) GTEST_SKIP() << "this build has no RocksDB";
  const Plan plan = Parsed({"--compare", "--quick"});
  EXPECT_THAT(plan.engines, ElementsAre("amethyst", "rocksdb"));
  EXPECT_EQ(plan.workloads.size(), 8u);
  EXPECT_GT(plan.time_limit_seconds, 0);
  EXPECT_NEAR(static_cast<double>(plan.settings.write_buffer_bytes), static_cast<double>(plan.load.keys) * 116 / 8,
              1e4);
}

TEST(Arguments, AComparisonTakesAllPeersInRounds) {
  if (Engines().size() < 3) GTEST_SKIP() << "this build has no peers";
  const Plan plan = Parsed({"--compare"});
  EXPECT_GE(plan.engines.size(), 2u);
  EXPECT_EQ(plan.engines[0], "amethyst");
  EXPECT_THAT(plan.engines, Not(Contains("null")));
  EXPECT_EQ(plan.rounds, 3u);
  EXPECT_EQ(Parsed({"--compare", "--rounds", "7"}).rounds, 7u);
}

TEST(Arguments, ASecondWayToRunAPeerIsTakenWhereAWorkloadNeedsIt) {
  if (FindEngine("rocksdb_locking") == nullptr) GTEST_SKIP() << "this build has no RocksDB";
  EXPECT_THAT(Parsed({"--compare"}).engines, Not(Contains("rocksdb_locking")));
  EXPECT_THAT(Parsed({"--compare", "batchwalk"}).engines, Not(Contains("rocksdb_locking")));
  EXPECT_THAT(Parsed({"--compare", "--quick", "readseq", "txn2r2w"}).engines,
              ElementsAre("amethyst", "rocksdb", "rocksdb_optimistic", "rocksdb_locking"));
  EXPECT_THAT(Parsed({"txn2r2w"}).engines, ElementsAre("amethyst"));
}

TEST(Arguments, TheDataModelHasItsSizes) {
  const Load load =
      Parsed({"rangepair", "--tombstones", "1k", "--operands", "2k", "--families", "3k", "--ttl", "4"}).load;
  EXPECT_EQ(load.tombstones, 1'000u);
  EXPECT_EQ(load.operands, 2'000u);
  EXPECT_EQ(load.families, 3'000u);
  EXPECT_EQ(load.ttl_seconds, 4u);
}

TEST(Arguments, WhatOnlyReadsIsMeasuredLiveAndByAComparisonSettledToo) {
  EXPECT_THAT(Parsed({}).states, ElementsAre(State::kLive));
  EXPECT_THAT(Parsed({"--state", "settled,live,settled"}).states, ElementsAre(State::kSettled, State::kLive));
  const std::vector<std::string> both = {"--compare", "--engines", "amethyst,null"};
  EXPECT_THAT(Parsed(both).states, ElementsAre(State::kLive, State::kSettled));
  std::vector<std::string> one = both;
  one.insert(one.end(), {"--state", "settled"});
  EXPECT_THAT(Parsed(one).states, ElementsAre(State::kSettled));
  std::vector<std::string> never_settled = both;
  never_settled.insert(never_settled.end(), {"--settle", "none"});
  EXPECT_THAT(Parsed(never_settled).states, ElementsAre(State::kLive));
}

TEST(Arguments, HelpAndListGoToStandardOutput) {
  for (const char* flag : {"--help", "--list"}) {
    const auto plan = ParseArguments({flag});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().exit_code, 0);
    EXPECT_THAT(plan.error().text, HasSubstr(std::string(flag) == "--help" ? "Examples" : "ycsbf"));
  }
}

TEST(Arguments, WrongOnesAreNamedAndTheExitCodeIsTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--frobnicate"}, "--frobnicate"},
      {{"readrandm"}, "no workload \"readrandm\""},
      {{"--engines", "oracle"}, "\"oracle\" is none of amethyst"},
      {{"--engines", "null,null"}, "twice"},
      {{"--keys", "0"}, "--keys"},
      {{"--keys", "many"}, "\"many\" is no number"},
      {{"--keys", "1x"}, "\"1x\" is no number"},
      {{"--keys", "nan"}, "--keys"},
      {{"--keys"}, "--keys"},
      {{"--threads", "100000"}, "between 1 and 512"},
      {{"--threads", "-1"}, "--threads"},
      {{"--settings", "best"}, "--settings"},
      {{"--durability", "maybe"}, "--durability"},
      {{"--mix", "red=1"}, "\"red\""},
      {{"--state", "live,dead"}, "\"dead\" is none of live, settled"},
      {{"--state", ""}, "--state"},
      {{"--state", "settled", "--settle", "none"}, "exclude"},
      {{"--scan-steps", "5,1"}, "--scan-steps"},
      {{"--compare", "--engines", "null"}, "two engines"},
      {{"--quick"}, "--compare"},
      {{"rangepair", "--tombstones", "0"}, "--tombstones"},
      {{"rangedelete", "--key-kind", "hashed"}, "rangedelete wants keys that sort"},
      {{"--value-bytes", "0", "--value-sizes", "uniform"}, "--value-bytes"},
      {{"--memory-mib", "64", "--settings", "default"}, "exclude"},
  };
  for (const auto& [arguments, problem] : cases) {
    const auto plan = ParseArguments(arguments);
    ASSERT_FALSE(plan) << arguments[0];
    EXPECT_EQ(plan.error().exit_code, 2) << arguments[0];
    EXPECT_THAT(plan.error().text, HasSubstr(problem));
  }
}

}  // namespace
}  // namespace amethyst::bench
