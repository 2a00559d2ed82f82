// Finished tables that come into the database as one write.
//
// Order: the files get their names here and are durable under them, then the log tells of them, then the view shows
// them, then the number that they have is visible, then the log is synced. So a crash leaves all of them or none: files
// that no record names are leftovers, which the next open removes, and a record that is whole finds its files.
#include <map>
#include <utility>

#include "base/containment.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/ingest_files.h"
#include "engine/ingest_layer.h"
#include "ingest/external_table.h"
#include "sstable/table_reader.h"

namespace amethyst::engine {

namespace {

Result<ingest::Taker> TakerOf(const ReadContext& reads, const tree::FamilyKey& family) {
  const ViewPtr view = reads.view.Acquire();
  const tree::FamilyTree* const tree = view->forest->Find(family);
  if (tree == nullptr) return FamilyDropped();
  const key::Merging& merging = family.id == key::kDefaultFamily ? reads.merging() : tree->family->merging;
  return ingest::Taker{.name = tree->family->name,
                       .order = tree->version->order(),
                       .merge_operator = std::string(
                           merging.merge_operator == nullptr ? merging.operator_name : merging.merge_operator->Name())};
}

// What the files say, checked against their families and one another.
Result<ingest::Incoming> ReadFiles(Database& database, const IngestCall& call) {
  ingest::Incoming incoming;
  std::map<key::FamilyId, ingest::Taker> takers;
  std::vector<std::string> names;
  for (const IngestFile& file : call.files) {
    if (io::ParentDirectory(file.path) == database.storage.directory) {  // To move it would lose it.
      return base::InvalidArgument("{}: in the database's own directory; take tables in from elsewhere", file.path);
    }
    auto taker = takers.find(file.family.id);
    if (taker == takers.end()) {
      AMETHYST_ASSIGN(ingest::Taker found, TakerOf(*database.reads, file.family));
      taker = takers.emplace(file.family.id, std::move(found)).first;
    }
    AMETHYST_ASSIGN(ingest::IncomingTable table,
                    database.storage.store->WithDescriptor([&]() -> Result<ingest::IncomingTable> {
                      AMETHYST_ASSIGN(auto opened, database.environment->files().Open(file.path));
                      return ingest::ReadExternalTable(std::move(opened), taker->second, database.budget->cache(),
                                                       call.verify ? ingest::Reading::kAll : ingest::Reading::kEnds);
                    }));
    table.added.family = file.family.id;
    incoming.tables.push_back(std::move(table));
    names.push_back(file.path);
  }
  if (!call.in_order) {
    AMETHYST_TRY(ingest::CheckDisjoint(incoming.tables, names, [&](key::FamilyId family) -> const key::Order& {
      return takers.find(family)->second.order;
    }));
  }
  return incoming;
}

// Gives the files their names, and checks that they hold what was read, whatever happened to their paths meanwhile.
Status BringFiles(Database& database, const IngestCall& call, ingest::Incoming* incoming, IngestFiles* files) {
  tree::TableStore& store = *database.storage.store;
  for (size_t i = 0; i < call.files.size(); ++i) {
    tree::AddedTable& added = incoming->tables[i].added;
    added.number = database.storage.catalog->NewFileNumber();
    AMETHYST_TRY(files->Bring(call.files[i].path, added.number, call.mode));
    AMETHYST_ASSIGN(const auto taker, TakerOf(*database.reads, call.files[i].family));
    AMETHYST_ASSIGN(
        [[maybe_unused]] const auto reader,
        sstable::TableReader::Open(store.Handle(added.number), added.info, taker.order, database.budget->cache()));
  }
  return files->Sync();
}

// The first names go once the database has the files under others: a name that stays harms nobody.
void RemoveSources(Database& database, const IngestCall& call) {
  base::DoIfPossible([&] {
    for (const IngestFile& file : call.files) {
      const Status removed = database.environment->files().Remove(file.path);
      if (!removed) database.health.Log("a table that was moved in keeps its name: " + removed.error().message());
    }
  });
}

Event EventOf(const ingest::Incoming& incoming) {
  Event event{.kind = EventKind::kIngest};
  for (const ingest::IncomingTable& table : incoming.tables) {
    event.entries += table.added.info.entries;
    event.bytes_read += table.added.info.file_bytes;
  }
  return event;
}

}  // namespace

Status Engine::AnnounceIncoming(const ingest::Incoming& incoming) {
  for (const ingest::IncomingTable& table : incoming.tables) {
    if (table.added.info.expiries.entries > 0) AMETHYST_TRY(Announce(key::EntryKind::kExpiringPut, {}));
    if (table.has_operands) AMETHYST_TRY(Announce(key::EntryKind::kOperand, {.id = table.added.family}));
  }
  return {};
}

Status Engine::Ingest(const IngestCall& call) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (call.files.empty()) return base::InvalidArgument("ingest: there is no file");
  AMETHYST_ASSIGN(ingest::Incoming incoming, ReadFiles(*database_, call));
  for (const IngestCall::Replaced& replaced : call.replaced) {
    AMETHYST_ASSIGN(const bool holds_keys, rules_.CheckRange(replaced.range, replaced.family));
    if (!holds_keys) continue;
    key::AppendRange(&incoming.replaced.emplace_back(ingest::FamilyRange{.family = replaced.family.id}).range,
                     replaced.range);
  }
  if (LayerBytes(incoming) > database_->settings.batch_memory_bytes_max) {
    return base::InvalidArgument("ingest: the tables' range deletes take {} bytes of memory, over the limit of {}",
                                 LayerBytes(incoming), database_->settings.batch_memory_bytes_max.get());
  }
  AMETHYST_TRY(AnnounceIncoming(incoming));
  IngestFiles files(*database_);
  AMETHYST_TRY(BringFiles(*database_, call, &incoming, &files));
  AMETHYST_ASSIGN(const wal::LogPosition end, CommitIncoming(&incoming, &files));
  AMETHYST_TRY(Sync(end));
  if (call.mode == IngestMode::kMove) RemoveSources(*database_, call);
  reads_->statistics.Add(Counter::kWrites);
  database_->health.events.Tell([&] { return EventOf(incoming); });
  return {};
}

Result<wal::LogPosition> Engine::CommitIncoming(ingest::Incoming* incoming, IngestFiles* files) {
  const auto make = [&](key::SequenceNumber first) -> Result<Committer::Layer> {
    incoming->NumberFrom(first);
    const std::shared_ptr<const tree::Forest> forest = reads_->view.Acquire()->forest;
    Committer::Layer layer;
    layer.count = static_cast<uint32_t>(incoming->SequenceCount());
    AMETHYST_ASSIGN(layer.buffer, MakeLayer(database_->storage, *database_->write_buffers, *forest, *incoming));
    incoming->AppendTo(&layer.record);
    return layer;
  };
  Committer::Outcome outcome;
  for (bool is_first_refusal = true;;) {
    outcome = committer_.PutLayer(make);
    if (outcome.switched) background_->Notify();
    if (!outcome.needs_room) break;
    AMETHYST_TRY(outcome.status ? background_->WaitForRoom()
                                : background_->WaitForSpace(outcome.status, std::exchange(is_first_refusal, false)));
  }
  // After an error that stays the log may have the record all the same.
  if (outcome.status || database_->health.latch.IsSet()) files->Keep();
  AMETHYST_TRY(outcome.status);
  if (outcome.tick_rests) AMETHYST_TRY(background_->WakeTick());
  return outcome.end;
}

}  // namespace amethyst::engine
