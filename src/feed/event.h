// Events of the change feed, made of records of the log. Thread safety: pure functions.
#pragma once

#include "amethyst/feed.h"
#include "tree/forest.h"
#include "wal/log_reader.h"

namespace amethyst::feed {

// Of a batch, all of it, without the position. The families' names are those in `forest`. kCorruption, kNotSupported:
// the payload is not whole entries that this build knows.
[[nodiscard]] Result<FeedEvent> BatchEvent(const wal::LogReader::Record& record, const tree::Forest& forest);
// Of tables that were taken in.
[[nodiscard]] Result<FeedEvent> IngestEvent(const wal::LogReader::Record& record, const tree::Forest& forest);
// Of what the log says of a family.
[[nodiscard]] Result<FeedEvent> FamilyEvent(const wal::LogReader::Record& record);

}  // namespace amethyst::feed
