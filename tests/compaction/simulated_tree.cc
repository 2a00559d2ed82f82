#include "compaction/simulated_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "compaction/output_cutter.h"

namespace amethyst::compaction {

namespace {
constexpr uint64_t kNever = ~uint64_t{0};
}

std::string KeyOf(uint64_t key) {
  const uint64_t big_endian = __builtin_bswap64(key);
  return {reinterpret_cast<const char*>(&big_endian), sizeof big_endian};
}

std::shared_ptr<SimulatedTree::Table> SimulatedTree::NewTable(std::vector<SimulatedEntry> entries, uint64_t time_s) {
  auto table = std::make_shared<Table>();
  table->info.smallest = KeyOf(entries.front().key);
  table->info.largest = KeyOf(entries.back().key);
  table->info.entries = entries.size() * kEntriesEach;
  table->info.file_bytes = entries.size() * kEntryBytes;
  table->info.largest_sequence = key::SequenceNumber{next_sequence_++};
  for (const SimulatedEntry& entry : entries) {
    const uint64_t hash = base::Random(entry.key)();
    constexpr uint64_t kSampleOneIn = filter::KeySketch::kSampleOneIn / kEntriesEach;
    if (hash % kSampleOneIn == 0) table->sketch.Add(hash / kSampleOneIn * filter::KeySketch::kSampleOneIn);
    table->info.deletes += entry.deleted ? kEntriesEach : 0;
  }
  table->info.oldest_delete_time_s = table->info.deletes > 0 ? time_s : 0;
  table->entries = std::move(entries);
  return table;
}

void SimulatedTree::Install(key::Level level, std::shared_ptr<Table> table, key::FileNumber number) {
  auto& tables = levels_[level];
  const auto at = level == 0 ? tables.begin() : std::find_if(tables.begin(), tables.end(), [&](const auto& other) {
    return table->info.largest < other.second->info.smallest;
  });
  if (level > 0 && at != tables.begin()) {
    ASSERT_LT(std::prev(at)->second->info.largest, table->info.smallest) << "level " << level << " overlaps";
  }
  tables.insert(at, {number, std::move(table)});
}

void SimulatedTree::Refresh() {
  std::vector<key::FileNumber> busy;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const TableShape& table : shape_.levels[level]) {
      if (table.busy) busy.push_back(table.number);
    }
    shape_.levels[level].clear();
    for (const auto& [number, table] : levels_[level]) {
      const bool is_busy = std::find(busy.begin(), busy.end(), number) != busy.end();
      shape_.levels[level].push_back({number, &table->info, &table->sketch, is_busy});
    }
  }
}

void SimulatedTree::SetBusy(const Plan& plan, bool busy) {
  for (const auto& [level, numbers] : {std::pair(plan.from, &plan.upper), std::pair(plan.to, &plan.lower)}) {
    for (TableShape& table : shape_.levels[level]) {
      if (std::find(numbers->begin(), numbers->end(), table.number) != numbers->end()) table.busy = busy;
    }
  }
}

RunningOutput SimulatedTree::OutputOf(const Plan& plan) const {
  std::optional<KeyRange> range;
  for (const auto& [level, numbers] : {std::pair(plan.from, &plan.upper), std::pair(plan.to, &plan.lower)}) {
    for (const TableShape& table : shape_.levels[level]) {
      if (std::find(numbers->begin(), numbers->end(), table.number) == numbers->end()) continue;
      range = range ? Hull(*range, RangeOf(table), shape_.order) : RangeOf(table);
    }
  }
  return {plan.to, std::string(range->smallest), std::string(range->largest)};
}

void SimulatedTree::Flush(std::vector<SimulatedEntry> entries, uint64_t time_s) {
  flushed_bytes_ += entries.size() * kEntryBytes;
  Place(0, std::move(entries), time_s);
}

void SimulatedTree::Place(key::Level level, std::vector<SimulatedEntry> entries, uint64_t time_s) {
  Install(level, NewTable(std::move(entries), time_s), key::FileNumber{next_number_++});
  Refresh();
}

