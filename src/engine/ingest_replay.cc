#include "engine/ingest_replay.h"

#include "base/error.h"
#include "engine/ingest_layer.h"
#include "ingest/external_table.h"

namespace amethyst::engine {

Status CheckIngest(const tree::Forest& forest, const wal::RecoveredBatch& record) {
  AMETHYST_ASSIGN(const ingest::Incoming incoming, ingest::ReadIngestRecord(record.payload));
  const auto check = [&](key::FamilyId family) -> Status {
    if (family < forest.next_family_id()) return {};
    return base::Corruption("ingest of sequence {}: family {} is not known to the manifest, whose ids are below {}",
                            key::Raw(record.first), key::Raw(family), key::Raw(forest.next_family_id()));
  };
  for (const ingest::FamilyRange& range : incoming.replaced) AMETHYST_TRY(check(range.family));
  for (const ingest::IncomingTable& table : incoming.tables) AMETHYST_TRY(check(table.added.family));
  return {};
}

namespace {

// What the record tells, numbered, with what the files say.
Result<ingest::Incoming> ReopenIngest(Database& database, const tree::Forest& forest,
                                      const wal::RecoveredBatch& record) {
  AMETHYST_ASSIGN(ingest::Incoming incoming, ingest::ReadIngestRecord(record.payload));
  tree::TableStore& store = *database.storage.store;
  uint64_t last = key::Raw(record.first) - 1;
  for (ingest::FamilyRange& range : incoming.replaced) range.sequence = key::SequenceNumber{++last};
  const auto is_dropped = [&](key::FamilyId family) { return forest.Find({.id = family}) == nullptr; };
  for (ingest::IncomingTable& table : incoming.tables) {
    const tree::FamilyTree* const tree = forest.Find({.id = table.added.family});
    if (tree == nullptr) continue;
    AMETHYST_ASSIGN(table.range_deletes, ingest::ReadRangeDeletes(store.Handle(table.added.number), table.added.info,
                                                                  tree->version->order(), database.budget->cache()));
    const uint64_t sequence = key::Raw(table.added.info.sequence_base);
    if (sequence <= last + table.range_deletes.size() || sequence >= key::Raw(record.first) + record.count) {
      return base::Corruption("ingest of sequence {}: table {} at {} does not follow {}", key::Raw(record.first),
                              key::Raw(table.added.number), sequence, last);
    }
    last = sequence;
  }
  std::erase_if(incoming.replaced, [&](const ingest::FamilyRange& range) { return is_dropped(range.family); });
  std::erase_if(incoming.tables, [&](const ingest::IncomingTable& table) { return is_dropped(table.added.family); });
  return incoming;
}

}  // namespace

Result<WriteBufferPtr> LayerOf(Database& database, const tree::Forest& forest, const wal::RecoveredBatch& record) {
  AMETHYST_ASSIGN(const ingest::Incoming incoming, ReopenIngest(database, forest, record));
  if (incoming.tables.empty()) return nullptr;
  return MakeLayer(database.storage, *database.write_buffers, forest, incoming);
}

Status ReplayIngest(Database& database, const tree::Forest& forest, const wal::RecoveredBatch& record) {
  AMETHYST_ASSIGN(const WriteBufferPtr layer, LayerOf(database, forest, record));
  if (layer == nullptr) return {};
  const WriteBufferPtr fresh = database.write_buffers->New(database.settings.write_buffer_bytes);
  const WriteBufferPtr active = database.reads->view.Acquire()->active;
  for (const WriteBufferPtr& buffer : {layer, fresh}) {
    buffer->first_log_segment = active->first_log_segment;
    buffer->created_s = active->created_s;
    buffer->earlier_delete_s = active->earlier_delete_s;
  }
  RetireView(database.reads->view.Update(
      [&](const View& current) { return WithLayer(current, layer, fresh, BlankView(current)); }));
  return {};
}

}  // namespace amethyst::engine
