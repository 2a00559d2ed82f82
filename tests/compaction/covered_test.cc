// What range deletes have left to do: decided by hand-made numbers, and against a history that nothing is taken from.
#include "compaction/covered.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "compaction/planner.h"
#include "compaction/real_tree.h"
#include "support/backwards.h"
#include "support/rounds.h"
#include "tree/tombstone_table.h"

namespace amethyst::compaction {
namespace {

using key::EntryKind;
using key::RangeTombstone;
using key::RangeTombstones;
using key::SequenceNumber;
using support::OwnedEntry;
using tree::TablePtr;

SequenceNumber S(uint64_t sequence) { return SequenceNumber{sequence}; }
RangeTombstone Tombstone(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                         uint64_t sequence) {
  return {.range = {.begin = begin, .end = end}, .sequence = S(sequence)};
}

// One table, and the range deletes around it.
struct OneTable {
  OneTable(const std::vector<RangeTombstone>& all, uint64_t smallest_sequence, uint64_t largest_sequence,
           uint64_t clean_through = 0, const std::vector<SequenceNumber>& snapshots = {})
      : tombstones(all, key::Order(), snapshots) {
    info.smallest = "c";
    info.largest = "m";
    info.smallest_sequence = S(smallest_sequence);
    info.largest_sequence = S(largest_sequence);
    info.clean_through = S(clean_through);
    shape.tombstones = &tombstones;
  }
  [[nodiscard]] bool IsCovered(SequenceNumber oldest_snapshot = key::kSequenceMax) const {
    return compaction::IsCovered(shape, table, oldest_snapshot);
  }
  [[nodiscard]] bool MayHoldCovered(SequenceNumber oldest_snapshot = key::kSequenceMax) const {
    return compaction::MayHoldCovered(shape, table, oldest_snapshot);
  }

