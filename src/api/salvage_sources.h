// What a repair draws from: the readable entries of one damaged file or of the log, in key order.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "cache/block_cache.h"
#include "io/file_system.h"
#include "key/entry.h"
#include "key/order.h"
#include "sstable/table_salvage.h"
#include "tree/version_edit.h"

namespace amethyst::api {

class SalvageSource {
 public:
  virtual ~SalvageSource() = default;
  // Goes to the next entry, or to the first; false at the end. By key ascending, newest first within a key.
  [[nodiscard]] virtual bool Next() = 0;
  // Valid until the next call of Next.
  [[nodiscard]] virtual key::Entry entry() const = 0;
};

// Takes each block of a table that can be read, and tells of each that cannot.
class TableSource final : public SalvageSource {
 public:
  // `dropped` must outlive it.
  TableSource(std::string name, std::unique_ptr<sstable::TableSalvage> table, std::vector<std::string>* dropped)
      : name_(std::move(name)), table_(std::move(table)), dropped_(*dropped) {}

  [[nodiscard]] bool Next() override;
  [[nodiscard]] key::Entry entry() const override { return {key_, block_->tag(next_ - 1), block_->value(next_ - 1)}; }

 private:
  void TellLoss(const sstable::TableSalvage::Step& step);

  const std::string name_;
  const std::unique_ptr<sstable::TableSalvage> table_;
  std::vector<std::string>& dropped_;
  const sstable::Block* block_ = nullptr;
  uint32_t next_ = 0;
  std::string key_;                   // Of the entry shown.
  std::optional<std::string> after_;  // The last separator: what a lost block held comes after it.
};

// Entries in memory, the newest version of each key: those of the log, and of tables whose index is lost. The log holds
// about what memtables held, so that it fits.
class NewestEntries final : public SalvageSource {
 public:
  void Add(std::string_view key, key::Tag tag, std::string_view value);

  [[nodiscard]] bool Next() override;
  [[nodiscard]] key::Entry entry() const override { return {at_->first, at_->second.tag, at_->second.value}; }

 private:
  struct Version {
    key::Tag tag;
    std::string value;
  };
  std::map<std::string, Version, std::less<>> entries_;
  std::map<std::string, Version, std::less<>>::const_iterator at_;
  bool started_ = false;
};

// Adds the entries of all records that can be read in the directory's log segments to `entries`. What lies behind a cut
// that a later segment records was dropped by an earlier recovery, and stays so; behind damage, reading goes on at the
// next good record. Returns the number of batches.
[[nodiscard]] Result<uint64_t> SalvageLog(io::FileSystem& files, const std::string& directory, NewestEntries* entries,
                                          std::vector<std::string>* dropped);

}  // namespace amethyst::api
