// Making cursors: at the log's end, at a position, and together with the snapshot that fits.
//
// The log's end is taken when no write is under way, and made durable before it counts. Thread safety: any thread.
#pragma once

#include <memory>
#include <string_view>

#include "engine/cursor_list.h"
#include "engine/engine.h"
#include "wal/log_reader.h"

namespace amethyst::feed {

// The engine's log; of a follower what it has read of its writer's.
[[nodiscard]] const wal::LogExtent& LogOf(const engine::Engine& engine);
// Where the engine's log is.
[[nodiscard]] wal::LogReader::Place LogPlaceOf(const engine::Engine& engine);
// That `place` is one of the log; `known` is another that it has, to begin from, or nullptr.
[[nodiscard]] Status CheckIsPlace(engine::Engine& engine, const wal::LogCut& place, const wal::LogCut* known);

[[nodiscard]] Status CreateCursorNow(engine::Engine& engine, std::string_view name);
[[nodiscard]] Status CreateCursorAt(engine::Engine& engine, std::string_view name, const wal::LogCut& place);

// A cursor without a name, for a feed.
[[nodiscard]] Result<engine::CursorList::CursorPtr> HoldFrom(engine::Engine& engine, const wal::LogCut& place);

struct PinnedPlace {
  std::unique_ptr<engine::SnapshotPin> pin;
  wal::LogCut place;
};
// With a cursor there, unless the name is nullptr. Of a follower, which makes no cursor, the end of what its reads see.
[[nodiscard]] Result<PinnedPlace> PinNow(engine::Engine& engine, const std::string_view* name);

}  // namespace amethyst::feed
