#include "engine/capture.h"

#include <algorithm>
#include <utility>

#include "catalog/read_state.h"
#include "engine/buffer_tables.h"
#include "engine/follower.h"

namespace amethyst::engine {

namespace {

// Above every number of a file that the database has. What an ingest has brought may be newer than the manifest.
key::FileNumber FirstFree(const Follower::Captured& captured) {
  key::FileNumber free = captured.state.next_file_number;
  for (const WriteBufferPtr& buffer : captured.unflushed) {
    if (buffer->ingested == nullptr) continue;
    for (const tree::AddedTable& table : buffer->ingested->added()) {
      free = std::max(free, key::FileNumber{key::Raw(table.number) + 1});
    }
  }
  return free;
}

// Writes what is not in tables of the database's into those of `capture`.
Status Flush(Database& database, const std::vector<WriteBufferPtr>& unflushed, Capture* capture) {
  const std::shared_ptr<tree::TableStore>& store = capture->flushed_tables;
  key::FileNumber next = capture->first_flushed;
  const auto new_number = [&next] { return std::exchange(next, key::FileNumber{key::Raw(next) + 1}); };
  BufferTables tables(
      database.storage, *database.reads, database.health, database.family,
      {.store = *store,
       .new_number = new_number,
       .oldest_delete_s =
           capture->state.oldest_delete_s.value_or(0) == 0 ? UINT64_MAX : *capture->state.oldest_delete_s});
  // Oldest first, as the writer's flushes will: each lies above what the ones before have made.
  for (const WriteBufferPtr& buffer : unflushed) {
    const tree::Forest& forest = *capture->state.forest;
    tree::VersionEdit edit;
    AMETHYST_TRY(tables.Write(forest, buffer, &edit));
    if (buffer->ingested != nullptr) {
      std::ranges::copy_if(buffer->ingested->added(), std::back_inserter(edit.added),
                           [&](const tree::AddedTable& table) { return forest.Find({.id = table.family}) != nullptr; });
    }
    edit.flushed_sequence = buffer->last_sequence();
    edit.next_file_number = next;
    AMETHYST_ASSIGN(capture->state, capture->state.After(edit, catalog::TableMaker(store)));
  }
  return {};
}

}  // namespace

Result<Capture> CaptureFollower(Database& database, const FlushPlace& place) {
  std::optional<Capture> capture;
  AMETHYST_TRY(database.follower->Capture([&](Follower::Captured captured) {
    capture.emplace(Capture{.state = captured.state,
                            .database_tables = database.storage.store,
                            .flushed_tables = std::make_shared<tree::TableStore>(
                                place.environment, database.budget,
                                tree::TableStore::Settings{.directory = place.directory,
                                                           .max_open_files = database.settings.options.max_open_files,
                                                           .order = database.settings.order}),
                            .first_flushed = FirstFree(captured),
                            .files = captured.files});
    return Flush(database, captured.unflushed, &*capture);
  }));
  return *std::move(capture);
}

}  // namespace amethyst::engine
