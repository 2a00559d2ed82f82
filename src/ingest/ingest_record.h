// One ingest as a log record: which tables came into the database, and under which sequence numbers.
//
//   varint count of replaced ranges, each: varint family, varint length, range (key/range.h)
//   a version edit (tree/version_edit.h) of added tables alone, oldest first, with their sequence bases
//
// The record uses sequence numbers without a gap: first one for each replaced range, then, table by table, one for each
// range delete of the file and one for all of its entries. So a file's range deletes are older than its entries, and
// tables of one call have an order among themselves. The range deletes of a file stand in the file alone. Thread
// safety: pure functions, plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "key/types.h"
#include "tree/version_edit.h"

namespace amethyst::ingest {

struct FamilyRange {
  key::FamilyId family{};
  std::string range{};             // As key/range.h encodes it.
  key::SequenceNumber sequence{};  // Not written: it follows from the record's first.
  friend bool operator==(const FamilyRange&, const FamilyRange&) = default;
};

// A table that comes in.
struct IncomingTable {
  tree::AddedTable added{};
  std::vector<std::string> range_deletes{};  // As key/range.h encodes them.
  bool has_operands = false;                 // Of the family's merge operator.
};

struct Incoming {
  std::vector<FamilyRange> replaced{};
  std::vector<IncomingTable> tables{};  // Oldest first.

  // How many numbers it uses.
  [[nodiscard]] uint64_t SequenceCount() const;
  // Gives its numbers to all parts, from `first` on.
  void NumberFrom(key::SequenceNumber first);
  // All range deletes, oldest first, of a numbered one.
  [[nodiscard]] std::vector<FamilyRange> RangeDeletes() const;
  // Of a numbered one.
  void AppendTo(std::string* to) const;
};

// What a record says: the tables' range deletes are still to be read. kCorruption, without "where": it is none.
[[nodiscard]] Result<Incoming> ReadIngestRecord(std::string_view bytes);

}  // namespace amethyst::ingest
