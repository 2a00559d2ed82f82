#include "feed/event.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "ingest/ingest_record.h"
#include "key/expiry.h"
#include "key/moment.h"
#include "wal/batch_encoding.h"
#include "wal/family_change.h"

namespace amethyst::feed {

namespace {

// What the entries of an event point into.
struct Bytes {
  std::string payload;
  ingest::Incoming ingest;
  std::deque<std::pair<uint32_t, std::string>> names;  // Of families other than the default, which keep their places.

  std::string_view NameOf(uint32_t family, const tree::Forest& forest) {
    if (family == key::Raw(key::kDefaultFamily)) return tree::kDefaultFamilyName;
    for (const auto& [id, name] : names) {
      if (id == family) return name;
    }
    const tree::FamilyTree* const tree = forest.Find({.id = key::FamilyId{family}});
    return names.emplace_back(family, tree == nullptr ? std::string() : tree->family->name).second;
  }
};

FeedEntry EntryOf(const wal::BatchEntry& from, std::string_view family) {
  FeedEntry entry;
  entry.family_id = from.family;
  entry.family = family;
  if (from.kind == key::EntryKind::kRangeDelete) {
    const key::Range range = from.Range();
    entry.kind = FeedEntryKind::kDeleteRange;
    entry.begin = range.begin;
    entry.end = range.end;
    return entry;
  }
  entry.key = from.key;
  entry.value = from.value;
  if (key::MayExpire(from.kind)) {
    entry.expires_at = key::ExpiresAtOf(key::ExpiryOf(from.kind, from.value));
    entry.value = key::ValueOf(from.kind, from.value);
  }
  entry.kind = !key::HasValue(from.kind) ? FeedEntryKind::kDelete
               : key::Decides(from.kind) ? FeedEntryKind::kPut
                                         : FeedEntryKind::kMerge;
  return entry;
}

}  // namespace

Result<FeedEvent> BatchEvent(const wal::LogReader::Record& record, const tree::Forest& forest) {
  auto bytes = std::make_shared<Bytes>();
  bytes->payload = record.payload;
  FeedEvent event;
  event.kind = FeedEventKind::kBatch;
  event.first_sequence = key::Raw(record.header.first);
  event.last_sequence = event.first_sequence + record.header.count - 1;
  event.entries.reserve(record.header.count);
  wal::BatchReader reader(bytes->payload);
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    event.entries.push_back(EntryOf(entry, bytes->NameOf(entry.family, forest)));
  }
  AMETHYST_TRY(reader.status());
  if (event.entries.size() != record.header.count) {
    return base::Corruption("batch of sequence {}: expected {} entries, found {}", event.first_sequence,
                            record.header.count, event.entries.size());
  }
  event.bytes = std::move(bytes);
  return event;
}

Result<FeedEvent> IngestEvent(const wal::LogReader::Record& record, const tree::Forest& forest) {
  auto bytes = std::make_shared<Bytes>();
  AMETHYST_ASSIGN(bytes->ingest, ingest::ReadIngestRecord(record.payload));
  FeedEvent event;
  event.kind = FeedEventKind::kIngest;
  event.first_sequence = key::Raw(record.header.first);
  event.last_sequence = event.first_sequence + record.header.count - 1;
  for (const ingest::FamilyRange& replaced : bytes->ingest.replaced) {
    const uint32_t family = key::Raw(replaced.family);
    event.entries.push_back(
        EntryOf({.family = family, .kind = key::EntryKind::kRangeDelete, .key = {}, .value = replaced.range},
                bytes->NameOf(family, forest)));
  }
  for (const ingest::IncomingTable& table : bytes->ingest.tables) {
    const sstable::TableInfo& info = table.added.info;
    const uint32_t family = key::Raw(table.added.family);
    event.tables.push_back({.family_id = family,
                            .family = bytes->NameOf(family, forest),
                            .smallest = info.smallest,
                            .largest = info.largest,
                            .entries = info.entries,
                            .deletes = info.deletes});
  }
  event.bytes = std::move(bytes);
  return event;
}

Result<FeedEvent> FamilyEvent(const wal::LogReader::Record& record) {
  AMETHYST_ASSIGN(wal::FamilyChange change, wal::FamilyChange::FromBytes(record.payload));
  FeedEvent event;
  switch (change.action) {
    case wal::FamilyChange::Action::kMade: event.kind = FeedEventKind::kFamilyCreated; break;
    case wal::FamilyChange::Action::kDropped: event.kind = FeedEventKind::kFamilyDropped; break;
    case wal::FamilyChange::Action::kRenamed: event.kind = FeedEventKind::kFamilyRenamed; break;
  }
  event.first_sequence = event.last_sequence = key::Raw(record.header.first);
  event.family_id = key::Raw(change.family);
  event.family = std::move(change.name);
  return event;
}

}  // namespace amethyst::feed
