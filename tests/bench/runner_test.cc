// Every workload on every engine of the build, small. Covers: worker, stores, process_meter
#include "bench/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "bench/process_meter.h"
#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

Load SmallLoad() {
  Load load;
  load.keys = 300;
  load.queue_depth = 10;
  return load;
}

StoreSettings SettingsIn(const support::TempDirectory& directory) {
  StoreSettings settings;
  settings.directory = directory.File("db");
  settings.cache_bytes = size_t{8} << 20;
  settings.write_buffer_bytes = size_t{2} << 20;
  return settings;
}

class EveryEngine : public testing::TestWithParam<std::string> {
 protected:
  Measurement Run(Runner& runner, const std::string& workload) {
    const auto measured = runner.Run(*FindWorkload(workload), 0);
    EXPECT_TRUE(measured) << workload << ": " << measured.error().ToString();
    return measured ? *measured : Measurement();
  }

  support::TempDirectory directory_;
};

TEST_P(EveryEngine, RunsEveryWorkload) {
  Load load = SmallLoad();
  // To settle once is enough: one engine takes 100 ms for it.
  load.settle = Settle::kNone;
  Runner runner(*FindEngine(GetParam()), SettingsIn(directory_), load);
  for (const Workload& workload : Workloads()) {
    if (workload.trial != Trial::kNone || !FindEngine(GetParam())->Has(workload.Needs())) continue;
    const Measurement m = Run(runner, workload.name);
    EXPECT_GE(m.operations, OperationsOf(workload, load)) << workload.name;
    EXPECT_GT(m.seconds, 0) << workload.name;
    EXPECT_GT(m.latency.count(), 0u) << workload.name;
    // A writer in the background may come too late for so few reads.
    if (!workload.background_writer) {
      EXPECT_EQ(m.wrote(), workload.Writes()) << workload.name;
    }
    EXPECT_FALSE(m.moments.empty()) << workload.name;
  }
  EXPECT_TRUE(runner.Close());
}