  RangeTombstones tombstones;
  sstable::TableInfo info;
  TableShape table{.number = key::FileNumber{1}, .info = &info};
  TreeShape shape;
};

TEST(Covered, IsATableWhoseKeysAreAllCoveredByWhatIsNewer) {
  EXPECT_TRUE(OneTable({Tombstone("a", "n", 20)}, 5, 10).IsCovered());
  EXPECT_TRUE(OneTable({Tombstone("a", "g", 20), Tombstone("g", {}, 15)}, 5, 10).IsCovered());
  EXPECT_FALSE(OneTable({Tombstone("a", "m", 20)}, 5, 10).IsCovered()) << "its last key is not";
  EXPECT_FALSE(OneTable({Tombstone("d", "n", 20)}, 5, 10).IsCovered()) << "its first key is not";
  EXPECT_FALSE(OneTable({Tombstone("a", "n", 10)}, 5, 10).IsCovered()) << "one entry may be as new";
  EXPECT_FALSE(OneTable({Tombstone("a", "g", 20), Tombstone("h", {}, 20)}, 5, 10).IsCovered()) << "there is a gap";
  OneTable without({}, 5, 10);
  without.shape.tombstones = nullptr;
  EXPECT_FALSE(without.IsCovered());
  EXPECT_FALSE(without.MayHoldCovered());
}

TEST(Covered, IsATableOnlyIfTheOldestSnapshotSeesTheRangeDelete) {
  const OneTable one({Tombstone("a", "n", 20)}, 5, 10);
  EXPECT_FALSE(one.IsCovered(S(19)));
  EXPECT_TRUE(one.IsCovered(S(20)));
  EXPECT_FALSE(one.MayHoldCovered(S(19)));
  EXPECT_TRUE(one.MayHoldCovered(S(20)));
  const OneTable two({Tombstone("a", "n", 20), Tombstone("a", "n", 12)}, 5, 10, 0, {S(15)});
  EXPECT_TRUE(two.IsCovered(S(15))) << "it sees the older one";
}

TEST(Covered, MayBeEntriesOfATableThatIsNotCleanOfARangeDelete) {
  EXPECT_TRUE(OneTable({Tombstone("d", "e", 20)}, 5, 30).MayHoldCovered());
  EXPECT_FALSE(OneTable({Tombstone("a", "c", 20)}, 5, 30).MayHoldCovered()) << "they do not overlap";
  EXPECT_FALSE(OneTable({Tombstone("mm", "z", 20)}, 5, 30).MayHoldCovered());
  EXPECT_TRUE(OneTable({Tombstone("m", "z", 20)}, 5, 30).MayHoldCovered());
  EXPECT_FALSE(OneTable({Tombstone("d", "e", 20)}, 5, 30, 20).MayHoldCovered()) << "it was applied already";
  EXPECT_TRUE(OneTable({Tombstone("d", "e", 20)}, 5, 30, 19).MayHoldCovered());
  EXPECT_FALSE(OneTable({Tombstone("d", "e", 20)}, 21, 30).MayHoldCovered()) << "all entries are newer";
}

TEST(Covered, IsNoEntryOfAMergeUpToWhereAllReadersSee) {
  const RangeTombstones tombstones(std::vector<RangeTombstone>{Tombstone("a", "b", 20)}, key::Order(), {});
  EXPECT_EQ(CleanThrough(nullptr, {}), S(0));
  EXPECT_EQ(CleanThrough(&tombstones, {}), S(20));
  EXPECT_EQ(CleanThrough(&tombstones, std::vector<SequenceNumber>{S(7), S(30)}), S(7));
  EXPECT_EQ(CleanThrough(&tombstones, std::vector<SequenceNumber>{S(25)}), S(20));
}

TEST(Covered, LeavesTheRangeDeletesThatATableIsNotCleanOf) {
  RealTree tree;
  tree.Place(6, {{"c", S(5), EntryKind::kPut, "v"}, {"m", S(6), EntryKind::kPut, "v"}});
  tree.Place(6, {{"p", S(7), EntryKind::kPut, "v"}, {"t", S(8), EntryKind::kPut, "v"}});
  tree.Place(2, {{"x", S(30), EntryKind::kPut, "v"}, {"z", S(31), EntryKind::kPut, "v"}});
  const RangeTombstones tombstones(
      std::vector<RangeTombstone>{Tombstone({}, "c", 20), Tombstone("d", "e", 21), Tombstone("n", "p", 22),
                                  Tombstone("s", "u", 23), Tombstone("v", {}, 24)},
      key::Order(), {});
  ASSERT_EQ(tombstones.fragments().size(), 5u);
  const RangeTombstones needed = StillNeeded(tombstones, tree.version(), {});
  ASSERT_EQ(needed.fragments().size(), 2u);
  EXPECT_EQ(needed.fragments()[0].range.begin, "d") << "what lies between two keys of a table may lie on others";
  EXPECT_EQ(needed.fragments()[1].range.begin, "s");
  tree::AddedTable added;
  added.info.smallest = "a";
  added.info.largest = "b";
  added.info.smallest_sequence = S(3);
  EXPECT_EQ(StillNeeded(tombstones, tree.version(), std::vector{added}).fragments().size(), 3u);
  added.info.clean_through = S(20);
  EXPECT_EQ(StillNeeded(tombstones, tree.version(), std::vector{added}).fragments().size(), 2u);
}

// Flushes and compactions of a small tree, beside a history that keeps everything.
class CoveredWorld {
 public:
  CoveredWorld(uint64_t seed, const key::Order& order) : random_(seed), order_(order), tree_(order) {}

  void Flush() {
    std::vector<OwnedEntry> entries;
    std::vector<RangeTombstone> all;
    if (tree_.version().tombstones() != nullptr) tree_.version().tombstones()->AppendTo(&all);
    for (uint64_t writes = 1 + random_.Below(30); writes > 0; --writes) {
      const SequenceNumber sequence = S(++last_);
      if (random_.OneIn(8)) {
        all.push_back(history_deletes_.emplace_back(RangeTombstone{.range = AnyRange(), .sequence = sequence}));
        continue;
      }
      const EntryKind kind = random_.OneIn(5) ? EntryKind::kDelete : EntryKind::kPut;
      entries.push_back({Key(random_.Below(kKeys)), sequence, kind,
                         kind == EntryKind::kPut ? "value" + std::to_string(key::Raw(sequence)) : ""});
      history_[entries.back().key].push_back(entries.back());
    }
    support::SortEntries(&entries, order_);
    if (!entries.empty()) tree_.Place(0, entries);
    ReplaceTombstones(RangeTombstones(all, order_, Snapshots()));
  }

