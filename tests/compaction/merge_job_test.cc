// Covers: output_tables, version_shape, entry_filter
#include "compaction/merge_job.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "compaction/planner.h"
#include "compaction/real_tree.h"
#include "support/rounds.h"

namespace amethyst::compaction {
namespace {

using key::EntryKind;
using key::SequenceNumber;
using support::OwnedEntry;
using tree::TablePtr;

std::string KeyNamed(uint64_t i) { return "key" + std::to_string(100000 + i); }

class ReverseComparator final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return key::CompareBytes(b, a); }
  std::string_view Name() const override { return "reverse"; }
};

// A random history laid out as a tree: the oldest entries in the last level, the newest in level 0.
void BuildRandomTree(base::Random& random, uint64_t keys, RealTree* tree) {
  uint64_t sequence = 1;
  for (key::Level level = key::kLevels - 1; level > 0; --level) {
    if (level < key::kLevels - 1 && random.OneIn(2)) continue;
    std::vector<OwnedEntry> run;
    for (uint64_t i = random.Below(3 * keys); i > 0; --i) {
      const EntryKind kind = random.OneIn(3) ? EntryKind::kDelete : EntryKind::kPut;
      run.push_back({KeyNamed(random.Below(keys)), SequenceNumber{sequence}, kind,
                     kind == EntryKind::kPut ? "value" + std::to_string(sequence) : ""});
      ++sequence;
    }
    support::SortEntries(&run, tree->order());
    std::vector<OwnedEntry> table;
    for (const OwnedEntry& entry : run) {
      if (!table.empty() && table.back().key != entry.key && random.OneIn(20))
        tree->Place(level, std::exchange(table, {}));
      table.push_back(entry);
    }
    if (!table.empty()) tree->Place(level, table);
  }
  for (uint64_t runs = random.Below(4); runs > 0; --runs) {
    std::vector<OwnedEntry> table;
    for (uint64_t i = 1 + random.Below(keys); i > 0; --i) {
      const EntryKind kind = random.OneIn(3) ? EntryKind::kDelete : EntryKind::kPut;
      table.push_back({KeyNamed(random.Below(keys)), SequenceNumber{sequence}, kind,
                       kind == EntryKind::kPut ? "value" + std::to_string(sequence) : ""});
      ++sequence;
    }
    support::SortEntries(&table, tree->order());
    tree->Place(0, table);
  }
}

// Carries out a merge as the engine does, in one or several parts, and installs its outputs.
void Carry(RealTree* tree, const Plan& plan, std::vector<SequenceNumber> snapshots,
           std::vector<std::string> boundaries) {
  std::vector<TablePtr> inputs;
  tree::VersionEdit edit;
  for (const auto& [level, numbers] : {std::pair(plan.from, plan.upper), std::pair(plan.to, plan.lower)}) {
    for (const key::FileNumber number : numbers) {
      inputs.push_back(tree->version().FindTable(level, number));
      ASSERT_NE(inputs.back(), nullptr);
      edit.removed.push_back({.level = level, .number = number});
    }
  }
  if (plan.kind == PlanKind::kMove) {
    for (const TablePtr& table : inputs) edit.added.push_back({plan.to, table->number(), table->info()});
  } else if (plan.kind == PlanKind::kMerge) {
    MergeSettings settings = tree->Settings(plan.from, plan.to, inputs);
    settings.snapshots = std::move(snapshots);
    settings.table_bytes = 1500;
    settings.oldest_delete_time_s = 1;
    for (size_t part = 0; part <= boundaries.size(); ++part) {
      settings.begin = part > 0 ? std::optional(boundaries[part - 1]) : std::nullopt;
      settings.end = part < boundaries.size() ? std::optional(boundaries[part]) : std::nullopt;
      Result<MergeResult> result = tree->Merge(inputs, settings);
      ASSERT_TRUE(result) << result.error().ToString();
      edit.added.insert(edit.added.end(), result->added.begin(), result->added.end());
    }
  }
  tree->Apply(edit);  // Fails if a key were in two tables of a level.
}

