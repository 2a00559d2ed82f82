// Plans carried out on random trees: each keeps the planner's invariants (checked by SimulatedTree), together they end.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "compaction/level_targets.h"
#include "compaction/planner.h"
#include "compaction/simulated_tree.h"
#include "support/rounds.h"

namespace amethyst::compaction {
namespace {

constexpr uint64_t kKeysDrawnFrom = 20'000;

PlannerSettings RandomSettings(base::Random& random) {
  PlannerSettings settings;
  settings.write_buffer_bytes = (20 + random.Below(50)) * SimulatedTree::kEntryBytes;
  settings.table_bytes = (10 + random.Below(50)) * SimulatedTree::kEntryBytes;
  settings.now_s = 10'000;
  settings.delete_deadline_s = random.OneIn(2) ? 0 : 1000;
  settings.oldest_snapshot = random.OneIn(2) ? key::kSequenceMax : key::SequenceNumber{random.Below(100)};
  settings.use_sketches = random.OneIn(2);
  return settings;
}

std::vector<SimulatedEntry> RandomRun(base::Random& random, uint64_t entries_max) {
  const uint64_t first = random.Below(kKeysDrawnFrom);
  const uint64_t width = 1 + random.Below(kKeysDrawnFrom - first);
  const uint64_t delete_one_in = random.OneIn(4) ? 1 : 2 + random.Below(20);
  std::set<uint64_t> keys;
  for (uint64_t i = 1 + random.Below(entries_max); i > 0; --i) keys.insert(first + random.Below(width));
  std::vector<SimulatedEntry> entries;
  for (const uint64_t key : keys) entries.push_back({key, random.OneIn(delete_one_in)});
  return entries;
}

// Levels cut into tables at random; the tree need not have come about by plans.
void PlaceRandomTree(base::Random& random, SimulatedTree* tree) {
  for (key::Level level = key::kLevels - 1; level > 0; --level) {
    if (random.OneIn(2)) continue;
    std::vector<SimulatedEntry> table;
    for (const SimulatedEntry& entry : RandomRun(random, 1500)) {
      table.push_back(entry);
      if (random.OneIn(30)) tree->Place(level, std::exchange(table, {}), 1 + random.Below(10'000));
    }
    if (!table.empty()) tree->Place(level, table, 1 + random.Below(10'000));
  }
  for (uint64_t runs = random.Below(10); runs > 0; --runs) {
    tree->Flush(RandomRun(random, 200), 1 + random.Below(10'000));
  }
}

TEST(PlanProperty, PlansEndWithATreeInShape) {
  uint64_t steps_total = 0;
  for (uint64_t seed = 1; seed <= support::Rounds(400); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    const PlannerSettings settings = RandomSettings(random);
    SimulatedTree tree;
    PlaceRandomTree(random, &tree);
    const std::vector<uint64_t> content = tree.Content();
    for (int step = 0;; ++step) {
      ASSERT_LT(step, 3000) << "no end in sight";
      const Plan plan = PlanCompaction(tree.shape(), {}, settings);
      if (plan.kind == PlanKind::kNothing) break;
      ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, settings.table_bytes));
      ++steps_total;
    }
    ASSERT_EQ(tree.Content(), content);
    const LevelTargets targets = TargetsOf(tree.shape(), {}, settings);
    EXPECT_LT(Level0Score(tree.shape().levels[0].size(), targets.bytes[0], settings), 1);
    for (key::Level level = targets.base; level < targets.last; ++level) {
      EXPECT_LE(targets.bytes[level], targets.target[level]) << "level " << level;
    }
    EXPECT_EQ(CompactionDebt(tree.shape(), settings), 0u);
    for (key::Level level = 1; level < key::kLevels; ++level) {
      for (const TableShape& table : tree.shape().levels[level]) {
        if (settings.delete_deadline_s == 0 || table.info->oldest_delete_time_s == 0) continue;
        EXPECT_TRUE(table.info->oldest_delete_time_s > 9250 || table.info->largest_sequence > settings.oldest_snapshot);
      }
    }
  }
  EXPECT_GT(steps_total, support::Rounds(5000));
}

// Jobs that begin and end at random while runs arrive: inputs are busy and outputs announced in between.
TEST(PlanProperty, JobsAtTheSameTimeStayOutOfEachOthersWay) {
  uint64_t most_at_once = 0;
  for (uint64_t seed = 1; seed <= support::Rounds(100); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    const PlannerSettings settings = RandomSettings(random);
    SimulatedTree tree;
    PlaceRandomTree(random, &tree);
    std::set<uint64_t> live;
    for (const uint64_t key : tree.Content()) live.insert(key);
    std::vector<Plan> jobs;
    std::vector<RunningOutput> running;
    for (int step = 0; step < 300; ++step) {
      const uint64_t choice = random.Below(8);
      if (choice == 0 && step < 250) {
        const std::vector<SimulatedEntry> run = RandomRun(random, 100);
        tree.Flush(run, 9000);
        for (const SimulatedEntry& entry : run)
          entry.deleted ? static_cast<void>(live.erase(entry.key)) : static_cast<void>(live.insert(entry.key));
      } else if (choice <= 4 || jobs.empty()) {
        const Plan plan = PlanCompaction(tree.shape(), running, settings);
        if (plan.kind == PlanKind::kNothing) continue;
        if (plan.kind != PlanKind::kMerge) {
          ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, settings.table_bytes));
          continue;
        }
        running.push_back(tree.OutputOf(plan));
        tree.SetBusy(plan, true);
        jobs.push_back(plan);
        most_at_once = std::max<uint64_t>(most_at_once, jobs.size());
      } else {
        const auto ended = static_cast<ptrdiff_t>(random.Below(jobs.size()));
        tree.SetBusy(jobs[static_cast<size_t>(ended)], false);
        ASSERT_NO_FATAL_FAILURE(tree.Apply(jobs[static_cast<size_t>(ended)], settings.table_bytes));
        jobs.erase(jobs.begin() + ended);
        running.erase(running.begin() + ended);
      }
    }
    ASSERT_EQ(tree.Content(), std::vector<uint64_t>(live.begin(), live.end()));
  }
  EXPECT_GE(most_at_once, 3u);
}

TEST(PlanProperty, AMassDeleteCostsLessThanRewritingAll) {
  PlannerSettings settings;
  settings.write_buffer_bytes = 500 * SimulatedTree::kEntryBytes;
  settings.table_bytes = settings.write_buffer_bytes;
  SimulatedTree tree;
  base::Random random(1);
  const auto compact = [&] {
    for (Plan plan = PlanCompaction(tree.shape(), {}, settings); plan.kind != PlanKind::kNothing;
         plan = PlanCompaction(tree.shape(), {}, settings)) {
      ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, settings.table_bytes));
    }
  };
  for (uint64_t buffer = 0; buffer < 100; ++buffer) {
    std::set<uint64_t> keys;
    while (keys.size() < 500) keys.insert(random.Below(50'000));
    std::vector<SimulatedEntry> entries;
    for (const uint64_t key : keys) entries.push_back({key});
    tree.Flush(std::move(entries));
    compact();
  }
  const uint64_t size_before = tree.Content().size() * SimulatedTree::kEntryBytes;
  const uint64_t rewritten_before = tree.rewritten_bytes();
  for (uint64_t first = 0; first < 45'000; first += 500) {  // Nine tenths of all keys, in order.
    std::vector<SimulatedEntry> entries;
    for (uint64_t i = 0; i < 500; ++i) entries.push_back({first + i, true});
    tree.Flush(std::move(entries), 1);
    compact();
  }
  EXPECT_LT(tree.rewritten_bytes() - rewritten_before, 5 * size_before);
  EXPECT_LT(tree.Content().size() * SimulatedTree::kEntryBytes, size_before / 5);
}

}  // namespace
}  // namespace amethyst::compaction
