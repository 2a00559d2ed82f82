#include "compaction/simulated_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

#include "base/hash.h"
#include "compaction/output_cutter.h"

namespace amethyst::compaction {

std::string KeyOf(uint64_t key) {
  const uint64_t big_endian = __builtin_bswap64(key);
  return {reinterpret_cast<const char*>(&big_endian), sizeof big_endian};
}

std::shared_ptr<SimulatedTree::Table> SimulatedTree::NewTable(std::vector<SimulatedEntry> entries, uint64_t time_s) {
  auto table = std::make_shared<Table>();
  table->info.smallest = KeyOf(entries.front().key);
  table->info.largest = KeyOf(entries.back().key);
  table->info.entries = entries.size();
  table->info.file_bytes = entries.size() * kEntryBytes;
  table->info.largest_sequence = key::SequenceNumber{next_sequence_++};
  for (const SimulatedEntry& entry : entries) {
    // As sampled as the tables' own, but hashed cheaply.
    base::Random hash(entry.key);
    table->sketch.Add(hash());
    table->info.deletes += entry.deleted ? 1 : 0;
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

void SimulatedTree::SetBusy(key::FileNumber number, bool busy) {
  for (std::vector<TableShape>& level : shape_.levels) {
    for (TableShape& table : level) {
      if (table.number == number) table.busy = busy;
    }
  }
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

std::vector<SimulatedEntry> SimulatedTree::Merge(const std::vector<std::shared_ptr<Table>>& newest_first,
                                                 key::Level to) const {
  struct Source {
    uint64_t key;
    size_t age;
    size_t position;
    bool operator>(const Source& other) const { return std::pair(key, age) > std::pair(other.key, other.age); }
  };
  std::priority_queue<Source, std::vector<Source>, std::greater<>> sources;
  for (size_t age = 0; age < newest_first.size(); ++age) sources.push({newest_first[age]->entries[0].key, age, 0});
  std::array<size_t, key::kLevels> below{};
  std::vector<SimulatedEntry> merged;
  uint64_t last = ~uint64_t{0};
  while (!sources.empty()) {
    Source source = sources.top();
    sources.pop();
    const std::vector<SimulatedEntry>& entries = newest_first[source.age]->entries;
    const SimulatedEntry& entry = entries[source.position];
    bool keep = entry.key != last;
    last = entry.key;
    if (keep && entry.deleted) {
      const std::string key = KeyOf(entry.key);
      keep = false;
      for (key::Level level = to + 1; level < key::kLevels && !keep; ++level) {
        const auto& tables = levels_[level];
        while (below[level] < tables.size() && tables[below[level]].second->info.largest < key) ++below[level];
        keep = below[level] < tables.size() && tables[below[level]].second->info.smallest <= key;
      }
    }
    if (keep) merged.push_back(entry);
    if (++source.position < entries.size()) sources.push({entries[source.position].key, source.age, source.position});
  }
  return merged;
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
    for (std::shared_ptr<Table>& table : Take(plan.to, plan.lower)) inputs.push_back(std::move(table));
    uint64_t time_s = ~uint64_t{0};
    for (const std::shared_ptr<Table>& table : inputs) {
      if (table->info.oldest_delete_time_s != 0) time_s = std::min(time_s, table->info.oldest_delete_time_s);
    }
    WriteOutputs(Merge(inputs, plan.to), plan, table_bytes, time_s);
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

std::vector<SimulatedEntry> SimulatedTree::Content() const {
  std::vector<std::shared_ptr<Table>> newest_first;
  for (const auto& level : levels_) {
    for (const auto& [number, table] : level) newest_first.push_back(table);
  }
  return Merge(newest_first, key::kLevels - 1);
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