// Plans for a tree so small that everything is due, until nothing is left to do; snapshots end on the way.
void CompactAndCompare(base::Random& random, RealTree* tree) {
  const std::vector<OwnedEntry> before = tree->Entries();
  uint64_t last_sequence = 0;
  for (const OwnedEntry& entry : before) last_sequence = std::max(last_sequence, Raw(entry.sequence));
  std::set<SequenceNumber> snapshots;
  for (uint64_t i = random.Below(5); i > 0; --i) snapshots.insert(SequenceNumber{random.Below(last_sequence + 1)});
  RangeGoal goal;
  PlannerSettings settings;
  settings.table_bytes = 1500;
  for (int step = 0; !goal.done; ++step) {
    ASSERT_LT(step, 1000);
    if (random.OneIn(3) && !snapshots.empty()) snapshots.erase(snapshots.begin());
    const TreeShape shape = ShapeOf(tree->version(), {}, random.OneIn(2));
    const Plan plan = PlanRange(shape, {}, settings, goal);
    if (plan.kind == PlanKind::kNothing) break;
    std::set<std::string> boundaries;
    for (uint64_t i = random.Below(3); i > 0; --i) boundaries.insert(KeyNamed(random.Below(200)));
    std::vector<std::string> ordered(boundaries.begin(), boundaries.end());
    if (!tree->order().IsBytewise()) std::reverse(ordered.begin(), ordered.end());
    ASSERT_NO_FATAL_FAILURE(Carry(tree, plan, {snapshots.begin(), snapshots.end()}, ordered));
    const std::vector<OwnedEntry> after = tree->Entries();
    for (const SequenceNumber snapshot : snapshots) {
      ASSERT_EQ(VisibleAt(before, snapshot), VisibleAt(after, snapshot)) << Describe(plan, shape);
    }
    ASSERT_EQ(VisibleAt(before, key::kSequenceMax), VisibleAt(after, key::kSequenceMax)) << Describe(plan, shape);
  }
  ASSERT_TRUE(goal.done);
  if (!snapshots.empty()) return;
  // All rewritten without a snapshot is not promised (they ended on the way), but then a second pass leaves no garbage.
  for (goal = {}; !goal.done;) {
    const Plan plan = PlanRange(ShapeOf(tree->version(), {}, false), {}, settings, goal);
    if (plan.kind == PlanKind::kNothing) break;
    ASSERT_NO_FATAL_FAILURE(Carry(tree, plan, {}, {}));
  }
  const std::vector<OwnedEntry> settled = tree->Entries();
  EXPECT_EQ(settled.size(), VisibleAt(before, key::kSequenceMax).size());
  for (const OwnedEntry& entry : settled) EXPECT_EQ(entry.sequence, SequenceNumber{0});
}

TEST(MergeJob, KeepsWhatEverySnapshotSeesOverRandomTrees) {
  for (uint64_t seed = 1; seed <= support::Rounds(150); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    RealTree tree;
    BuildRandomTree(random, 1 + random.Below(200), &tree);
    ASSERT_NO_FATAL_FAILURE(CompactAndCompare(random, &tree));
  }
}

TEST(MergeJob, KeepsWhatEverySnapshotSeesUnderACustomOrder) {
  const ReverseComparator reverse;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    RealTree tree{key::Order(&reverse)};
    BuildRandomTree(random, 1 + random.Below(200), &tree);
    ASSERT_NO_FATAL_FAILURE(CompactAndCompare(random, &tree));
  }
}

// Plain tables of `count` keys each, every `stride`-th key from `first` on.
std::vector<OwnedEntry> Puts(uint64_t first, uint64_t count, uint64_t stride, uint64_t sequence) {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < count; ++i) {
    entries.push_back(
        {KeyNamed(first + i * stride), SequenceNumber{sequence + i}, EntryKind::kPut, std::string(20, 'v')});
  }
  return entries;
}

TEST(MergeJob, AgreesOnPlainBatchesWithTheWayEntryByEntry) {
  // Long plain stretches over tables below that begin and end within them, with and without a snapshot in the middle.
  for (const bool with_snapshot : {false, true}) {
    RealTree tree;
    tree.Place(6, Puts(500, 300, 1, 1));
    tree.Place(6, Puts(1500, 100, 3, 400));
    tree.Place(4, Puts(0, 4000, 1, 1000));
    const std::vector<OwnedEntry> before = tree.Entries();
    const TablePtr upper = tree.version().tables(4)[0];
    MergeSettings settings = tree.Settings(4, 5, {upper});
    settings.table_bytes = 20'000;
    settings.table_options.compression = Compression::kNone;  // So that blocks are made anew.
    if (with_snapshot) settings.snapshots = {SequenceNumber{3000}};
    Result<MergeResult> result = tree.Merge({upper}, settings);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->entries_read, 4000u);
    EXPECT_EQ(result->entries_dropped, 0u);
    EXPECT_GT(result->added.size(), 1u);
    tree::VersionEdit edit;
    edit.removed.push_back({4, upper->number()});
    edit.added = result->added;
    tree.Apply(edit);
    const std::vector<OwnedEntry> after = tree.Entries();
    EXPECT_EQ(VisibleAt(before, key::kSequenceMax), VisibleAt(after, key::kSequenceMax));
    if (with_snapshot) {
      EXPECT_EQ(VisibleAt(before, SequenceNumber{3000}), VisibleAt(after, SequenceNumber{3000}));
    }
    std::map<std::string, SequenceNumber> newest;
    for (const OwnedEntry& entry : after) newest.emplace(entry.key, entry.sequence);
    for (uint64_t i = 0; i < 4000; ++i) {  // Sequence 0 just where no table covers the key and no snapshot is older.
      const bool covered = (i >= 500 && i < 800) || (i >= 1500 && i <= 1500 + 99 * 3);
      const bool settled = !with_snapshot || 1000 + i <= 3000;
      ASSERT_EQ(newest.at(KeyNamed(i)), covered || !settled ? SequenceNumber{1000 + i} : SequenceNumber{0}) << i;
    }
  }
}