std::vector<std::shared_ptr<SimulatedTree::Table>> SimulatedTree::Take(key::Level level,
                                                                       const std::vector<key::FileNumber>& numbers) {
  std::vector<std::shared_ptr<Table>> taken;
  std::erase_if(levels_[level], [&](const auto& entry) {
    const bool is_input = std::find(numbers.begin(), numbers.end(), entry.first) != numbers.end();
    if (is_input) taken.push_back(entry.second);
    return is_input;
  });
  EXPECT_EQ(taken.size(), numbers.size()) << "an input is not in level " << level;
  return taken;
}

std::shared_ptr<SimulatedTree::Table> SimulatedTree::Concatenate(const std::vector<std::shared_ptr<Table>>& run) {
  auto whole = std::make_shared<Table>();
  uint64_t oldest_s = kNever;
  for (const std::shared_ptr<Table>& table : run) {
    whole->entries.insert(whole->entries.end(), table->entries.begin(), table->entries.end());
    if (table->info.deletes > 0) oldest_s = std::min(oldest_s, table->info.oldest_delete_time_s);
  }
  whole->info.oldest_delete_time_s = oldest_s == kNever ? 0 : oldest_s;
  return whole;
}

std::vector<SimulatedEntry> SimulatedTree::Merge(const std::vector<std::shared_ptr<Table>>& newest_first) {
  std::vector<SimulatedEntry> merged;
  for (auto table = newest_first.rbegin(); table != newest_first.rend(); ++table) {
    const std::vector<SimulatedEntry>& newer = (*table)->entries;
    std::vector<SimulatedEntry> both;
    both.reserve(merged.size() + newer.size());
    auto older = merged.begin();
    for (const SimulatedEntry& entry : newer) {
      while (older != merged.end() && older->key < entry.key) both.push_back(*older++);
      if (older != merged.end() && older->key == entry.key) ++older;
      both.push_back(entry);
    }
    both.insert(both.end(), older, merged.end());
    merged = std::move(both);
  }
  return merged;
}

void SimulatedTree::DropTombstones(key::Level to, std::vector<SimulatedEntry>* entries) const {
  std::erase_if(*entries, [&](const SimulatedEntry& entry) {
    if (!entry.deleted) return false;
    const std::string key = KeyOf(entry.key);
    return !AnythingBelow(shape_, {}, to, {key, key});
  });
}

void SimulatedTree::CheckPlan(const Plan& plan) const {
  SCOPED_TRACE(Describe(plan, shape_));
  ASSERT_NE(plan.kind, PlanKind::kNothing);
  ASSERT_FALSE(plan.upper.empty());
  ASSERT_LE(plan.from, plan.to);
  const auto is_in = [](const std::vector<key::FileNumber>& numbers, key::FileNumber number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  };
  std::vector<const TableShape*> upper;
  for (const TableShape& table : shape_.levels[plan.from]) {
    if (!is_in(plan.upper, table.number)) continue;
    ASSERT_FALSE(table.busy);
    upper.push_back(&table);
  }
  ASSERT_EQ(upper.size(), plan.upper.size());
  KeyRange range = RangeOf(*upper[0]);
  for (const TableShape* table : upper) range = Hull(range, RangeOf(*table), shape_.order);
  if (plan.from == 0) {  // No older table that overlaps stays behind.
    for (const TableShape* table : upper) {
      for (const TableShape& other : shape_.levels[0]) {
        if (&other > table && Overlaps(RangeOf(*table), RangeOf(other), shape_.order)) {
          ASSERT_TRUE(is_in(plan.upper, other.number)) << "older " << Raw(other.number) << " stays above";
        }
      }
    }
  }
  if (plan.from == plan.to && plan.from > 0) {
    ASSERT_EQ(Overlapping(shape_, plan.from, range).size(), upper.size()) << "in place only neighbours are merged";
  }
  for (key::Level level = 1; level <= plan.to; ++level) {
    if (level <= plan.from) continue;
    for (const TableShape& table : Overlapping(shape_, level, range)) {
      ASSERT_EQ(level, plan.to) << "level " << level << " is jumped over";
      ASSERT_EQ(plan.kind, PlanKind::kMerge);
      ASSERT_TRUE(is_in(plan.lower, table.number));
      ASSERT_FALSE(table.busy);
    }
  }
}

