#include "engine/point_lookup.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "engine/candidates.h"
#include "engine/merged_read.h"
#include "key/resolver.h"

namespace amethyst::engine {

namespace {

using sstable::LookupState;

// What one lookup did. Added to the statistics at its end: one that gives up is done again, and counts once.
struct Tally {
  uint64_t filter_negatives = 0;
  uint64_t consulted = 0;
  uint64_t in_vain = 0;

  void Note(const sstable::Lookup& lookup) {
    if (lookup.filter_said_no) {
      ++filter_negatives;
      return;
    }
    ++consulted;
    if (lookup.state == LookupState::kAbsent) ++in_vain;
  }
  void Add(const Tally& other) {
    filter_negatives += other.filter_negatives;
    consulted += other.consulted;
    in_vain += other.in_vain;
  }
  void AddTo(Statistics& statistics) const {
    if (filter_negatives > 0) statistics.Add(Counter::kFilterNegatives, filter_negatives);
    if (consulted > 0) statistics.Add(Counter::kTablesConsulted, consulted);
    if (in_vain > 0) statistics.Add(Counter::kFilterFalsePositives, in_vain);
  }
};

// One key's read. It takes what the sources know of the key, newest first, until that decides.
class PointRead {
 public:
  explicit PointRead(const key::LookupKey& lookup) : lookup_(lookup), resolver_(lookup.read) {}

  [[nodiscard]] const key::LookupKey& lookup() const { return lookup_; }
  [[nodiscard]] const Found& found() const { return found_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }

  // The newest version that the read sees in a source. True: it ends the walk over the sources.
  bool Take(key::Tag tag, std::string_view stored) {
    if (tag.sequence() < covered_) [[unlikely]] {
      found_ = {};
      return true;
    }
    switch (resolver_.AddOlder(tag, stored)) {
      case key::Answer::kValue:
        found_ = {.state = LookupState::kFound, .value = key::ValueOf(tag.kind(), stored)};
        if (!key::IsPlain(tag.kind())) [[unlikely]] {
          found_.expires_ms = key::ExpiryOf(tag.kind(), stored);
          found_.is_own = key::IsOwn(tag.sequence());
        }
        return true;
      case key::Answer::kGone: found_ = {}; return true;
      case key::Answer::kUndecided:
      case key::Answer::kOperand:  // The versions behind it are needed, too: see merged_read.h.
        needs_older_ = true;
        GiveUp();
        return true;
    }
    std::unreachable();
  }
  // What a table answers. True: it decides, or is not in memory.
  bool Take(const sstable::Lookup& answer) {
    if (answer.state == LookupState::kNotResident) {
      GiveUp();
      return true;
    }
    tally_.Note(answer);
    return answer.state == LookupState::kFound && Take(answer.tag, answer.value);
  }
  // What range deletes of this and older sources hide.
  void Cover(key::SequenceNumber covered) { covered_ = std::max(covered_, covered); }
  // Whether a range delete hides all that older sources than the one which has it may hold: nothing is found then.
  [[nodiscard]] bool IsCovered() const { return covered_ != key::SequenceNumber{}; }
  // What is found cannot be said in this walk: not all of the sources are in memory, or one version is not enough.
  void GiveUp() { found_.state = LookupState::kNotResident; }
  // An operand is the newest version.
  [[nodiscard]] bool needs_older() const { return needs_older_; }