TEST(MergeJob, TakesBlocksOverThatNothingOverlaps) {
  for (const bool with_snapshot : {false, true}) {
    RealTree tree;
    tree.Place(6, Puts(0, 2000, 2, 1));
    tree.Place(5, Puts(901, 100, 2, 5000));
    tree.Place(5, Puts(2000, 30, 40, 6000));
    const std::vector<OwnedEntry> before = tree.Entries();
    std::vector<TablePtr> inputs = {tree.version().tables(5)[0], tree.version().tables(5)[1],
                                    tree.version().tables(6)[0]};
    MergeSettings settings = tree.Settings(5, 6, inputs);
    settings.table_bytes = 8'000;
    if (with_snapshot) settings.snapshots = {SequenceNumber{1500}};
    const uint64_t blocks_before = inputs[2]->info().entries / 12;  // About.
    Result<MergeResult> result = tree.Merge(inputs, settings);
    ASSERT_TRUE(result);
    EXPECT_GT(result->blocks_taken_over, blocks_before / 3);
    EXPECT_LT(result->blocks_taken_over, blocks_before);
    EXPECT_GT(result->added.size(), 2u);
    tree::VersionEdit edit;
    for (const TablePtr& table : inputs) {
      edit.removed.push_back({table == inputs[2] ? key::Level{6} : key::Level{5}, table->number()});
    }
    edit.added = result->added;
    tree.Apply(edit);
    EXPECT_EQ(VisibleAt(before, key::kSequenceMax), VisibleAt(tree.Entries(), key::kSequenceMax));
    if (with_snapshot) {
      EXPECT_EQ(VisibleAt(before, SequenceNumber{1500}), VisibleAt(tree.Entries(), SequenceNumber{1500}));
    }
    for (const TablePtr& table : tree.version().tables(6)) EXPECT_TRUE(table->Open().value()->Verify());
  }
}

class DropAll final : public CompactionFilter {
 public:
  [[nodiscard]] std::string_view Name() const override { return "all"; }
  [[nodiscard]] FilterDecision FilterKey(std::string_view /*key*/,
                                         std::chrono::seconds /*age*/) const noexcept override {
    return FilterDecision::kDrop;
  }
};

// Older versions below, of every other key, that the job does not see.
TEST(MergeJob, LeavesATombstoneWhereAFilterDropsAndSomethingOlderLiesBelow) {
  RealTree tree;
  tree.Place(6, Puts(0, 100, 2, 1));
  tree.Place(4, Puts(0, 200, 1, 1000));
  const TablePtr upper = tree.version().tables(4)[0];
  const DropAll filter;
  MergeSettings settings = tree.Settings(4, 5, {upper});
  settings.compaction_filter = &filter;
  Result<MergeResult> result = tree.Merge({upper}, settings);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->entries_filtered, 200u);
  EXPECT_EQ(result->entries_dropped, 1u) << "the others are in the span of the table below: tombstones";
  tree::VersionEdit edit;
  edit.removed.push_back({4, upper->number()});
  edit.added = result->added;
  tree.Apply(edit);
  EXPECT_TRUE(VisibleAt(tree.Entries(), key::kSequenceMax).empty());
}

TEST(MergeJob, LeavesNoFileWhenStopped) {
  RealTree tree;
  tree.Place(1, Puts(0, 2000, 1, 1));
  const std::vector<std::string> before = tree.FileNames();
  const std::vector<TablePtr> inputs = {tree.version().tables(1)[0]};
  tree.stop() = true;
  const Result<MergeResult> result = tree.Merge(inputs, tree.Settings(1, 2, inputs));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kClosed);
  EXPECT_EQ(tree.FileNames(), before);
}

TEST(MergeJob, TakesAReadErrorForNoEndOfData) {
  RealTree tree;
  const auto entries = std::make_shared<const std::vector<OwnedEntry>>(Puts(0, 100, 1, 1));
  for (size_t unreadable = 0; unreadable < entries->size(); ++unreadable) {
    support::VectorCursor cursor(entries, key::Order(), {.window_entries = 7, .unreadable_entry = unreadable});
    MergeSettings settings = tree.Settings(0, 0, {});
    settings.table_bytes = 500;
    const Result<MergeResult> result =
        RunMerge(tree.store(), [&] { return tree.NewNumber(); }, cursor, settings, tree.stop());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::kIo);
    ASSERT_TRUE(tree.store().DeleteObsolete());
    EXPECT_TRUE(tree.FileNames().empty());
  }
}

