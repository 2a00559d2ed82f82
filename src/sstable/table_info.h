// What is known of a table without opening it: the manifest keeps it, the writer makes it, the reader checks it.
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/options.h"
#include "base/hash.h"
#include "key/expiry.h"
#include "key/order.h"
#include "key/types.h"

namespace amethyst::sstable {

struct TableOptions {
  base::Uid database_uid{};  // Whose the table is; its header says so.
  size_t block_bytes = 4096;
  Compression compression = Compression::kLz4;
  double filter_false_positive_rate = 0.01;
  key::Order order{};
  // Whose keys they are: the table says so, unless it is the default family's.
  key::FamilyId family{};
  std::string family_name{};
  // See TableInfo.
  key::SequenceNumber clean_through{};
  uint64_t written_s = 0;
  // Of a table of range tombstones (tree/tombstone_table.h): the bounds of all together, as key/range.h encodes them.
  struct TombstoneSpan {
    std::string begin;
    std::string end;
  };
  std::optional<TombstoneSpan> tombstone_span{};
};

// Of a table that was written by itself, to be ingested by a database that did not make it
// (ingest/external_table_writer.h): all its entries have sequence number 0, and no key comes twice.
struct ExternalPart {
  std::string merge_operator{};              // The name of the one that its operands are for; empty: it has none.
  std::vector<std::string> range_deletes{};  // As key/range.h encodes them. They concern what is older than the table.
  friend bool operator==(const ExternalPart&, const ExternalPart&) = default;
};

// From when on of so many entries that are no deletes none is alive: if all of them expire, when the last does.
[[nodiscard]] inline uint64_t DeadFromMs(const key::Expiries& expiries, uint64_t live) {
  return expiries.entries == live ? expiries.last_ms : key::kNeverMs;
}

struct TableInfo {
  base::Uid uid;  // In every checksum of the file.
  uint64_t file_bytes = 0;
  uint64_t digest = 0;   // Over all block checksums and the footer: names the exact content.
  std::string smallest;  // First and last user key; where those are long, what key/bounds.h makes of them.
  std::string largest;
  key::SequenceNumber smallest_sequence{};
  key::SequenceNumber largest_sequence{};
  uint64_t entries = 0;
  uint64_t deletes = 0;
  uint64_t raw_bytes = 0;             // Keys and values before compression.
  uint64_t oldest_delete_time_s = 0;  // Wall time of the oldest tombstone's write, since 1970; 0: no tombstones.
  key::Expiries expiries{};
  // No range delete at or below it hides an entry of the table: what they did is done. See also IsCleanOf. The manifest
  // keeps it, not the file.
  key::SequenceNumber clean_through{};
  // No entry was written later, in seconds on the clock by which deletes age; 0: that is not known. For compaction
  // filters, in families that have one; the manifest keeps it, not the file.
  uint64_t written_s = 0;
  // Added to the sequence number that the file says of each entry, and in the two numbers above; 0 but for a table that
  // was taken in from outside, whose entries all have 0 in the file. The manifest keeps it, not the file.
  key::SequenceNumber sequence_base{};

  // From then on no entry is alive, for a read at that time: 0 where all are deletes, kNeverMs where one lives on.
  [[nodiscard]] uint64_t DeadFromMs() const { return sstable::DeadFromMs(expiries, entries - deletes); }
  [[nodiscard]] bool AnyExpires(uint64_t by_ms) const { return expiries.entries > 0 && expiries.first_ms <= by_ms; }
  // Nor does one that is older than all entries: up to this number the table is clean, whatever was applied to it.
  [[nodiscard]] key::SequenceNumber CleanThrough() const {
    const uint64_t oldest = key::Raw(smallest_sequence);
    const key::SequenceNumber before{oldest == 0 ? 0 : oldest - 1};
    return clean_through < before ? before : clean_through;
  }
  // Of a table whose base is 0 so far. False: the sum is no sequence number.
  [[nodiscard]] bool AddToSequences(key::SequenceNumber number) {
    if (key::Raw(largest_sequence) > key::Raw(key::kSequenceMax) - key::Raw(number)) return false;
    smallest_sequence = smallest_sequence + key::Raw(number);
    largest_sequence = largest_sequence + key::Raw(number);
    sequence_base = number;
    return true;
  }
  [[nodiscard]] bool IsCleanOf(key::SequenceNumber range_delete) const { return range_delete <= CleanThrough(); }
  friend bool operator==(const TableInfo&, const TableInfo&) = default;
};

}  // namespace amethyst::sstable