 private:
  const key::LookupKey& lookup_;
  key::Resolver resolver_;
  Found found_;
  Tally tally_;
  bool needs_older_ = false;
  key::SequenceNumber covered_{};  // Entries below it are gone.
};

// Inside an epoch, or with the view held: whether this memtable decides.
inline bool Decides(const memtable::Memtable& memtable, key::FamilyId family, PointRead* read) {
  const key::LookupKey& lookup = read->lookup();
  if (memtable.HasRangeDeletes()) [[unlikely]]
    read->Cover(CoveringIn(memtable, family, lookup));
  const auto version = memtable.Get(family, lookup);
  return (version && read->Take(version->tag, version->value)) || read->IsCovered();
}

[[gnu::noinline]] bool OwnWritesDecide(const FamilyView& family, PointRead* read) {
  return Decides(family.own->buffer->memtable, family.id, read);
}

// How a walk over the memtables ends.
struct MemtableWalk {
  const WriteBufferPtr* deciding = nullptr;  // nullptr: none decides.
  bool ends = false;                         // A table that waits among them does: there is no more to do.
};

// What an ingest has brought: its range deletes, in the memtable, hide what is older than they are in its tables, too.
template <typename Tables>
[[gnu::noinline]] MemtableWalk ReadIngested(const FamilyView& family, const WriteBufferPtr& buffer, PointRead* read,
                                            Tables& tables) {
  const key::LookupKey& lookup = read->lookup();
  read->Cover(CoveringIn(buffer->memtable, family.id, lookup));
  const bool ends = buffer->ingested->AnyCandidate(
      family.id, lookup.key, [&](const tree::Table& table) { return tables.VisitAmongMemtables(table); });
  return {.deciding = ends || !read->IsCovered() ? nullptr : &buffer, .ends = ends};
}

template <typename Tables>
MemtableWalk ReadMemtables(const FamilyView& family, PointRead* read, Tables& tables) {
  if (family.own != nullptr && OwnWritesDecide(family, read)) [[unlikely]]
    return {.deciding = &family.own->buffer};
  MemtableWalk walk;
  AnyMemtable(family.view, [&](const WriteBufferPtr& buffer) {
    if (buffer->ingested != nullptr) [[unlikely]] {
      walk = ReadIngested(family, buffer, read, tables);
    } else if (Decides(buffer->memtable, family.id, read)) {
      walk.deciding = &buffer;
    }
    return walk.deciding != nullptr || walk.ends;
  });
  return walk;
}

// The point read, whichever way it comes to the tables: `tables` visits each that may hold the key, newest first, until
// it returns true; Keep is told of the memtable's buffer where there was no need of tables.
template <typename Tables>
void ReadFrom(const FamilyView& family, PointRead* read, Tables& tables) {
  const MemtableWalk walk = ReadMemtables(family, read, tables);
  if (walk.ends) [[unlikely]]
    return;
  if (walk.deciding != nullptr) return tables.Keep(*walk.deciding);
  if (family.version.tombstones() != nullptr) [[unlikely]]
    read->Cover(CoveringIn(family.version, read->lookup()));
  ForEachCandidate(family.version, read->lookup().key, [&](const tree::Table& table) { return tables.Visit(table); });
}

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

// One table that may hold one key of a group.
struct Probe {
  enum class At : uint8_t { kFilter, kPage, kBlock, kEnd };

  size_t index;  // Of the key.
  const sstable::TableReader* table;
  At at = At::kFilter;  // The next step, or kEnd: the search has its answer.
  sstable::TableReader::Search search{};

  void Step(const key::LookupKey& lookup) {
    switch (at) {
      case At::kFilter: at = table->FindPage(lookup, &search) ? At::kPage : At::kEnd; break;
      case At::kPage: at = table->FindBlock(lookup, &search) ? At::kBlock : At::kEnd; break;
      case At::kBlock: sstable::TableReader::PrefetchEntry(lookup, search); break;
      case At::kEnd: break;
    }
  }
  [[nodiscard]] const sstable::Lookup& Finish(const key::LookupKey& lookup) {
    if (at == At::kBlock) table->Finish(lookup, &search);
    return search.answer;
  }
};

// As ResidentTables, for one key of a group: its tables are searched later, together with those of the others.
class ProbedTables {
 public:
  ProbedTables(PointRead* read, size_t index, std::vector<Probe>* probes)
      : read_(read), index_(index), probes_(probes) {}

  void Keep(const WriteBufferPtr& /*buffer*/) {}
  [[nodiscard]] bool VisitAmongMemtables(const tree::Table& /*table*/) {
    read_->GiveUp();
    return true;
  }
  [[nodiscard]] bool Visit(const tree::Table& table) {
    const sstable::TableReader* const reader = table.reader();
    if (reader == nullptr) {
      read_->GiveUp();
      return true;
    }
    reader->PrefetchFilter(read_->lookup().hash);
    probes_->push_back({.index = index_, .table = reader});
    return false;
  }

 private:
  PointRead* const read_;
  const size_t index_;
  std::vector<Probe>* const probes_;
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

// Of a read that found all that it asked for in memory.
void CountHits(const Tally& tally, Statistics& statistics) {
  tally.AddTo(statistics);
  if (tally.consulted > 0) statistics.Add(Counter::kCacheHits, tally.consulted);
}

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

void FindResident(const FamilyView& family, std::span<const key::LookupKey> lookups, std::span<Found> found,
                  Statistics& statistics) {
  AMETHYST_DCHECK(base::InEpoch() && lookups.size() == found.size());
  std::vector<PointRead> reads(lookups.begin(), lookups.end());
  std::vector<Probe> probes;
  probes.reserve(2 * lookups.size());
  for (size_t i = 0; i < reads.size(); ++i) {
    ProbedTables tables(&reads[i], i, &probes);
    ReadFrom(family, &reads[i], tables);
  }
  constexpr int kSteps = 3;
  for (int step = 0; step < kSteps; ++step) {
    for (Probe& probe : probes) probe.Step(lookups[probe.index]);
  }
  for (auto probe = probes.begin(); probe != probes.end();) {
    const size_t index = probe->index;
    bool decided = false;  // By a newer table.
    for (; probe != probes.end() && probe->index == index; ++probe) {
      decided = decided || reads[index].Take(probe->Finish(lookups[index]));
    }
  }
  Tally all;
  for (size_t i = 0; i < reads.size(); ++i) {
    found[i] = reads[i].found();
    if (found[i].state != LookupState::kNotResident) all.Add(reads[i].tally());
  }
  CountHits(all, statistics);
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