void SimulatedTree::Apply(const Plan& plan, uint64_t table_bytes) {
  ASSERT_NO_FATAL_FAILURE(CheckPlan(plan));
  std::vector<std::shared_ptr<Table>> inputs = Take(plan.from, plan.upper);
  if (plan.kind == PlanKind::kMove) {
    for (size_t i = 0; i < inputs.size(); ++i) Install(plan.to, inputs[i], plan.upper[i]);
  } else if (plan.kind == PlanKind::kMerge) {
    if (!plan.lower.empty()) inputs.push_back(Concatenate(Take(plan.to, plan.lower)));
    uint64_t time_s = kNever;
    for (const std::shared_ptr<Table>& table : inputs) {
      if (table->info.oldest_delete_time_s != 0) time_s = std::min(time_s, table->info.oldest_delete_time_s);
    }
    std::vector<SimulatedEntry> merged = Merge(inputs);
    DropTombstones(plan.to, &merged);
    WriteOutputs(merged, plan, table_bytes, time_s);
  }
  Refresh();
}

void SimulatedTree::WriteOutputs(const std::vector<SimulatedEntry>& entries, const Plan& plan, uint64_t table_bytes,
                                 uint64_t time_s) {
  std::vector<OutputCutter::NextTable> next_level;
  if (plan.to + 1 < key::kLevels) {
    for (const auto& [number, table] : levels_[plan.to + 1])
      next_level.push_back({table->info.largest, table->info.file_bytes});
  }
  OutputCutter cutter(std::move(next_level), shape_.order, table_bytes);
  std::vector<SimulatedEntry> output;
  for (const SimulatedEntry& entry : entries) {
    if (cutter.CutsBefore(KeyOf(entry.key), output.size() * kEntryBytes)) {
      Install(plan.to, NewTable(std::exchange(output, {}), time_s), key::FileNumber{next_number_++});
    }
    output.push_back(entry);
  }
  if (!output.empty()) Install(plan.to, NewTable(std::move(output), time_s), key::FileNumber{next_number_++});
  rewritten_bytes_ += entries.size() * kEntryBytes;
}

std::vector<uint64_t> SimulatedTree::Content() const {
  std::vector<std::shared_ptr<Table>> newest_first;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    std::vector<std::shared_ptr<Table>> tables;
    for (const auto& [number, table] : levels_[level]) tables.push_back(table);
    if (tables.empty()) continue;
    if (level > 0) tables = {Concatenate(tables)};
    newest_first.insert(newest_first.end(), tables.begin(), tables.end());
  }
  std::vector<uint64_t> keys;
  for (const SimulatedEntry& entry : Merge(newest_first)) {
    if (!entry.deleted) keys.push_back(entry.key);
  }
  return keys;
}

ZipfRanks::ZipfRanks(uint64_t count, double theta) : count_(static_cast<double>(count)), theta_(theta) {
  zeta_ = 0;
  for (uint64_t i = 1; i <= count; ++i) zeta_ += 1 / std::pow(static_cast<double>(i), theta);
  const double zeta2 = 1 + 1 / std::pow(2.0, theta);
  alpha_ = 1 / (1 - theta);
  eta_ = (1 - std::pow(2 / count_, 1 - theta)) / (1 - zeta2 / zeta_);
}

uint64_t ZipfRanks::Next(base::Random& random) const {
  const double u = static_cast<double>(random() >> 11) / static_cast<double>(uint64_t{1} << 53);
  const double scaled = u * zeta_;
  if (scaled < 1) return 0;
  if (scaled < 1 + std::pow(0.5, theta_)) return 1;
  return std::min(static_cast<uint64_t>(count_ * std::pow(eta_ * u - eta_ + 1, alpha_)),
                  static_cast<uint64_t>(count_) - 1);
}

}  // namespace amethyst::compaction