TEST_P(EveryEngine, FindsWhatIsThereAndNothingElse) {
  if (GetParam() == "null") GTEST_SKIP() << "it finds everything";
  for (size_t kind = 0; kind < KeyKindNames().size(); ++kind) {
    Load load = SmallLoad();
    load.key_kind = static_cast<KeyKind>(kind);
    load.settle = Settle::kNone;
    Runner runner(*FindEngine(GetParam()), SettingsIn(directory_), load);
    for (const char* workload :
         {"fillrandom", "readrandom", "overwrite", "readzipf", "multiget", "seek10", "seekrev10"}) {
      const Measurement m = Run(runner, workload);
      EXPECT_EQ(m.found, m.lookups) << workload << ' ' << KeyKindNames()[kind];
    }
    const Measurement missing = Run(runner, "readmissing");
    EXPECT_EQ(missing.lookups, 600u);
    EXPECT_EQ(missing.found, 0u);
    const Measurement walked = Run(runner, "readreverse");
    EXPECT_EQ(walked.entries, walked.operations);
    const Measurement batches = Run(runner, "readbatch");
    EXPECT_EQ(batches.entries, batches.operations);
    EXPECT_EQ(batches.operations, 3'000u);
    Run(runner, "deleterandom");
    // Finds the keys because it fills the database again.
    EXPECT_EQ(Run(runner, "readrandom").found, 300u);
    EXPECT_TRUE(runner.Close());
    std::filesystem::remove_all(directory_.File("db"));
  }
}

TEST_P(EveryEngine, SaysSoIfItLacksWhatAWorkloadNeeds) {
  Runner runner(*FindEngine(GetParam()), SettingsIn(directory_), SmallLoad());
  for (const Workload& workload : Workloads()) {
    if (FindEngine(GetParam())->Has(workload.Needs())) continue;
    const auto measured = runner.Run(workload, 0);
    ASSERT_FALSE(measured) << workload.name;
    EXPECT_EQ(measured.error().code(), ErrorCode::kNotSupported);
    EXPECT_THAT(measured.error().message(), testing::HasSubstr(GetParam()));
    EXPECT_THAT(measured.error().message(), testing::HasSubstr(workload.name));
  }
}

TEST_P(EveryEngine, OpensADatabaseAnewForWhatNeedsAnother) {
  const Engine& engine = *FindEngine(GetParam());
  if (!engine.Has(Feature::kMerge) || GetParam() == "null") GTEST_SKIP() << "it has nothing that others lack";
  Load load = SmallLoad();
  load.keys = 2'000;
  load.settle = Settle::kNone;
  Runner runner(engine, SettingsIn(directory_), load);
  EXPECT_EQ(Run(runner, "readrandom").found, 2'000u);
  const Measurement counters = Run(runner, "counters");
  EXPECT_GT(counters.found, 0u);
  EXPECT_LE(counters.found, counters.lookups);
  EXPECT_EQ(Run(runner, "readttl").found, 2'000u) << "an hour is not over";
  const Measurement ranges = Run(runner, "rangedelete");
  EXPECT_EQ(ranges.operations, 200u);
  EXPECT_LT(ranges.found, ranges.lookups) << "some keys are deleted";
  EXPECT_GT(ranges.found, 0u);
  EXPECT_EQ(Run(runner, "readrandom").found, 2'000u);
  EXPECT_TRUE(runner.Close());
}

TEST_P(EveryEngine, AQueueIsServedInItsOrder) {
  if (GetParam() == "null") GTEST_SKIP() << "it has no order";
  Load load = SmallLoad();
  load.operations = 2'000;
  load.settle = Settle::kFlush;
  Runner runner(*FindEngine(GetParam()), SettingsIn(directory_), load);
  const Measurement m = Run(runner, "queue");
  EXPECT_EQ(m.operations, 100u);
  EXPECT_EQ(m.found, m.operations);
  EXPECT_GT(m.settled_operations_per_second(), 0);
  EXPECT_TRUE(runner.Close());
}

TEST_P(EveryEngine, RunsWithItsOwnSettingsSeveralThreadsAndARate) {
  StoreSettings settings = SettingsIn(directory_);
  settings.tuned = false;
  Load load = SmallLoad();
  load.threads = 3;
  load.settle = Settle::kNone;
  load.rate_per_second = 1e6;
  Runner runner(*FindEngine(GetParam()), settings, load);
  EXPECT_EQ(Run(runner, "fillrandom").operations, 300u);
  EXPECT_EQ(Run(runner, "readrandom").found, 300u);
  EXPECT_TRUE(runner.Close());
}

std::vector<std::string> EngineNames() {
  std::vector<std::string> names;
  for (const Engine& engine : Engines()) names.push_back(engine.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Engines, EveryEngine, testing::ValuesIn(EngineNames()),
                         [](const auto& engine) { return engine.param; });

TEST(Runner, TheSameSeedGivesTheSameOperations) {
  const auto bytes_of = [](uint64_t seed) {
    const support::TempDirectory directory;
    Load load = SmallLoad();
    load.seed = seed;
    load.values.sizes = ValueSizes::kUniform;
    Runner runner(*FindEngine("null"), SettingsIn(directory), load);
    return runner.Run(*FindWorkload("ycsba"), 0)->user_bytes_written;
  };
  EXPECT_EQ(bytes_of(1), bytes_of(1));
  EXPECT_NE(bytes_of(1), bytes_of(2));
}

TEST(Runner, EndsByTimeWhereTimeIsGiven) {
  const support::TempDirectory directory;
  Load load = SmallLoad();
  load.seconds = 0.02;
  load.warmup_seconds = 0.01;
  Runner runner(*FindEngine("null"), SettingsIn(directory), load);
  const auto m = runner.Run(*FindWorkload("readrandom"), 0);
  ASSERT_TRUE(m);
  EXPECT_GT(m->operations, 300u);
  EXPECT_GE(m->seconds, 0.02);
}

TEST(ProcessMeter, SeesWorkMemoryAndFiles) {
  const double cpu_seconds = ProcessCpuSeconds();
  ResetPeakMemory();
  const std::vector<char> memory(size_t{32} << 20, 'x');
  EXPECT_GE(PeakMemoryBytes(), memory.size());
  uint64_t sum = 0;
  do {
    for (const char c : memory) sum += static_cast<uint64_t>(c);
  } while (ProcessCpuSeconds() == cpu_seconds);
  EXPECT_GT(sum, 0u);
  EXPECT_EQ(DiskBytes("no such directory"), 0u);
}

}  // namespace
}  // namespace amethyst::bench
