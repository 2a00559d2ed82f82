#include "engine/point_lookup.h"

#include <array>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "engine/merged_read.h"
#include "engine/point_read.h"

namespace amethyst::engine {

namespace {

using sstable::LookupState;

// Searches tables that are open: some at a time, for the lines of their filters are asked for together, so that their
// cache misses overlap.
class ResidentTables {
 public:
  explicit ResidentTables(PointRead* read) : read_(read) {}

  void Keep(const WriteBufferPtr& /*buffer*/) {}
  // Of a table that comes before some memtables; they are few, and not for long: left to those who may read.
  [[nodiscard]] bool VisitAmongMemtables(const tree::Table& /*table*/) {
    read_->GiveUp();
    return true;
  }
  [[nodiscard]] bool Visit(const tree::Table& table) {
    if (count_ == tables_.size() && Search()) return true;
    const sstable::TableReader* const reader = table.reader();
    if (reader == nullptr) {
      read_->GiveUp();
      return true;
    }
    reader->PrefetchFilter(read_->lookup().hash);
    tables_[count_++] = reader;
    return false;
  }
  // Searches the tables visited since the last call. True: one of them decides, or is not in memory.
  bool Search() {
    const size_t count = std::exchange(count_, 0);
    for (size_t i = 0; i < count; ++i) {
      if (read_->Take(tables_[i]->FindResident(read_->lookup()))) return true;
    }
    return false;
  }

 private:
  PointRead* const read_;
  std::array<const sstable::TableReader*, 32> tables_;
  size_t count_ = 0;
};

// Opens and reads what it has to, one table after the other.
class LoadingTables {
 public:
  LoadingTables(PointRead* read, bool fill_cache, Statistics& statistics)
      : read_(read), fill_cache_(fill_cache), statistics_(statistics) {}

  void Keep(const WriteBufferPtr& buffer) { owner_ = buffer; }
  [[nodiscard]] bool VisitAmongMemtables(const tree::Table& table) { return Visit(table); }
  [[nodiscard]] bool Visit(const tree::Table& table) {
    const Result<bool> decides = Look(table);
    if (!decides) status_ = std::unexpected(decides.error());
    return !decides || *decides;
  }
  // What the read came to.
  [[nodiscard]] Result<PinnedFound> Take() && {
    AMETHYST_TRY(std::move(status_));
    AMETHYST_ASSERT(read_->found().state != LookupState::kNotResident || read_->needs_older());
    return PinnedFound{read_->found(), std::move(owner_), std::move(filter_lost_)};
  }

 private:
  [[nodiscard]] Result<bool> Look(const tree::Table& table) {
    AMETHYST_ASSIGN(const sstable::TableReader* reader, table.Open());
    AMETHYST_ASSIGN(sstable::PinnedLookup pinned, reader->Find(read_->lookup(), fill_cache_));
    if (pinned.filter_lost) {
      statistics_.Add(Counter::kFiltersLost);
      filter_lost_ = std::move(pinned.filter_lost);
    }
    if (!read_->Take(pinned.lookup)) return false;
    if (read_->found().state == LookupState::kFound) owner_ = std::make_shared<cache::FrameRef>(std::move(pinned.pin));
    return true;
  }

  PointRead* const read_;
  const bool fill_cache_;
  Statistics& statistics_;
  std::shared_ptr<const void> owner_;
  std::optional<Error> filter_lost_;
  Status status_;
};

}  // namespace

Found FindResident(const FamilyView& family, const key::LookupKey& lookup, Statistics& statistics) {
  AMETHYST_DCHECK(base::InEpoch());
  PointRead read(lookup);
  ResidentTables tables(&read);
  ReadFrom(family, &read, tables);
  tables.Search();
  if (read.found().state != LookupState::kNotResident) CountHits(read.tally(), statistics);
  return read.found();
}

Result<PinnedFound> Find(const FamilyView& family, const key::LookupKey& lookup, const key::Merging& merging,
                         bool fill_cache, Statistics& statistics) {
  AMETHYST_DCHECK(!base::InEpoch());
  PointRead read(lookup);
  LoadingTables tables(&read, fill_cache, statistics);
  ReadFrom(family, &read, tables);
  Result<PinnedFound> found = std::move(tables).Take();
  if (!found) return found;
  read.tally().AddTo(statistics);
  if (read.needs_older()) return FindMerged(family, lookup, merging, {.fill_cache = fill_cache});
  return found;
}

Result<PinnedFound> FindInMemory(const FamilyView& family, const key::LookupKey& lookup, const key::Merging& merging,
                                 Statistics& statistics) {
  {
    const base::EpochGuard guard;
    PinnedFound found{FindResident(family, lookup, statistics), nullptr, std::nullopt};
    if (found.state == LookupState::kFound) {
      const auto copy = std::make_shared<const std::string>(found.value);
      found.value = *copy;
      found.owner = copy;
    }
    if (found.state != LookupState::kNotResident) return found;
  }
  constexpr static bool kMemoryOnly = true;
  return FindMerged(family, lookup, merging, {.memory_only = &kMemoryOnly});
}

}  // namespace amethyst::engine
