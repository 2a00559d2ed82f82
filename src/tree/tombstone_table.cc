#include "tree/tombstone_table.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "sstable/table_writer.h"
#include "tree/file_names.h"

namespace amethyst::tree {

namespace {

std::string OrdinalKey(uint64_t ordinal) {
  std::string key;
  base::AppendFixed(&key, __builtin_bswap64(ordinal));
  return key;
}

std::string EncodedBound(std::optional<std::string_view> bound) {
  std::string bytes;
  key::AppendBound(&bytes, bound);
  return bytes;
}

}  // namespace

Result<AddedTable> WriteTombstoneTable(TableStore& store, key::FileNumber number, const sstable::TableOptions& options,
                                       std::shared_ptr<const key::RangeTombstones> tombstones,
                                       uint64_t oldest_delete_time_s) {
  AMETHYST_ASSERT(tombstones != nullptr && !tombstones->empty());
  sstable::TableOptions bytewise = options;
  bytewise.order = key::Order();
  bytewise.clean_through = {};
  bytewise.written_s = 0;
  bytewise.tombstone_span = {.begin = EncodedBound(tombstones->fragments().front().range.begin),
                             .end = EncodedBound(tombstones->fragments().back().range.end)};
  AMETHYST_ASSIGN(std::unique_ptr<io::WritableFile> file, store.Create(number));
  sstable::TableWriter writer(std::move(file), bytewise, oldest_delete_time_s);
  uint64_t ordinal = 0;
  std::string value;
  for (const key::RangeTombstones::Fragment& fragment : tombstones->fragments()) {
    const std::span<const key::SequenceNumber> sequences = tombstones->SequencesOf(fragment);
    AMETHYST_ASSERT(!sequences.empty());
    value.clear();
    key::AppendRange(&value, fragment.range);
    base::AppendVarint(&value, sequences.size());
    for (const key::SequenceNumber sequence : sequences) base::AppendVarint(&value, key::Raw(sequence));
    const std::string key = OrdinalKey(ordinal++);
    AMETHYST_TRY(writer.Add(key::Entry(key, key::Tag(sequences.front(), key::EntryKind::kPut), value)));
  }
  AMETHYST_ASSIGN(sstable::TableInfo info, writer.Finish());
  AMETHYST_ASSERT(info.entries == ordinal);
  return AddedTable{.level = 0,
                    .number = number,
                    .info = std::move(info),
                    .family = options.family,
                    .holds_tombstones = true,
                    .tombstones = std::move(tombstones)};
}

bool ReadFragment(std::string_view value, key::Range* range, std::vector<key::SequenceNumber>* sequences) {
  uint64_t count = 0;
  if (!key::ReadRange(&value, range) || !base::ReadVarint64(&value, &count) || count > value.size()) return false;
  sequences->clear();
  for (; count > 0; --count) {
    uint64_t sequence = 0;
    if (!base::ReadVarint64(&value, &sequence) || sequence > key::Raw(key::kSequenceMax)) return false;
    sequences->push_back(key::SequenceNumber{sequence});
  }
  return value.empty();
}

Result<std::shared_ptr<const key::RangeTombstones>> ReadTombstones(const sstable::TableReader& reader,
                                                                   std::string_view name, const key::Order& order) {
  const auto damaged = [&](uint64_t ordinal) {
    return base::Corruption("{}: entry {} is no range tombstone", name, ordinal);
  };
  if (!reader.properties().tombstone_span) return damaged(0);
  auto tombstones = std::make_shared<key::RangeTombstones>(order);
  std::deque<std::string> values;  // They are borrowed from.
  key::Range range;
  std::vector<key::SequenceNumber> sequences;
  const std::unique_ptr<key::Cursor> cursor = reader.NewCursor({.fill_cache = false, .upper_bound = {}});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const std::string& value = values.emplace_back(cursor->entry().value());
    if (!ReadFragment(value, &range, &sequences) || !tombstones->Append(range, sequences)) {
      return damaged(values.size() - 1);
    }
  }
  AMETHYST_TRY(cursor->status());
  if (tombstones->empty()) return damaged(0);
  tombstones->KeepKeys();
  return tombstones;
}

Result<std::shared_ptr<const key::RangeTombstones>> ReadTombstoneTable(const Table& table, const key::Order& order) {
  AMETHYST_ASSIGN(const sstable::TableReader* const reader, table.Open());
  return ReadTombstones(*reader, TableFileName(table.number()), order);
}

}  // namespace amethyst::tree
