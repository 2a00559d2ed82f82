// One key's read, whichever way it comes to the tables: what it takes from the sources, and the order in which it asks
// them. For the lookups of one key (point_lookup.cc) and of many (group_lookup.cc).
//
// Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "engine/candidates.h"
#include "engine/found.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "key/lookup_key.h"
#include "key/resolver.h"
#include "sstable/table_reader.h"

namespace amethyst::engine {

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
    if (lookup.state == sstable::LookupState::kAbsent) ++in_vain;
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
        found_ = {.state = sstable::LookupState::kFound, .value = key::ValueOf(tag.kind(), stored)};
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
        found_.may_exist = true;
        return true;
    }
    std::unreachable();
  }
  // What a table answers. True: it decides, or is not in memory.
  bool Take(const sstable::Lookup& answer) {
    if (answer.state == sstable::LookupState::kNotResident) {
      GiveUp();
      found_.may_exist = answer.may_exist;
      return true;
    }
    tally_.Note(answer);
    return answer.state == sstable::LookupState::kFound && Take(answer.tag, answer.value);
  }
  // What range deletes of this and older sources hide.
  void Cover(key::SequenceNumber covered) { covered_ = std::max(covered_, covered); }
  // Whether a range delete hides all that older sources than the one which has it may hold: nothing is found then.
  [[nodiscard]] bool IsCovered() const { return covered_ != key::SequenceNumber{}; }
  // What is found cannot be said in this walk: not all of the sources are in memory, or one version is not enough.
  void GiveUp() { found_.state = sstable::LookupState::kNotResident; }
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

[[gnu::noinline]] inline bool OwnWritesDecide(const FamilyView& family, PointRead* read) {
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

// Of a read that found all that it asked for in memory.
inline void CountHits(const Tally& tally, Statistics& statistics) {
  tally.AddTo(statistics);
  if (tally.consulted > 0) statistics.Add(Counter::kCacheHits, tally.consulted);
}

}  // namespace amethyst::engine
