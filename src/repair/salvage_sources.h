// What a repair draws from: the readable entries of one damaged file or of the log, in key order.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <deque>
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
#include "key/range_tombstones.h"
#include "sstable/table_salvage.h"
#include "tree/version_edit.h"

namespace amethyst::repair {

// The table that entries come from.
struct TableOrigin {
  std::string name{};
  key::FileNumber number{};  // 0: they come from the log.
  sstable::Lineage lineage{};
  key::SequenceNumber sequence_base{};  // Added to what the table says.
  key::SequenceNumber clean_through{};  // No range delete up to it hides what the table holds.

  [[nodiscard]] key::Tag TagOf(key::Tag in_file) const {
    return key::Tag(in_file.sequence() + key::Raw(sequence_base), in_file.kind());
  }
};

// The range deletes of one family: those of its table of them, and those that the log holds.
class SalvagedRangeDeletes {
 public:
  void Add(const key::Range& range, key::SequenceNumber sequence);
  void Append(const SalvagedRangeDeletes& others) {
    for (const key::RangeTombstone& other : others.all_) Add(other.range, other.sequence);
  }
  // What hides what from a read of the newest. Borrows keys.
  [[nodiscard]] key::RangeTombstones Make() const { return {all_, key::Order(), {}}; }

 private:
  std::deque<std::string> keys_;
  std::vector<key::RangeTombstone> all_;
};

class SalvageSource {
 public:
  explicit SalvageSource(TableOrigin origin) : origin_(std::move(origin)) {}
  virtual ~SalvageSource() = default;
  SalvageSource(const SalvageSource&) = delete;
  SalvageSource& operator=(const SalvageSource&) = delete;

  [[nodiscard]] const TableOrigin& origin() const { return origin_; }
  // Goes to the next entry, or to the first; false at the end. By key ascending, newest first within a key.
  [[nodiscard]] virtual bool Next() = 0;
  // Valid until the next call of Next.
  [[nodiscard]] virtual key::Entry entry() const = 0;
  // Whether it may have held an entry of `key`, which it has come to or passed, that cannot be read.
  [[nodiscard]] virtual bool MayHaveLost(std::string_view key) const = 0;

 private:
  const TableOrigin origin_;
};

// Takes each block of a table that can be read, and tells of each that cannot.
class TableSource final : public SalvageSource {
 public:
  // `dropped` must outlive it.
  TableSource(TableOrigin origin, std::unique_ptr<sstable::TableSalvage> table, std::vector<std::string>* dropped)
      : SalvageSource(std::move(origin)), table_(std::move(table)), dropped_(*dropped) {}

  [[nodiscard]] bool Next() override;
  [[nodiscard]] key::Entry entry() const override {
    return {key_, origin().TagOf(block_->tag(next_ - 1)), block_->value(next_ - 1)};
  }
  [[nodiscard]] bool MayHaveLost(std::string_view key) const override;

 private:
  void TellLoss(const sstable::TableSalvage::Step& step);

  const std::unique_ptr<sstable::TableSalvage> table_;
  std::vector<std::string>& dropped_;
  const sstable::Block* block_ = nullptr;
  uint32_t next_ = 0;
  std::string key_;                   // Of the entry shown.
  std::optional<std::string> after_;  // The last separator: what a lost block held comes after it.
  struct LostRange {
    std::optional<std::string> after;
    std::string to;
  };
  std::vector<LostRange> lost_;
};

// Entries in memory, the newest version of each key: those of the log, or of a table whose index is lost, as far as it
// could be read from its beginning. The log holds about what memtables held, so that it fits.
class NewestEntries final : public SalvageSource {
 public:
  using SalvageSource::SalvageSource;

  void Add(std::string_view key, key::Tag tag, std::string_view value);

  [[nodiscard]] bool Next() override;
  [[nodiscard]] key::Entry entry() const override { return {at_->first, at_->second.tag, at_->second.value}; }
  [[nodiscard]] bool MayHaveLost(std::string_view key) const override {
    return entries_.empty() || entries_.rbegin()->first < key;
  }

 private:
  struct Newest {
    key::Tag tag;
    std::string value;
  };
  std::map<std::string, Newest, std::less<>> entries_;
  std::map<std::string, Newest, std::less<>>::const_iterator at_;
  bool started_ = false;
};

// Where the log's entries go, by family.
struct LogEntries {
  struct OfFamily {
    std::unique_ptr<NewestEntries> settled = std::make_unique<NewestEntries>(TableOrigin());  // Those up to `flushed`.
    std::unique_ptr<NewestEntries> fresh = std::make_unique<NewestEntries>(TableOrigin());    // The rest.
    SalvagedRangeDeletes range_deletes{};
  };

  key::SequenceNumber flushed{};  // Up to here everything is in tables as well.
  std::map<key::FamilyId, OfFamily> families{};
};

// Adds the entries of all records that can be read in the log segments `names` of a directory to `entries`. What lies
// behind a cut that a later segment records was dropped by an earlier recovery, and stays so; behind damage, reading
// goes on at the next good record. Returns the number of batches.
[[nodiscard]] Result<uint64_t> SalvageLog(io::FileSystem& files, const std::string& directory,
                                          const std::vector<std::string>& names, LogEntries* entries,
                                          std::vector<std::string>* dropped);

}  // namespace amethyst::repair
