#include "amethyst/feed.h"

#include "amethyst/db.h"
#include "base/containment.h"
#include "base/error.h"
#include "feed/change_feed.h"
#include "feed/cursors.h"
#include "feed/position.h"

namespace amethyst {

using base::Contained;

namespace {

// What `call` returns, unless the database is closed.
template <typename Call>
auto Inside(engine::Engine& engine, Call call) -> decltype(call()) {
  return Contained([&]() -> decltype(call()) {
    const engine::OperationGate::Operation operation(engine.database().reads->gate);
    if (!operation) return std::unexpected(engine::Closed().error());
    return call();
  });
}

Result<FeedSnapshot> SnapshotOf(engine::Engine& engine, const std::string_view* cursor) {
  return Inside(engine, [&]() -> Result<FeedSnapshot> {
    AMETHYST_ASSIGN(feed::PinnedPlace pinned, feed::PinNow(engine, cursor));
    const uint64_t sequence = key::Raw(pinned.pin->sequence());
    const std::chrono::system_clock::time_point read_time{std::chrono::milliseconds(engine.NowMs())};
    return FeedSnapshot{.snapshot = Snapshot(std::move(pinned.pin), sequence, read_time),
                        .position = feed::PositionOf(feed::LogPlaceOf(engine).database_uid, pinned.place)};
  });
}

Result<Feed> Opened(Result<std::unique_ptr<feed::ChangeFeed>> opened) {
  if (!opened) return std::unexpected(std::move(opened).error());
  return Feed(*std::move(opened));
}

}  // namespace

Status DB::CreateCursor(std::string_view name, FeedStart /*start*/) {
  return Inside(*engine_, [&] { return feed::CreateCursorNow(*engine_, name); });
}
Status DB::CreateCursor(std::string_view name, const FeedPosition& position) {
  return Inside(*engine_, [&]() -> Status {
    AMETHYST_ASSIGN(const wal::LogCut place, feed::PlaceOf(feed::LogPlaceOf(*engine_).database_uid, position));
    return feed::CreateCursorAt(*engine_, name, place);
  });
}
Result<FeedSnapshot> DB::CreateCursorWithSnapshot(std::string_view name) { return SnapshotOf(*engine_, &name); }
Result<FeedSnapshot> DB::GetFeedSnapshot() { return SnapshotOf(*engine_, nullptr); }

Status DB::DropCursor(std::string_view name) {
  return Inside(*engine_, [&]() -> Status {
    AMETHYST_TRY(engine_->CheckWritable());
    return engine_->database().storage.cursors->Drop(name);
  });
}

Result<std::vector<CursorInfo>> DB::Cursors() {
  return Inside(*engine_, [&]() -> Result<std::vector<CursorInfo>> {
    std::vector<CursorInfo> cursors;
    for (const tree::FeedCursor& cursor : engine_->database().storage.cursors->All()) {
      cursors.push_back({.name = cursor.name,
                         .position = feed::PositionOf(feed::LogPlaceOf(*engine_).database_uid, cursor.place),
                         .is_lost = cursor.state == tree::FeedCursor::State::kLost});
    }
    return cursors;
  });
}

Result<Feed> DB::OpenFeed(std::string_view cursor, const FeedOptions& options) {
  return Contained([&] { return Opened(feed::ChangeFeed::OfCursor(engine_, cursor, options)); });
}
Result<Feed> DB::OpenFeed(const FeedPosition& position, const FeedOptions& options) {
  return Contained([&] { return Opened(feed::ChangeFeed::From(engine_, position, options)); });
}

Feed::Feed(std::unique_ptr<feed::ChangeFeed> impl) : impl_(std::move(impl)) {}
Feed::Feed(Feed&&) noexcept = default;
Feed& Feed::operator=(Feed&&) noexcept = default;
Feed::~Feed() = default;

Result<std::optional<FeedEvent>> Feed::Next(std::chrono::milliseconds timeout) {
  return Contained([&] { return impl_->Next(timeout); });
}
Status Feed::Commit() {
  return Contained([&] { return impl_->Commit(); });
}
Status Feed::Commit(const FeedPosition& position) {
  return Contained([&] { return impl_->Commit(position); });
}
FeedPosition Feed::position() const { return impl_->position(); }

}  // namespace amethyst
