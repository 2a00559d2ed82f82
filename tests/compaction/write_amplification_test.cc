// What the policy costs, on simulated trees: bytes rewritten per byte flushed, and what key sketches save of it.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <vector>

#include "base/random.h"
#include "compaction/planner.h"
#include "compaction/simulated_tree.h"

namespace amethyst::compaction {
namespace {

constexpr uint64_t kBufferEntries = 4096;  // Each stands for 64: as in tables of 25 MiB.
using NextKey = std::function<uint64_t(base::Random&)>;

PlannerSettings Settings(bool use_sketches) {
  PlannerSettings settings;
  settings.write_buffer_bytes = kBufferEntries * SimulatedTree::kEntryBytes;
  settings.table_bytes = settings.write_buffer_bytes;
  settings.use_sketches = use_sketches;
  return settings;
}

void FlushAndCompact(const std::set<uint64_t>& keys, const PlannerSettings& settings, SimulatedTree* tree) {
  std::vector<SimulatedEntry> entries;
  for (const uint64_t key : keys) entries.push_back({key});
  tree->Flush(std::move(entries));
  for (Plan plan = PlanCompaction(tree->shape(), {}, settings); plan.kind != PlanKind::kNothing;
       plan = PlanCompaction(tree->shape(), {}, settings)) {
    tree->Apply(plan, settings.table_bytes);
    ASSERT_FALSE(testing::Test::HasFatalFailure());
  }
}

struct Cost {
  double of_load = 0;  // Bytes flushed and rewritten per byte flushed.
  double of_overwrite = 0;
  uint64_t overwrite_bytes = 0;  // Rewritten while overwriting.
};

// Loads `buffers` write buffers of distinct keys in random order, then overwrites as many three times.
Cost Measure(uint64_t buffers, bool use_sketches, const NextKey& next_key) {
  const PlannerSettings settings = Settings(use_sketches);
  base::Random random(1);
  SimulatedTree tree;
  std::vector<uint64_t> keys(buffers * kBufferEntries);
  std::iota(keys.begin(), keys.end(), uint64_t{0});
  for (size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.Below(i)]);
  for (uint64_t buffer = 0; buffer < buffers; ++buffer) {
    const auto begin = keys.begin() + static_cast<ptrdiff_t>(buffer * kBufferEntries);
    FlushAndCompact({begin, begin + kBufferEntries}, settings, &tree);
  }
  const uint64_t load_flushed = tree.flushed_bytes();
  const uint64_t load_rewritten = tree.rewritten_bytes();
  for (uint64_t buffer = 0; buffer < 3 * buffers; ++buffer) {
    std::set<uint64_t> batch;
    for (uint64_t i = 0; i < 2 * kBufferEntries && batch.size() < kBufferEntries; ++i) batch.insert(next_key(random));
    FlushAndCompact(batch, settings, &tree);
  }
  EXPECT_EQ(tree.Content().size(), keys.size());
  Cost cost;
  cost.overwrite_bytes = tree.rewritten_bytes() - load_rewritten;
  cost.of_load = 1 + static_cast<double>(load_rewritten) / static_cast<double>(load_flushed);
  cost.of_overwrite =
      1 + static_cast<double>(cost.overwrite_bytes) / static_cast<double>(tree.flushed_bytes() - load_flushed);
  return cost;
}

double SavedBySketches(const char* load, uint64_t buffers, const NextKey& next_key) {
  const Cost without = Measure(buffers, false, next_key);
  const Cost with = Measure(buffers, true, next_key);
  const double saved = 1 - static_cast<double>(with.overwrite_bytes) / static_cast<double>(without.overwrite_bytes);
  fmt::print("{}: write amplification {:.2f} without sketches, {:.2f} with; {:.1f} % fewer bytes rewritten\n", load,
             without.of_overwrite, with.of_overwrite, 100 * saved);
  return saved;
}

TEST(WriteAmplification, StaysLowOnUniformOverwrites) {
  for (const auto& [buffers, load_max, overwrite_max] : {std::tuple{10u, 2.5, 4.0}, std::tuple{100u, 7.0, 9.5}}) {
    const uint64_t keys = buffers * kBufferEntries;
    const Cost cost = Measure(buffers, true, [=](base::Random& random) { return random.Below(keys); });
    fmt::print("{} write buffers of data: load {:.2f}, uniform overwrite {:.2f}\n", buffers, cost.of_load,
               cost.of_overwrite);
    EXPECT_LT(cost.of_load, load_max);
    EXPECT_LT(cost.of_overwrite, overwrite_max);
  }
}

TEST(WriteAmplification, IsLowerWithSketchesWhenRangesDifferInHeat) {
  constexpr uint64_t kBuffers = 100;
  constexpr uint64_t kKeys = kBuffers * kBufferEntries;
  const ZipfRanks key_ranks(kKeys, 0.99);
  EXPECT_GE(SavedBySketches("Zipf 0.99, hot keys side by side", kBuffers,
                            [&](base::Random& random) { return key_ranks.Next(random); }),
            0.05);
  constexpr uint64_t kRanges = 64;
  constexpr uint64_t kRangeKeys = kKeys / kRanges;
  const ZipfRanks range_ranks(kRanges, 0.99);
  EXPECT_GE(SavedBySketches("64 ranges by Zipf 0.99, uniform within", kBuffers,
                            [&](base::Random& random) {
                              const uint64_t range = range_ranks.Next(random) * 29 % kRanges;  // A permutation.
                              return range * kRangeKeys + random.Below(kRangeKeys);
                            }),
            0.03);
}

TEST(WriteAmplification, IsHardlyHigherWithSketchesWhenAllRangesAreAlike) {
  constexpr uint64_t kBuffers = 40;
  constexpr uint64_t kKeys = kBuffers * kBufferEntries;
  EXPECT_GE(SavedBySketches("uniform", kBuffers, [](base::Random& random) { return random.Below(kKeys); }), -0.02);
}

}  // namespace
}  // namespace amethyst::compaction
