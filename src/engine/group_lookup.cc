#include "engine/group_lookup.h"

#include <span>
#include <vector>

#include "base/assert.h"
#include "base/epoch.h"
#include "engine/point_read.h"

namespace amethyst::engine {
namespace {

using sstable::LookupState;

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

// What the search for a key lacks: an open table, or a piece of one.
struct Missing {
  const tree::Table* unopened = nullptr;
  const sstable::TableReader* table = nullptr;
  sstable::TableReader::Piece piece{};
};

// As ResidentTables, for one key of a group: its tables are searched later, together with those of the others.
class ProbedTables {
 public:
  ProbedTables(PointRead* read, size_t index, std::vector<Probe>* probes, std::vector<Missing>* missing)
      : read_(read), index_(index), probes_(probes), missing_(missing) {}

  void Keep(const WriteBufferPtr& /*buffer*/) {}
  [[nodiscard]] bool VisitAmongMemtables(const tree::Table& /*table*/) {
    read_->GiveUp();
    return true;
  }
  [[nodiscard]] bool Visit(const tree::Table& table) {
    const sstable::TableReader* const reader = table.reader();
    if (reader == nullptr) {
      read_->GiveUp();
      missing_->push_back({.unopened = &table});
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
  std::vector<Missing>* const missing_;
};

// Inside an epoch. Leaves those keys that memory does not decide; `missing` gets what they lack first.
void FindResident(const FamilyView& family, Statistics& statistics,
                  base::FunctionRef<void(size_t index, const Found& found)> take, std::vector<GroupKey>* keys,
                  std::vector<Missing>* missing) {
  std::vector<PointRead> reads;
  reads.reserve(keys->size());
  std::vector<Probe> probes;
  probes.reserve(2 * keys->size());
  for (const GroupKey& key : *keys) {
    PointRead& read = reads.emplace_back(key.lookup);
    ProbedTables tables(&read, reads.size() - 1, &probes, missing);
    ReadFrom(family, &read, tables);
  }
  constexpr int kSteps = 3;
  for (int step = 0; step < kSteps; ++step) {
    for (Probe& probe : probes) probe.Step(reads[probe.index].lookup());
  }
  for (auto probe = probes.begin(); probe != probes.end();) {
    PointRead& read = reads[probe->index];
    bool decided = false;  // By a newer table.
    for (const size_t index = probe->index; probe != probes.end() && probe->index == index; ++probe) {
      if (decided) continue;
      const sstable::Lookup& answer = probe->Finish(read.lookup());
      decided = read.Take(answer);
      if (answer.state == LookupState::kNotResident) [[unlikely]]
        missing->push_back({.table = probe->table, .piece = probe->table->MissingPiece(probe->search)});
    }
  }
  Tally all;
  size_t left = 0;
  for (size_t i = 0; i < reads.size(); ++i) {
    if (reads[i].found().state == LookupState::kNotResident) {
      (*keys)[left++] = (*keys)[i];
    } else {
      all.Add(reads[i].tally());
      take((*keys)[i].index, reads[i].found());
    }
  }
  keys->erase(keys->begin() + static_cast<ptrdiff_t>(left), keys->end());
  CountHits(all, statistics);
}

// Outside epochs: all that can be is asked for before the first of it is waited for. True: tables, filters and pages
// have come into memory, so that searches get further now. Errors are left to Find, which meets them again.
bool ReadAhead(std::span<const Missing> missing, bool fill_cache) {
  for (const auto& [unopened, table, piece] : missing) {
    // No whole filter is read for one answer that is not to be kept.
    if (table != nullptr && (fill_cache || piece.kind != cache::FrameKind::kFilter)) table->Prefetch(piece);
  }
  bool gets_further = false;
  for (const auto& [unopened, table, piece] : missing) {
    if (unopened != nullptr) {
      gets_further |= unopened->Open().has_value();
    } else if (fill_cache && piece.kind != cache::FrameKind::kData) {
      gets_further |= table->Load(piece);
    }
  }
  return gets_further;
}

}  // namespace

void FindTogether(const FamilyView& family, const ReadOptions& options, Statistics& statistics,
                  base::FunctionRef<void(size_t index, const Found& found)> take, std::vector<GroupKey>* keys) {
  AMETHYST_DCHECK(!base::InEpoch() && keys->size() <= kGroupMax);
  constexpr int kRoundsMax = 4;  // To the table, to its filter, to the index page, to the block.
  std::vector<Missing> missing;
  for (int round = 1; round <= kRoundsMax; ++round) {
    missing.clear();
    {
      const base::EpochGuard guard;
      FindResident(family, statistics, take, keys, &missing);
    }
    // A single read has nothing to overlap with.
    if (options.memory_only || missing.size() < 2 || !ReadAhead(missing, options.fill_cache)) return;
  }
}

}  // namespace amethyst::engine
