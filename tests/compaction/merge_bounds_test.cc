// Covers: output_tables
//
// Tables of keys that are longer than a bound may be: whatever a compaction makes, the bounds lie around the keys, and
// the tables of a level share none.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "compaction/merge_job.h"
#include "compaction/planner.h"
#include "compaction/real_tree.h"
#include "support/rounds.h"

namespace amethyst::compaction {
namespace {

using key::EntryKind;
using key::SequenceNumber;
using support::OwnedEntry;
using tree::TablePtr;

// Keys that share a beginning of 0 to 400 bytes with most others, and are told apart before or behind a bound's end.
std::string LongKey(base::Random& random) {
  std::string key(random.Below(3) * 200, random.OneIn(4) ? '\xff' : 'p');
  key += std::to_string(random.Below(30));
  return key.append(random.Below(400), random.OneIn(3) ? '\xff' : 'q');
}

void PlaceLevel0(base::Random& random, uint64_t* sequence, RealTree* tree) {
  std::vector<OwnedEntry> table;
  for (uint64_t i = 1 + random.Below(60); i > 0; --i) {
    const EntryKind kind = random.OneIn(5) ? EntryKind::kDelete : EntryKind::kPut;
    table.push_back({LongKey(random), SequenceNumber{++*sequence}, kind, kind == EntryKind::kPut ? "value" : ""});
  }
  support::SortEntries(&table, tree->order());
  tree->Place(0, table);
}

void ExpectBoundsAroundKeys(RealTree& tree) {
  tree.version().ForEachTable([&](key::Level, const TablePtr& table) {
    const Result<const sstable::TableReader*> reader = table->Open();
    ASSERT_TRUE(reader) << reader.error().ToString();
    const Status verified = (*reader)->Verify();
    EXPECT_TRUE(verified) << verified.error().ToString();
  });
}

// Carries out what is due, in parts, until nothing is. Apply fails where a key would be in two tables of a level.
void CompactAll(base::Random& random, uint64_t table_bytes, RealTree* tree) {
  PlannerSettings planning;
  planning.table_bytes = table_bytes;
  RangeGoal goal;
  for (int step = 0; !goal.done; ++step) {
    ASSERT_LT(step, 1000);
    const Plan plan = PlanRange(ShapeOf(tree->version(), {}, false), {}, planning, goal);
    if (plan.kind == PlanKind::kNothing) break;
    tree::VersionEdit edit;
    std::vector<TablePtr> inputs;
    for (const auto& [level, numbers] : {std::pair(plan.from, plan.upper), std::pair(plan.to, plan.lower)}) {
      for (const key::FileNumber number : numbers) {
        inputs.push_back(tree->version().FindTable(level, number));
        edit.removed.push_back({.level = level, .number = number});
      }
    }
    if (plan.kind == PlanKind::kMove) {
      for (const TablePtr& table : inputs) edit.added.push_back({plan.to, table->number(), table->info()});
    } else if (plan.kind == PlanKind::kMerge) {
      MergeSettings settings = tree->Settings(plan.from, plan.to, inputs);
      settings.table_bytes = table_bytes;
      std::set<std::string> inner;
      for (uint64_t i = random.Below(4); i > 0; --i) inner.insert(LongKey(random));
      std::vector<std::string> boundaries(inner.begin(), inner.end());
      for (size_t part = 0; part <= boundaries.size(); ++part) {
        settings.begin = part > 0 ? std::optional(boundaries[part - 1]) : std::nullopt;
        settings.end = part < boundaries.size() ? std::optional(boundaries[part]) : std::nullopt;
        const Result<MergeResult> merged = tree->Merge(inputs, settings);
        ASSERT_TRUE(merged) << merged.error().ToString();
        edit.added.insert(edit.added.end(), merged->added.begin(), merged->added.end());
      }
    }
    tree->Apply(edit);
  }
}

TEST(MergeBounds, LieAroundTheKeysAndKeepTheTablesOfALevelApart) {
  size_t tables = 0;
  for (uint64_t seed = 1; seed <= support::Rounds(200); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    RealTree tree;
    uint64_t sequence = 0;
    for (int round = 0; round < 4; ++round) {
      for (uint64_t i = 1 + random.Below(3); i > 0; --i) PlaceLevel0(random, &sequence, &tree);
      const auto before = VisibleAt(tree.Entries(), key::kSequenceMax);
      ASSERT_NO_FATAL_FAILURE(CompactAll(random, 300 + random.Below(3'000), &tree));
      ASSERT_TRUE(VisibleAt(tree.Entries(), key::kSequenceMax) == before);
      ASSERT_NO_FATAL_FAILURE(ExpectBoundsAroundKeys(tree));
    }
    tree.version().ForEachTable([&tables](key::Level, const TablePtr&) { ++tables; });
  }
  EXPECT_GT(tables, 500u) << "outputs are cut";
}

TEST(MergeBounds, ATableGoesOnWhereOnlyLongBoundsCouldEndIt) {
  RealTree tree;
  const std::string shared(10'000, 'k');
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < 100; ++i) {
    entries.push_back({shared + std::to_string(100 + i), SequenceNumber{i + 1}, EntryKind::kPut, "v"});
  }
  tree.Place(0, entries);
  MergeSettings settings = tree.Settings(0, 6, {tree.version().level0()[0]});
  settings.table_bytes = 50'000;
  settings.table_options.compression = Compression::kNone;
  const Result<MergeResult> merged = tree.Merge({tree.version().level0()[0]}, settings);
  ASSERT_TRUE(merged) << merged.error().ToString();
  ASSERT_GE(merged->added.size(), 2u);
  ASSERT_LE(merged->added.size(), 4u) << "20 of 50,000 bytes it would be";
  EXPECT_GT(merged->added[0].info.file_bytes, 64 * shared.size());
  EXPECT_EQ(merged->added[1].info.smallest.substr(0, shared.size()), shared);
  EXPECT_TRUE(merged->added[0].info.largest < merged->added[1].info.smallest);
}

}  // namespace
}  // namespace amethyst::compaction
