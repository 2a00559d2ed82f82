// Merges what a repair draws from and writes the newest version of each key, unless that is a delete, to a database;
// where that is an operand, all versions down to the one that decides.
//
// Newest is the greatest sequence number, and among equal ones the table with the greatest file number; but an entry of
// a table that another one replaced at that key (sstable/lineage.h) is older than anything in that one, whatever the
// numbers say, and so is an entry of the log that was flushed, beside one of a table with sequence number 0. Such
// entries are taken only where the newer source has lost what it held. What is passed over or taken that way is told.
// Thread safety: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/db.h"
#include "repair/salvage_sources.h"

namespace amethyst::repair {

class SalvageMerge {
 public:
  // Limits the size of one value to a quarter of it; more than any database has that was not given more.
  static constexpr size_t kMemoryBudgetBytes = size_t{1} << 30;

  using Sources = std::vector<std::unique_ptr<SalvageSource>>;
  struct Settings {
    bool tables_whole = false;    // No table is missing.
    bool keeps_operands = false;  // The family merges.
    bool has_ttl = false;         // And gives what is put there an expiry, which what was put before may not have.
  };
  // `settled`, one of the sources or nullptr: entries of the log that are in tables as well. `range_deletes` outlives
  // it.
  SalvageMerge(Sources sources, const SalvageSource* settled, const SalvagedRangeDeletes& range_deletes,
               const Settings& settings);

  // Writes to one family of `to`.
  [[nodiscard]] Status Run(DB& to, const Family& family, RepairReport* report);

 private:
  struct Head {
    key::Entry entry;
    key::FileNumber number;  // Of its table.
    size_t source;
  };
  static bool Later(const Head& a, const Head& b);

  void Advance(size_t source);
  // Whether something newer stands in its place.
  [[nodiscard]] bool IsReplaced(const Head& head);
  [[nodiscard]] bool IsReplacedByTable(const Head& head, std::string_view key);
  [[nodiscard]] bool IsReplacedByFlush(std::string_view key) const;
  [[nodiscard]] Status PutOperands(DB& to, const Family& family, RepairReport* report);
  [[nodiscard]] Status Put(DB& to, const Family& family, const key::Entry& entry, RepairReport* report);
  [[nodiscard]] Status WriteBatch(DB& to);
  void TellReplaced(RepairReport* report) const;

  struct Replaced {
    std::string by{};  // The name of one that replaced it.
    uint64_t passed_over = 0;
    uint64_t taken = 0;
  };

  const Sources sources_;
  const SalvageSource* const settled_;
  const key::RangeTombstones tombstones_;
  const Settings settings_;
  struct Operand {
    std::string key;
    key::Tag tag;
    std::string stored;
  };
  std::vector<Operand> operands_;                                  // Of the key that the merge stands at, newest first.
  std::map<size_t, std::vector<const SalvageSource*>> replacing_;  // By source: those that replaced it somewhere.
  std::map<size_t, Replaced> replaced_;
  std::vector<Head> heap_;
  class WriteBatch batch_;
};

}  // namespace amethyst::repair
