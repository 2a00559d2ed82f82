#include "engine/point_lookup.h"

#include <array>
#include <vector>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::engine {

namespace {

using sstable::LookupState;

struct MemtableHit {
  memtable::Memtable::Found version;
  const WriteBufferPtr* buffer = nullptr;
};

// Inside an epoch, or with the view held.
bool FindInMemtables(const View& view, const key::LookupKey& lookup, MemtableHit* hit) {
  const auto look = [&](const WriteBufferPtr& buffer) {
    const auto version = buffer->memtable.Get(lookup);
    if (!version) return false;
    *hit = {.version = *version, .buffer = &buffer};
    return true;
  };
  if (look(view.active)) return true;
  for (const WriteBufferPtr& buffer : view.immutable) {
    if (look(buffer)) return true;
  }
  return false;
}

LookupState StateOf(key::Tag tag) {
  return tag.kind() == key::EntryKind::kDelete ? LookupState::kDelete : LookupState::kPut;
}

Found OnlyState(LookupState state) {
  Found found;
  found.state = state;
  return found;
}

// The tables that may hold the key, newest first; calls `visit` for each until it returns true.
template <typename Visit>
void ForEachCandidate(const tree::Version& version, std::string_view key, Visit visit) {
  const key::Order& order = version.order();
  for (const tree::TablePtr& table : version.level0()) {
    if (order.Less(key, table->info().smallest) || order.Less(table->info().largest, key)) continue;
    if (visit(*table)) return;
  }
  for (key::Level level = 1; level < key::kLevels; ++level) {
    const tree::Run& run = version.run(level);
    if (run.tables().empty()) continue;
    const tree::Table* table = run.Find(key);
    if (table != nullptr && visit(*table)) return;
  }
}

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

// Searches tables that are open for one key, newest first: some at a time, for the lines of their filters are asked for
// together, so that their cache misses overlap.
class ResidentSearch {
 public:
  explicit ResidentSearch(const key::LookupKey& lookup) : lookup_(lookup) {}

  [[nodiscard]] bool IsFull() const { return count_ == tables_.size(); }
  void Add(const sstable::TableReader& table) {
    table.PrefetchFilter(lookup_.hash);
    tables_[count_++] = &table;
  }
  // Searches the tables added since the last call. True: one of them has the answer, or is not in memory.
  [[nodiscard]] bool Run() {
    for (size_t i = 0; i < count_; ++i) {
      const sstable::Lookup found = tables_[i]->FindResident(lookup_);
      if (found.state == LookupState::kAbsent) {
        tally_.Note(found);
        continue;
      }
      answer_ = {.state = found.state, .value = found.value, .frame = found.frame, .buffer = nullptr};
      if (found.state != LookupState::kNotResident) tally_.Note(found);
      return true;
    }
    count_ = 0;
    return false;
  }

  [[nodiscard]] const Found& answer() const { return answer_; }
  // Not if something was not in memory: then the slow way counts.
  void CountAllHits(Statistics& statistics) const {
    if (answer_.state == LookupState::kNotResident) return;
    tally_.AddTo(statistics);
    if (tally_.consulted > 0) statistics.Add(Counter::kCacheHits, tally_.consulted);
  }

 private:
  const key::LookupKey& lookup_;
  std::array<const sstable::TableReader*, 32> tables_;
  size_t count_ = 0;
  Found answer_;
  Tally tally_;
};

}  // namespace

Found FindResident(const View& view, const key::LookupKey& lookup, Statistics& statistics) {
  AMETHYST_DCHECK(base::InEpoch());
  if (MemtableHit hit; FindInMemtables(view, lookup, &hit)) {
    return {.state = StateOf(hit.version.tag), .value = hit.version.value, .frame = nullptr, .buffer = hit.buffer};
  }
  ResidentSearch search(lookup);
  bool decided = false;
  bool all_open = true;
  ForEachCandidate(*view.version, lookup.key, [&](const tree::Table& table) {
    if (search.IsFull() && search.Run()) return decided = true;
    const sstable::TableReader* reader = table.reader();
    all_open = reader != nullptr;
    if (all_open) search.Add(*reader);
    return !all_open;
  });
  if (!decided) decided = search.Run();
  if (!decided && !all_open) return OnlyState(LookupState::kNotResident);
  search.CountAllHits(statistics);
  return search.answer();
}

