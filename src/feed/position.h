// Positions of the change feed, as text and as places of the log. Thread safety: pure functions.
#pragma once

#include "amethyst/feed.h"
#include "base/hash.h"
#include "wal/log_position.h"

namespace amethyst::feed {

[[nodiscard]] FeedPosition PositionOf(const base::Uid& database, const wal::LogCut& place);
// kInvalidArgument: it is of another database, or out of bounds.
[[nodiscard]] Result<wal::LogCut> PlaceOf(const base::Uid& database, const FeedPosition& position);

}  // namespace amethyst::feed
