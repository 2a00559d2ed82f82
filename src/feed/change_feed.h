// One open feed: reads the log from a cursor on, and makes events of what it finds.
//
// What it may read is asked of the log only when it has read all that was allowed before, so an event costs no lock. A
// gap between the sequence numbers of two records, or between the last one and what is flushed, is writes past the log.
// On a follower it gives what the follower's reads see, by the same files; cursors stay where their writer has them.
// Thread safety: one thread at a time. It keeps the engine alive, and every call passes its gate.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "amethyst/feed.h"
#include "engine/cursor_list.h"
#include "engine/engine.h"
#include "engine/followed_log.h"
#include "wal/log_reader.h"

namespace amethyst::feed {

class ChangeFeed {
 public:
  using EnginePtr = std::shared_ptr<engine::Engine>;
  using CursorPtr = engine::CursorList::CursorPtr;

  [[nodiscard]] static Result<std::unique_ptr<ChangeFeed>> OfCursor(const EnginePtr& engine, std::string_view name,
                                                                    const FeedOptions& options);
  [[nodiscard]] static Result<std::unique_ptr<ChangeFeed>> From(const EnginePtr& engine, const FeedPosition& position,
                                                                const FeedOptions& options);
  ~ChangeFeed();

  [[nodiscard]] Result<std::optional<FeedEvent>> Next(std::chrono::milliseconds timeout);
  [[nodiscard]] Status Commit();
  [[nodiscard]] Status Commit(const FeedPosition& position);
  [[nodiscard]] FeedPosition position() const;

 private:
  ChangeFeed(EnginePtr engine, CursorPtr cursor, bool is_own, const wal::LogCut& place, const FeedOptions& options);

  [[nodiscard]] engine::Storage& storage() const { return engine_->database().storage; }
  [[nodiscard]] const engine::FollowedLog* followed() const { return storage().followed_log.get(); }
  // How far it may read, and the sequence number up to which all that is not in the log by there went past it.
  void LookHowFar();
  void LookHowFarIn(const engine::FollowedLog& log);
  // What there is now.
  [[nodiscard]] Result<std::optional<FeedEvent>> Read();
  [[nodiscard]] Result<FeedEvent> MakeEvent(const wal::LogReader::Record& record) const;
  [[nodiscard]] FeedEvent MakeUnlogged(key::SequenceNumber last);
  // Whether the record that comes next, which a follower has seen, may be given.
  [[nodiscard]] bool IsReached(const wal::LogReader::Record& record) const;
  // Why nothing more will come, if that is so.
  [[nodiscard]] Status CheckLog() const;
  // Ends a wait, and finds out that the cursor is gone.
  [[nodiscard]] Status CheckCursor();
  [[nodiscard]] Status CommitPlace(const wal::LogCut& place);

  const EnginePtr engine_;
  const CursorPtr cursor_;  // nullptr: of a follower, from a position.
  const bool is_own_;       // The cursor has no name, and ends with the feed.
  const FeedReach reach_;
  const base::Uid database_;
  wal::LogReader reader_;
  wal::LogPosition limit_;
  // A follower gives a record before the limit only if it ends at or before `durable_`, or its numbers are at most
  // `in_tables_`.
  wal::LogPosition durable_;
  key::SequenceNumber in_tables_{};
  key::SequenceNumber past_log_{};
  std::optional<uint64_t> checked_at_;  // The readers' wake-ups when the cursor was last seen to be there.
  engine::MarkHold files_;              // On a follower, what keeps the log that is yet to be read.
};

}  // namespace amethyst::feed
