// Every trial on every engine of the build, small: that it does what it says, not how long it takes. Covers:
// range_trials, merge_trials, expiry_trials, family_trials, transaction_trials
#include "bench/trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/runner.h"
#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

Load SmallTrialLoad() {
  Load load;
  load.keys = 2'000;
  load.seconds = 0.05;  // Of expiryspace alone.
  load.tombstones = 50;
  load.operands = 100;
  load.families = 20;
  load.ttl_seconds = 1;
  return load;
}

class EveryTrial : public testing::TestWithParam<std::string> {
 protected:
  Measurement Run(const std::string& workload, const Load& load = SmallTrialLoad()) {
    StoreSettings settings;
    settings.directory = directory_.File("db");
    settings.cache_bytes = size_t{8} << 20;
    settings.write_buffer_bytes = size_t{2} << 20;
    Runner runner(*FindEngine(GetParam()), settings, load);
    const auto measured = runner.Run(*FindWorkload(workload), 0);
    EXPECT_TRUE(measured) << workload << ": " << measured.error().ToString();
    EXPECT_TRUE(runner.Close());
    return measured ? *measured : Measurement();
  }

  support::TempDirectory directory_;
};

double FigureOf(const Measurement& m, const std::string& name) {
  const auto figure = std::ranges::find(m.figures, name, &Figure::name);
  EXPECT_NE(figure, m.figures.end()) << m.workload << ": " << name;
  return figure == m.figures.end() ? -1 : figure->value;
}

TEST_P(EveryTrial, RunsAndReportsOperationsAndFigures) {
  for (const Workload& workload : Workloads()) {
    if (workload.trial == Trial::kNone || workload.trial == Trial::kExpiredScan) continue;
    if (!FindEngine(GetParam())->Has(workload.Needs())) continue;
    const Measurement m = Run(workload.name);
    EXPECT_GT(m.operations, 0u) << workload.name;
    EXPECT_EQ(m.latency.count(), m.operations) << workload.name;
    EXPECT_GT(m.seconds, 0) << workload.name;
    EXPECT_FALSE(m.moments.empty()) << workload.name;
    EXPECT_FALSE(m.figures.empty()) << workload.name;
    for (const Figure& figure : m.figures) EXPECT_GE(figure.value, 0) << workload.name << ": " << figure.name;
  }
}

TEST_P(EveryTrial, CountsWhatItSays) {
  EXPECT_EQ(Run("rangepair").operations, 5u);
  EXPECT_EQ(Run("hotcounter").operations, 2u * 8 * 100);
  EXPECT_EQ(Run("familycreate").operations, 20u);
  EXPECT_EQ(Run("familybatch").operations, 200u);
  EXPECT_EQ(Run("batchwalk").operations, 11u);
}

TEST_P(EveryTrial, WhatHasExpiredIsShownByNoneThatPromisesIt) {
  const double shown = FigureOf(Run("expiredscan"), "shown : live");
  if (GetParam() == "amethyst") {
    EXPECT_DOUBLE_EQ(shown, 1);
  } else if (GetParam() == "rocksdb") {
    EXPECT_DOUBLE_EQ(shown, 1001) << "it drops them in compactions, and reads show them until then";
  }
}

TEST_P(EveryTrial, SpaceComesBackOfHalfOfTheKeys) {
  if (GetParam() == "null") GTEST_SKIP() << "it holds nothing";
  Load load = SmallTrialLoad();
  load.keys = 40'000;
  load.values.compressed_share = 1;
  EXPECT_LT(FigureOf(Run("dropspace", load), "disk after : before"), 0.95) << "what is left, and the log";
}

std::vector<std::string> NamesOfThoseThatHaveAll() {
  std::vector<std::string> names;
  for (const Engine& engine : Engines()) {
    if (engine.Has(Feature::kFamilies)) names.push_back(engine.name);
  }
  return names;
}
INSTANTIATE_TEST_SUITE_P(Engines, EveryTrial, testing::ValuesIn(NamesOfThoseThatHaveAll()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace amethyst::bench
