// What a follower tells the feeds that are open on it: how far they may read, and where a snapshot of its reads stands.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "engine/cursor_list.h"
#include "engine/follower.h"

namespace amethyst::engine {

Result<wal::LogCut> Follower::EndOfReads(base::FunctionRef<void()> take) {
  return Locked([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS -> Result<wal::LogCut> {
    AMETHYST_TRY(RefreshLocked());
    wal::LogCut end = database_.storage.followed_log->reach().end;
    end.last_sequence = key::SequenceNumber{database_.reads->visible.load(std::memory_order_relaxed)};
    take();
    return end;
  });
}

void Follower::TellFeeds(Reading reading, std::chrono::nanoseconds began) {
  const catalog::CatalogState& state = tail_->state();
  const Storage& storage = database_.storage;
  wal::LogCut end = log_->at();
  wal::LogPosition in_tables{.segment = state.first_log_segment, .offset = 0};
  if (state.has_no_log()) {  // Or has begun one that no edit tells of yet.
    in_tables = state.clean_log_end.value_or(wal::LogCut()).position();
    // What was removed before it was read here is missing from what a feed reads, and the feed must say so.
    if (in_tables > end.position()) end = *state.clean_log_end;
  }
  const bool is_more = storage.followed_log->Note({.end = end,
                                                   .durable = std::max(log_->durable(), in_tables),
                                                   .in_tables = state.flushed_sequence,
                                                   .is_whole = reading == Reading::kWhole,
                                                   .as_of = began,
                                                   .first_needed = state.first_log_segment,
                                                   .files = hold_});
  if (is_more) storage.cursors->readers()->Wake();
}

}  // namespace amethyst::engine