TEST(MergeJob, LeavesNoFileWhenAnyCallFails) {
  using support::Operation;
  RealTree tree;
  tree.Place(6, Puts(0, 1000, 1, 1));
  tree.Place(5, Puts(0, 1000, 1, 2000));
  const std::vector<TablePtr> inputs = {tree.version().tables(5)[0], tree.version().tables(6)[0]};
  MergeSettings settings = tree.Settings(5, 6, inputs);
  settings.table_bytes = 8000;
  const auto before = tree.FileNames();
  uint64_t failures = 0;
  for (const Operation operation :
       {Operation::kCreate, Operation::kRead, Operation::kAppend, Operation::kSync, Operation::kClose}) {
    for (uint64_t nth = 1;; ++nth) {
      tree.files().ClearFaults();
      const uint64_t failed_before = tree.files().failed_calls();
      tree.files().Fail({.operation = operation,
                         .call = tree.files().calls(operation) + nth,
                         .code = ErrorCode::kNoSpace,
                         .half = operation == Operation::kAppend});
      Result<MergeResult> result = tree.Merge(inputs, settings);
      if (tree.files().failed_calls() == failed_before) {
        ASSERT_TRUE(result);
        EXPECT_EQ(result->entries_dropped, 1000u);
        tree.files().ClearFaults();
        for (const tree::AddedTable& table : result->added)
          ASSERT_TRUE(tree.files().Remove(tree.store().Path(table.number)));
        break;
      }
      ++failures;
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code(), ErrorCode::kNoSpace);
      ASSERT_TRUE(tree.store().DeleteObsolete());
      ASSERT_EQ(tree.FileNames(), before);
    }
  }
  EXPECT_GT(failures, 10u);
}

TEST(MergeJob, WritesNoTableWhenNothingIsKept) {
  RealTree tree;
  std::vector<OwnedEntry> dead;
  for (uint64_t i = 0; i < 100; ++i) dead.push_back({KeyNamed(i), SequenceNumber{i + 1}, EntryKind::kDelete, ""});
  tree.Place(3, dead);
  const std::vector<TablePtr> inputs = {tree.version().tables(3)[0]};
  const Result<MergeResult> result = tree.Merge(inputs, tree.Settings(3, 3, inputs));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->added.empty());
  EXPECT_EQ(result->entries_dropped, 100u);
}

TEST(MergeJob, KeepsTheTimeOfTheOldestTombstone) {
  RealTree tree;
  tree.Place(6, Puts(0, 10, 1, 1));
  tree.Place(5, {{KeyNamed(3), SequenceNumber{100}, EntryKind::kDelete, ""}});
  const std::vector<TablePtr> inputs = {tree.version().tables(5)[0]};
  MergeSettings settings = tree.Settings(5, 5, inputs);
  settings.oldest_delete_time_s = 77;
  const Result<MergeResult> result = tree.Merge(inputs, settings);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->added.size(), 1u);
  EXPECT_EQ(result->added[0].info.oldest_delete_time_s, 77u);
  EXPECT_EQ(result->added[0].info.deletes, 1u);
}

TEST(ShapeOf, ShowsLevelsSketchesAndBusyTables) {
  RealTree tree;
  const key::FileNumber bottom = tree.Place(6, Puts(0, 2000, 1, 1));
  const key::FileNumber older = tree.Place(0, Puts(0, 10, 1, 5000));
  const key::FileNumber newer = tree.Place(0, Puts(5, 10, 1, 6000));
  const TreeShape shape = ShapeOf(tree.version(), {bottom}, true);
  ASSERT_EQ(shape.levels[0].size(), 2u);
  EXPECT_EQ(shape.levels[0][0].number, newer);
  EXPECT_EQ(shape.levels[0][1].number, older);
  ASSERT_EQ(shape.levels[6].size(), 1u);
  EXPECT_TRUE(shape.levels[6][0].busy);
  EXPECT_FALSE(shape.levels[0][0].busy);
  EXPECT_EQ(shape.levels[6][0].info->entries, 2000u);
  EXPECT_NE(shape.levels[0][0].sketch, nullptr);
  EXPECT_EQ(shape.levels[6][0].sketch, nullptr);  // Nobody asks for those of the last level: it is not opened.
  EXPECT_EQ(tree.version().tables(6)[0]->reader(), nullptr);
  EXPECT_EQ(ShapeOf(tree.version(), {}, false).levels[0][0].sketch, nullptr);
}

}  // namespace
}  // namespace amethyst::compaction
