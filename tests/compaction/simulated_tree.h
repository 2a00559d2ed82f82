// A tree in memory, without bytes: tables are lists of keys. It carries out plans, checks their invariants, and counts
// what they would write.
//
// An entry of the simulation stands for 64 entries of one size whose keys live and die together: so sketches are as
// exact as those of tables of full size. Tombstones are dropped where nothing lies below. Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "compaction/plan.h"
#include "compaction/shape.h"

namespace amethyst::compaction {

struct SimulatedEntry {
  uint64_t key = 0;
  bool deleted = false;
};

class SimulatedTree {
 public:
  static constexpr uint64_t kEntriesEach = 64;
  static constexpr uint64_t kEntryBytes = 100 * kEntriesEach;

  // A flush of these, by key, each key once; `time_s` is that of their tombstones.
  void Flush(std::vector<SimulatedEntry> entries, uint64_t time_s = 0);
  // A table of level 1 or more, put there by hand.
  void Place(key::Level level, std::vector<SimulatedEntry> entries, uint64_t time_s = 0);
  // Checks the plan's invariants and carries it out.
  void Apply(const Plan& plan, uint64_t table_bytes);

  [[nodiscard]] const TreeShape& shape() const { return shape_; }
  [[nodiscard]] std::vector<uint64_t> Content() const;  // Live keys.
  [[nodiscard]] uint64_t flushed_bytes() const { return flushed_bytes_; }
  [[nodiscard]] uint64_t rewritten_bytes() const { return rewritten_bytes_; }
  [[nodiscard]] uint64_t LevelBytes(key::Level level) const { return TotalBytes(shape_.levels[level]); }
  // Marks the plan's inputs as those of a running job, or no longer.
  void SetBusy(const Plan& plan, bool busy);
  // What a job that carries the plan out announces.
  [[nodiscard]] RunningOutput OutputOf(const Plan& plan) const;

 private:
  struct Table {
    sstable::TableInfo info;
    filter::KeySketch sketch;
    std::vector<SimulatedEntry> entries;
  };

  std::shared_ptr<Table> NewTable(std::vector<SimulatedEntry> entries, uint64_t time_s);
  std::vector<std::shared_ptr<Table>> Take(key::Level level, const std::vector<key::FileNumber>& numbers);
  static std::shared_ptr<Table> Concatenate(const std::vector<std::shared_ptr<Table>>& run);
  static std::vector<SimulatedEntry> Merge(const std::vector<std::shared_ptr<Table>>& newest_first);
  void DropTombstones(key::Level to, std::vector<SimulatedEntry>* entries) const;
  void Install(key::Level level, std::shared_ptr<Table> table, key::FileNumber number);
  void WriteOutputs(const std::vector<SimulatedEntry>& entries, const Plan& plan, uint64_t table_bytes,
                    uint64_t time_s);
  void CheckPlan(const Plan& plan) const;
  void Refresh();

  std::array<std::vector<std::pair<key::FileNumber, std::shared_ptr<Table>>>, key::kLevels> levels_;
  TreeShape shape_;
  uint64_t next_number_ = 1;
  uint64_t next_sequence_ = 1;
  uint64_t flushed_bytes_ = 0;
  uint64_t rewritten_bytes_ = 0;
};

// Keys in their order as integers.
[[nodiscard]] std::string KeyOf(uint64_t key);

// A Zipf distribution over [0, count), by the approximation of Gray et al. 1994 that YCSB uses; rank 0 is the most
// frequent.
class ZipfRanks {
 public:
  ZipfRanks(uint64_t count, double theta);
  [[nodiscard]] uint64_t Next(base::Random& random) const;

 private:
  double count_, theta_, alpha_, zeta_, eta_;
};

}  // namespace amethyst::compaction