  // One step of the planner, or of a compaction that somebody asked for. False: there is nothing to do.
  bool Compact() {
    PlannerSettings settings;
    settings.table_bytes = 1'500;
    settings.oldest_snapshot = snapshots_.empty() ? key::kSequenceMax : *snapshots_.begin();
    const TreeShape shape = ShapeOf(tree_.version(), {}, false);
    Plan plan = PlanCompaction(shape, {}, settings);
    if (plan.kind == PlanKind::kNothing) plan = PlanRange(shape, {}, settings, goal_);
    if (plan.kind == PlanKind::kNothing) {
      goal_ = {};
      return false;
    }
    Carry(plan);
    return true;
  }

  void TakeSnapshot() { snapshots_.insert(S(last_)); }
  void DropSnapshot() {
    if (!snapshots_.empty())
      snapshots_.erase(std::next(snapshots_.begin(), static_cast<ptrdiff_t>(random_.Below(snapshots_.size()))));
  }
  void DropSnapshots() { snapshots_.clear(); }

  void Expect() {
    for (const SequenceNumber snapshot : Snapshots()) ASSERT_EQ(Visible(snapshot), Expected(snapshot));
    ASSERT_EQ(Visible(key::kSequenceMax), Expected(key::kSequenceMax));
  }
  [[nodiscard]] bool HasTombstones() const { return tree_.version().tombstones() != nullptr; }
  void EndWithoutNews() {
    if (HasTombstones()) ReplaceTombstones(RangeTombstones(*tree_.version().tombstones()));
  }
  [[nodiscard]] size_t Entries() const { return tree_.Entries().size(); }
  [[nodiscard]] size_t Live() const { return Expected(key::kSequenceMax).size(); }

 private:
  static constexpr uint64_t kKeys = 120;