namespace {

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
};

// The tables' probes for the keys that no memtable knew, newest first for each key, with their filters' lines on the
// way. A key of which a table is not open is kNotResident.
std::vector<Probe> ProbesFor(const View& view, std::span<const key::LookupKey> lookups, std::span<Found> found) {
  std::vector<Probe> probes;
  probes.reserve(2 * lookups.size());
  for (size_t i = 0; i < lookups.size(); ++i) {
    if (MemtableHit hit; FindInMemtables(view, lookups[i], &hit)) {
      found[i] = {
          .state = StateOf(hit.version.tag), .value = hit.version.value, .frame = nullptr, .buffer = hit.buffer};
      continue;
    }
    found[i] = {};
    ForEachCandidate(*view.version, lookups[i].key, [&](const tree::Table& table) {
      const sstable::TableReader* reader = table.reader();
      if (reader == nullptr) {
        found[i].state = LookupState::kNotResident;
        return true;
      }
      reader->PrefetchFilter(lookups[i].hash);
      probes.push_back({.index = i, .table = reader});
      return false;
    });
  }
  return probes;
}

}  // namespace

void FindResident(const View& view, std::span<const key::LookupKey> lookups, std::span<Found> found,
                  Statistics& statistics) {
  AMETHYST_DCHECK(base::InEpoch() && lookups.size() == found.size());
  std::vector<Probe> probes = ProbesFor(view, lookups, found);
  constexpr int kSteps = 3;
  for (int step = 0; step < kSteps; ++step) {
    for (Probe& probe : probes) probe.Step(lookups[probe.index]);
  }
  Tally all;
  for (auto probe = probes.begin(); probe != probes.end();) {
    const size_t index = probe->index;
    Tally tally;
    bool decided = false;  // By a newer table.
    for (; probe != probes.end() && probe->index == index; ++probe) {
      if (decided) continue;
      if (probe->at == Probe::At::kBlock) probe->table->Finish(lookups[index], &probe->search);
      const sstable::Lookup& answer = probe->search.answer;
      tally.Note(answer);
      decided = answer.state != LookupState::kAbsent;
      if (decided) found[index] = {.state = answer.state, .value = answer.value, .frame = answer.frame};
    }
    if (found[index].state != LookupState::kNotResident) all.Add(tally);
  }
  all.AddTo(statistics);
  if (all.consulted > 0) statistics.Add(Counter::kCacheHits, all.consulted);
}

Result<PinnedFound> Find(const View& view, const key::LookupKey& lookup, bool fill_cache, Statistics& statistics) {
  AMETHYST_DCHECK(!base::InEpoch());
  if (MemtableHit hit; FindInMemtables(view, lookup, &hit)) {
    return PinnedFound{.state = StateOf(hit.version.tag), .value = hit.version.value, .owner = *hit.buffer};
  }
  PinnedFound found;
  Status status;
  Tally tally;
  ForEachCandidate(*view.version, lookup.key, [&](const tree::Table& table) {
    const auto look = [&]() -> Status {
      AMETHYST_ASSIGN(const sstable::TableReader* reader, table.Open());
      AMETHYST_ASSIGN(sstable::PinnedLookup pinned, reader->Find(lookup, fill_cache));
      tally.Note(pinned.lookup);
      if (pinned.filter_lost) {
        statistics.Add(Counter::kFiltersLost);
        found.filter_lost = std::move(pinned.filter_lost);
      }
      found.state = pinned.lookup.state;
      found.value = pinned.lookup.value;
      if (found.state == LookupState::kPut) found.owner = std::make_shared<cache::FrameRef>(std::move(pinned.pin));
      return {};
    };
    status = look();
    return !status || found.state != LookupState::kAbsent;
  });
  AMETHYST_TRY(status);
  tally.AddTo(statistics);
  AMETHYST_ASSERT(found.state != LookupState::kNotResident);
  return found;
}

}  // namespace amethyst::engine
