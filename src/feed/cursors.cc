#include "feed/cursors.h"

#include <utility>

#include "base/error.h"
#include "engine/follower.h"

namespace amethyst::feed {

namespace {

engine::Storage& StorageOf(engine::Engine& engine) { return engine.database().storage; }

// The end of all writes so far, held, with a snapshot of them if that is asked for.
struct End {
  wal::LogCut place;
  wal::LogHold hold{};
  std::unique_ptr<engine::SnapshotPin> pin{};
};

Result<End> TakeEnd(engine::Engine& engine, bool with_snapshot) {
  engine::Storage& storage = StorageOf(engine);
  End end;
  AMETHYST_TRY(engine.RunAsWriter([&] {
    end.place = storage.log->end_cut();
    // Writes past the log are in the snapshot, too.
    end.place.last_sequence = key::SequenceNumber{engine.database().reads->visible.load(std::memory_order_acquire)};
    end.hold = wal::LogHold(storage.cursors->readers(), end.place.segment);
    if (with_snapshot) end.pin = engine.NewSnapshot();
  }));
  AMETHYST_TRY(storage.log->SyncAll());
  return end;
}

// `place`, once the log is durable to its end: behind the place, too, a flush may have been ahead of the log so far.
Result<wal::LogCut> Durable(engine::Storage& storage, const wal::LogCut& place) {
  AMETHYST_TRY(storage.log->SyncAll());
  return place;
}

}  // namespace

const wal::LogExtent& LogOf(const engine::Engine& engine) {
  const engine::Storage& storage = engine.database().storage;
  if (storage.log == nullptr) return *storage.followed_log;
  return *storage.log;
}

wal::LogReader::Place LogPlaceOf(const engine::Engine& engine) {
  const engine::Storage& storage = engine.database().storage;
  return {.files = &storage.home->files(),
          .directory = storage.directory,
          .database_uid = storage.catalog->recovered().database_uid};
}

Status CheckIsPlace(engine::Engine& engine, const wal::LogCut& place, const wal::LogCut* known) {
  const key::SequenceNumber visible{engine.database().reads->visible.load(std::memory_order_acquire)};
  if (place.last_sequence > visible) {
    return base::MakeError(ErrorCode::kTooOld,
                           "the position is behind sequence {}, the database is at {}: it is of another history, such "
                           "as that of a copy, or was delivered before it was durable; start over from a snapshot",
                           key::Raw(place.last_sequence), key::Raw(visible));
  }
  return wal::LogReader::Check(LogPlaceOf(engine), LogOf(engine), place, known);
}

Status CreateCursorNow(engine::Engine& engine, std::string_view name) {
  End end;
  return StorageOf(engine).cursors->Create(name, [&]() -> Result<wal::LogCut> {
    AMETHYST_ASSIGN(end, TakeEnd(engine, false));
    return end.place;
  });
}

Status CreateCursorAt(engine::Engine& engine, std::string_view name, const wal::LogCut& place) {
  AMETHYST_TRY(engine.CheckWritable());
  engine::Storage& storage = StorageOf(engine);
  const wal::LogHold hold(storage.cursors->readers(), place.segment);
  AMETHYST_TRY(CheckIsPlace(engine, place, nullptr));
  return storage.cursors->Create(name, [&] { return Durable(storage, place); });
}

Result<engine::CursorList::CursorPtr> HoldFrom(engine::Engine& engine, const wal::LogCut& place) {
  AMETHYST_TRY(engine.CheckWritable());
  engine::Storage& storage = StorageOf(engine);
  const wal::LogHold hold(storage.cursors->readers(), place.segment);
  AMETHYST_TRY(CheckIsPlace(engine, place, nullptr));
  return storage.cursors->CreateOwn([&] { return Durable(storage, place); });
}

Result<PinnedPlace> PinNow(engine::Engine& engine, const std::string_view* name) {
  End end;
  if (engine::Follower* const follower = engine.database().follower.get(); follower != nullptr && name == nullptr) {
    AMETHYST_ASSIGN(end.place, follower->EndOfReads([&] { end.pin = engine.NewSnapshot(); }));
    return PinnedPlace{.pin = std::move(end.pin), .place = end.place};
  }
  const auto take = [&]() -> Result<wal::LogCut> {
    AMETHYST_ASSIGN(end, TakeEnd(engine, true));
    return end.place;
  };
  if (name != nullptr) {
    AMETHYST_TRY(StorageOf(engine).cursors->Create(*name, take));
  } else {
    AMETHYST_TRY(take());
  }
  return PinnedPlace{.pin = std::move(end.pin), .place = end.place};
}

}  // namespace amethyst::feed
