#include "feed/change_feed.h"

#include <algorithm>
#include <utility>

#include "base/containment.h"
#include "base/error.h"
#include "feed/cursors.h"
#include "feed/event.h"
#include "feed/position.h"

namespace amethyst::feed {

using engine::Closed;
using engine::OperationGate;

namespace {

// A feed needs a log: its writer's own, or the one that a follower has read just now.
Status CheckHasLog(engine::Engine& engine) {
  return engine.database().follower == nullptr ? engine.CheckWritable() : engine.Refresh();
}

Status CheckCommits(const engine::Engine& engine) {
  if (engine.database().follower == nullptr) return engine.CheckWritable();
  return base::NotSupported(
      "a follower moves no cursor, which is its writer's; store the position of the last event, and open the feed "
      "there");
}

}  // namespace

Result<std::unique_ptr<ChangeFeed>> ChangeFeed::OfCursor(const EnginePtr& engine, std::string_view name,
                                                         const FeedOptions& options) {
  const OperationGate::Operation operation(engine->database().reads->gate);
  if (!operation) return std::unexpected(Closed().error());
  AMETHYST_TRY(CheckHasLog(*engine));
  engine::CursorList& cursors = *engine->database().storage.cursors;
  AMETHYST_ASSIGN(CursorPtr cursor, cursors.Find(name));
  AMETHYST_ASSIGN(const wal::LogCut place, cursors.PlaceOf(cursor));
  return std::unique_ptr<ChangeFeed>(new ChangeFeed(engine, std::move(cursor), false, place, options));
}

Result<std::unique_ptr<ChangeFeed>> ChangeFeed::From(const EnginePtr& engine, const FeedPosition& position,
                                                     const FeedOptions& options) {
  const OperationGate::Operation operation(engine->database().reads->gate);
  if (!operation) return std::unexpected(Closed().error());
  AMETHYST_ASSIGN(const wal::LogCut place, PlaceOf(LogPlaceOf(*engine).database_uid, position));
  AMETHYST_TRY(CheckHasLog(*engine));
  if (engine->database().follower != nullptr) {
    std::unique_ptr<ChangeFeed> feed(new ChangeFeed(engine, nullptr, false, place, options));
    AMETHYST_TRY(CheckIsPlace(*engine, place, nullptr));
    return feed;
  }
  AMETHYST_ASSIGN(CursorPtr cursor, HoldFrom(*engine, place));
  return std::unique_ptr<ChangeFeed>(new ChangeFeed(engine, std::move(cursor), true, place, options));
}

ChangeFeed::ChangeFeed(EnginePtr engine, CursorPtr cursor, bool is_own, const wal::LogCut& place,
                       const FeedOptions& options)
    : engine_(std::move(engine)),
      cursor_(std::move(cursor)),
      is_own_(is_own),
      reach_(options.reach),
      database_(storage().catalog->recovered().database_uid),
      reader_(LogPlaceOf(*engine_), place) {
  if (followed() != nullptr) files_ = followed()->reach().files;
}

ChangeFeed::~ChangeFeed() {
  const OperationGate::Operation operation(engine_->database().reads->gate);
  if (is_own_ && operation) storage().cursors->DropOwn(cursor_);
}

void ChangeFeed::LookHowFarIn(const engine::FollowedLog& log) {
  engine::FollowedLog::Reach reach = log.reach();
  limit_ = reach.end.position();
  durable_ = reach_ == FeedReach::kVisible ? limit_ : reach.durable;
  in_tables_ = reach.in_tables;
  past_log_ = reach.is_whole ? reach.in_tables : key::SequenceNumber{};
  // Files that became obsolete after a mark was taken are kept by that mark; a newer mark does not keep them.
  if (reader_.at().segment >= reach.first_needed) files_ = std::move(reach.files);
}

void ChangeFeed::LookHowFar() {
  if (followed() != nullptr) return LookHowFarIn(*followed());
  const wal::Log& log = *storage().log;
  if (reach_ == FeedReach::kVisible) {
    past_log_ = key::SequenceNumber{engine_->database().reads->visible.load(std::memory_order_acquire)};
    limit_ = log.end();  // After the sequence: what is visible and was logged is before the end.
  } else {
    past_log_ = storage().catalog->flushed_sequence();
    limit_ = log.durable_end();  // After the sequence, for a flush makes the log durable first.
  }
  durable_ = limit_;
}

FeedEvent ChangeFeed::MakeUnlogged(key::SequenceNumber last) {
  FeedEvent event;
  event.kind = FeedEventKind::kUnlogged;
  event.first_sequence = key::Raw(reader_.at().last_sequence) + 1;
  event.last_sequence = key::Raw(last);
  reader_.PassUnlogged(last);
  event.position = position();
  return event;
}

Result<FeedEvent> ChangeFeed::MakeEvent(const wal::LogReader::Record& record) const {
  if (record.header.kind == wal::RecordKind::kFamily) return FamilyEvent(record);
  const std::shared_ptr<const tree::Forest> forest = engine_->database().reads->view.Acquire()->forest;
  return record.header.kind == wal::RecordKind::kIngest ? IngestEvent(record, *forest) : BatchEvent(record, *forest);
}

bool ChangeFeed::IsReached(const wal::LogReader::Record& record) const {
  wal::LogPosition end = reader_.at().position();
  end.offset += record.header.padded_bytes();
  const uint64_t last = key::Raw(record.header.first) + std::max(record.header.count, 1U) - 1;
  return end <= durable_ || last <= key::Raw(in_tables_);
}

Result<std::optional<FeedEvent>> ChangeFeed::Read() {
  const wal::LogExtent& log = LogOf(*engine_);
  AMETHYST_ASSIGN(std::optional<wal::LogReader::Record> record, reader_.Peek(log, limit_));
  if (!record || !IsReached(*record)) {
    LookHowFar();
    AMETHYST_ASSIGN(record, reader_.Peek(log, limit_));
  }
  const bool is_reached = record && IsReached(*record);
  uint64_t last_unlogged = key::Raw(past_log_);
  if (record && record->header.count > 0) {
    const uint64_t before = key::Raw(record->header.first) - 1;
    last_unlogged = is_reached ? before : std::min(before, last_unlogged);
  } else if (record) {  // Which has no numbers to tell a gap by.
    last_unlogged = 0;
  }
  if (last_unlogged > key::Raw(reader_.at().last_sequence)) return MakeUnlogged(key::SequenceNumber{last_unlogged});
  if (!is_reached) return std::nullopt;
  AMETHYST_ASSIGN(FeedEvent event, MakeEvent(*record));
  AMETHYST_TRY(reader_.Pass());
  event.position = position();
  return event;
}

Status ChangeFeed::CheckLog() const { return followed() == nullptr ? storage().log->health() : Status(); }

Status ChangeFeed::CheckCursor() {
  if (cursor_ == nullptr) return {};
  const uint64_t wakes = storage().cursors->readers()->wakes();
  if (checked_at_ == wakes) return {};
  AMETHYST_ASSIGN(const wal::LogCut place, storage().cursors->PlaceOf(cursor_));
  checked_at_ = wakes;
  // What a feed without a name has read needs to be held no more.
  return is_own_ && place.segment < reader_.at().segment ? storage().cursors->Commit(cursor_, reader_.at()) : Status();
}

Result<std::optional<FeedEvent>> ChangeFeed::Next(std::chrono::milliseconds timeout) {
  const OperationGate::Operation operation(engine_->database().reads->gate);
  if (!operation) {
    files_.reset();
    return std::unexpected(Closed().error());
  }
  const engine::Database& database = engine_->database();
  wal::LogReaders& readers = *storage().cursors->readers();
  std::optional<std::chrono::nanoseconds> deadline;  // Once it waits.
  for (bool asked = false;;) {
    const uint64_t seen = readers.wakes();
    AMETHYST_TRY(CheckCursor());
    Result<std::optional<FeedEvent>> event = Read();
    if (!event && event.error().code() == ErrorCode::kTooOld && cursor_ != nullptr) {
      AMETHYST_TRY(storage().cursors->PlaceOf(cursor_));
    }
    if (!event || event->has_value()) return event;
    if (database.reads->gate.IsClosed()) return std::unexpected(Closed().error());
    if (timeout.count() <= 0) return std::nullopt;
    AMETHYST_TRY(CheckLog());
    if (reach_ == FeedReach::kVisible && !asked && followed() == nullptr) {
      engine_->WakeReadersOnCommit();
      asked = true;  // And look once more: a commit before that does not wake anybody.
      continue;
    }
    const std::chrono::nanoseconds now = database.environment->clock().Monotonic();
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
    if (!deadline) deadline = now + std::min(timeout, kLongest);
    if (now >= *deadline) return std::nullopt;
    readers.Wait(*database.workers.flushes, seen, std::chrono::ceil<std::chrono::microseconds>(*deadline - now));
    asked = false;
  }
}

FeedPosition ChangeFeed::position() const { return PositionOf(database_, reader_.at()); }

Status ChangeFeed::CommitPlace(const wal::LogCut& place) {
  if (place.position() > storage().log->durable_end()) AMETHYST_TRY(storage().log->SyncAll());
  return storage().cursors->Commit(cursor_, place);
}

Status ChangeFeed::Commit() {
  const OperationGate::Operation operation(engine_->database().reads->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckCommits(*engine_));
  return CommitPlace(reader_.at());
}

Status ChangeFeed::Commit(const FeedPosition& position) {
  const OperationGate::Operation operation(engine_->database().reads->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckCommits(*engine_));
  AMETHYST_ASSIGN(const wal::LogCut place, PlaceOf(database_, position));
  AMETHYST_ASSIGN(const wal::LogCut now, storage().cursors->PlaceOf(cursor_));
  if (place.position() < now.position()) return {};
  if (place != reader_.at()) AMETHYST_TRY(CheckIsPlace(*engine_, place, &now));
  return CommitPlace(place);
}

}  // namespace amethyst::feed
