// The log of a database that another process writes, as far as a follower has read it: what its feeds may read, too.
//
// A feed reads the log's files by itself (wal/log_reader.h), up to where the follower's reads see, so that a consumer
// who gets an event also finds its writes in the database. The follower notes how far that is after each look, with
// what keeps the files from there on. Thread safety: any thread; one notes at a time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "key/types.h"
#include "wal/log_extent.h"
#include "wal/log_position.h"
#include "wal/record_window.h"

namespace amethyst::engine {

// What a view of a follower holds in READERS.
using MarkHold = std::shared_ptr<const void>;

class FollowedLog final : public wal::LogExtent {
 public:
  explicit FollowedLog(wal::LogPlace place) : place_(std::move(place)) {}

  struct Reach {
    wal::LogCut end;                  // Of what reads see.
    wal::LogPosition durable;         // Known to be so: no power loss takes what is before that,
    key::SequenceNumber in_tables{};  // nor what has numbers up to this one.
    // All numbers up to it that the log has come before `end`; the others were written past the log.
    bool is_whole = false;
    // By the clock that does not jump: reads see all that the writer's saw then. As of the last that was whole.
    std::optional<std::chrono::nanoseconds> as_of{};
    // The files from this segment on stay as long as `files` is held, or the follower's grace lasts.
    key::FileNumber first_needed{};
    MarkHold files{};
  };
  // Whether there is more to read than before. What is durable stays so.
  bool Note(Reach reach) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Reach reach() const AMETHYST_EXCLUDES(mutex_);
  void LetGoOfFiles() AMETHYST_EXCLUDES(mutex_);

  [[nodiscard]] const wal::LogPlace& place() const { return place_; }
  [[nodiscard]] wal::LogPosition end() const override { return reach().end.position(); }
  [[nodiscard]] std::optional<wal::LogCut> BeginOfUnstarted() const override;
  [[nodiscard]] Result<std::optional<key::FileNumber>> SegmentBehind(key::FileNumber number) const override;
  [[nodiscard]] Result<bool> Has(key::FileNumber segment) const override;

 private:
  const wal::LogPlace place_;
  mutable base::Mutex mutex_{base::LockRank::kFollowedLog};
  Reach reach_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::engine
