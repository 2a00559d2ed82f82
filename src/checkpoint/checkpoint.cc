#include "checkpoint/checkpoint.h"

#include <memory>

#include "base/error.h"
#include "checkpoint/new_database.h"
#include "checkpoint/new_directory.h"
#include "io/copy_file.h"

namespace amethyst::checkpoint {
namespace {

// Puts a table of the database's own into `to`: as a second name of its file, or as a copy of it.
Status CarryTable(engine::Database& database, const tree::AddedTable& table, const NewDirectory& to) {
  engine::Storage& storage = database.storage;
  if (database.reads->gate.IsClosed()) return engine::Closed();
  const std::string from = storage.store->Path(table.number);
  const std::string at = to.PathOf(tree::TableFileName(table.number));
  const Status linked = storage.home->files().Link(from, at);
  if (!linked && database.follower != nullptr) {
    AMETHYST_ASSIGN(const bool is_there, storage.home->files().Exists(from));
    if (!is_there) return base::MakeError(ErrorCode::kTooOld, "{}: the writer has removed it meanwhile", from);
  }
  if (linked || linked.error().code() != ErrorCode::kNotSupported) return linked;
  return storage.store->WithDescriptor([&]() -> Status {
    AMETHYST_ASSIGN(const io::FileDigest copied,
                    io::CopyFile({storage.home->files(), from}, {database.environment->files(), at}, [&](uint64_t) {
                      return database.reads->gate.IsClosed() ? engine::Closed() : Status();
                    }));
    if (copied.bytes == table.info.file_bytes) return {};
    return base::Corruption("{}: expected {} bytes, found {}", from, table.info.file_bytes, copied.bytes);
  });
}

}  // namespace

Status WithCapture(engine::Engine& engine, const engine::FlushPlace& place,
                   base::FunctionRef<Status(const engine::Capture&)> work) {
  const engine::OperationGate::Operation operation(engine.database().reads->gate);
  if (!operation) return engine::Closed();
  Status done;
  {
    AMETHYST_ASSIGN(const engine::Capture capture, engine.Capture(place));
    done = work(capture);
  }
  engine.DeleteDropped();
  return done;
}

Status MakeCheckpoint(engine::Engine& engine, const std::string& path) {
  engine::Database& database = engine.database();
  io::FileSystem& files = database.environment->files();
  const engine::OperationGate::Operation operation(database.reads->gate);
  if (!operation) return engine::Closed();
  // A path that cannot be is refused before anything is flushed.
  AMETHYST_ASSIGN(const std::unique_ptr<NewDirectory> copy, NewDirectory::Begin(files, path));
  const engine::FlushPlace place{.environment = database.environment, .directory = copy->filled_at()};
  return WithCapture(engine, place, [&](const engine::Capture& capture) -> Status {
    tree::VersionEdit snapshot = capture.state.Snapshot();
    for (const tree::AddedTable& table : snapshot.added) {
      if (!capture.IsFlushed(table.number)) AMETHYST_TRY(CarryTable(database, table, *copy));
    }
    MakeAnother(&snapshot);
    AMETHYST_TRY(WriteDatabase(files, copy->filled_at(), snapshot));
    AMETHYST_TRY(copy->Finish());
    database.health.events.Tell([&] { return Event{.kind = EventKind::kCheckpoint, .text = path}; });
    return {};
  });
}

}  // namespace amethyst::checkpoint