  static std::string Key(uint64_t i) { return "key" + std::to_string(1'000 + i); }
  [[nodiscard]] std::vector<SequenceNumber> Snapshots() const { return {snapshots_.begin(), snapshots_.end()}; }

  key::Range AnyRange() {
    std::string begin = Key(random_.Below(kKeys)), end = Key(random_.Below(kKeys));
    if (order_.Less(end, begin)) std::swap(begin, end);
    key::Range range;
    if (!random_.OneIn(8)) range.begin = kept_.emplace_back(begin);
    if (!random_.OneIn(8)) range.end = kept_.emplace_back(end);
    return range;
  }

  void ReplaceTombstones(RangeTombstones all) {
    all.KeepKeys();
    const auto needed = std::make_shared<RangeTombstones>(StillNeeded(all, tree_.version(), {}));
    tree::VersionEdit edit;
    if (const TablePtr& before = tree_.version().tombstone_table(); before != nullptr) {
      edit.removed.push_back({.level = 0, .number = before->number()});
    }
    if (!needed->empty()) {
      auto table = tree::WriteTombstoneTable(tree_.store(), tree_.NewNumber(), tree_.Options(), needed, 1);
      ASSERT_TRUE(table) << table.error().ToString();
      edit.added.push_back(*std::move(table));
    }
    tree_.Apply(edit);
  }

  void Carry(const Plan& plan) {
    std::vector<TablePtr> inputs;
    tree::VersionEdit edit;
    for (const auto& [level, numbers] : {std::pair(plan.from, plan.upper), std::pair(plan.to, plan.lower)}) {
      for (const key::FileNumber number : numbers) {
        inputs.push_back(tree_.version().FindTable(level, number));
        ASSERT_NE(inputs.back(), nullptr);
        edit.removed.push_back({.level = level, .number = number});
      }
    }
    if (plan.kind == PlanKind::kMove) {
      for (const TablePtr& table : inputs) edit.added.push_back({plan.to, table->number(), table->info()});
    } else if (plan.kind == PlanKind::kMerge) {
      MergeSettings settings = tree_.Settings(plan.from, plan.to, inputs);
      settings.snapshots = Snapshots();
      settings.table_bytes = 1'500;
      settings.oldest_delete_time_s = 1;
      settings.tombstones = tree_.version().tombstones();
      settings.table_options.clean_through = CleanThrough(settings.tombstones.get(), settings.snapshots);
      const auto result = tree_.Merge(inputs, settings);
      ASSERT_TRUE(result) << result.error().ToString();
      edit.added = result->added;
    }
    tree_.Apply(edit);
  }

  [[nodiscard]] std::map<std::string, std::string> Expected(SequenceNumber visible) const {
    std::map<std::string, std::string> content;
    for (const auto& [key, versions] : history_) {
      SequenceNumber covered{};
      for (const RangeTombstone& one : history_deletes_) {
        if (one.sequence <= visible && one.range.Holds(key, order_)) covered = std::max(covered, one.sequence);
      }
      for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
        if (version->sequence > visible) continue;
        if (version->sequence > covered && version->kind == EntryKind::kPut) content[key] = version->value;
        break;
      }
    }
    return content;
  }
  [[nodiscard]] std::map<std::string, std::string> Visible(SequenceNumber visible) const {
    std::map<std::string, std::string> content;
    std::set<std::string> decided;
    const RangeTombstones* const tombstones = tree_.version().tombstones().get();
    for (const OwnedEntry& entry : tree_.Entries()) {
      if (entry.sequence > visible || !decided.insert(entry.key).second) continue;
      const bool is_hidden = tombstones != nullptr && tombstones->At(entry.key, visible).Hides(entry.sequence);
      if (!is_hidden && entry.kind == EntryKind::kPut) content[entry.key] = entry.value;
    }
    return content;
  }

  base::Random random_;
  const key::Order order_;
  RealTree tree_;
  uint64_t last_ = 0;
  std::set<SequenceNumber> snapshots_;
  std::map<std::string, std::vector<OwnedEntry>> history_;  // Oldest first.
  std::deque<RangeTombstone> history_deletes_;
  std::deque<std::string> kept_;
  RangeGoal goal_;
};

void RunHistory(uint64_t seed, const key::Order& order) {
  CoveredWorld world(seed, order);
  base::Random random(seed + 1'000);
  for (int step = 0; step < 60; ++step) {
    if (random.OneIn(2)) world.Flush();
    for (uint64_t steps = random.Below(4); steps > 0 && world.Compact(); --steps) {
    }
    if (random.OneIn(4)) world.TakeSnapshot();
    if (random.OneIn(3)) world.DropSnapshot();
    ASSERT_NO_FATAL_FAILURE(world.Expect()) << "step " << step;
  }
  // In the end nothing is left of what nobody sees.
  world.DropSnapshots();
  for (int pass = 0; pass < 2; ++pass) {
    for (int step = 0; world.Compact(); ++step) ASSERT_LT(step, 1'000);
  }
  world.EndWithoutNews();
  ASSERT_NO_FATAL_FAILURE(world.Expect());
  EXPECT_FALSE(world.HasTombstones());
  EXPECT_EQ(world.Entries(), world.Live());
}

TEST(Covered, IsWhatNobodySeesWhateverIsFlushedAndCompacted) {
  const support::Backwards backwards;
  for (uint64_t seed = 0; seed < support::Rounds(24); ++seed) {
    ASSERT_NO_FATAL_FAILURE(RunHistory(seed, seed % 3 == 2 ? key::Order(&backwards) : key::Order())) << "seed " << seed;
  }
}

}  // namespace
}  // namespace amethyst::compaction
