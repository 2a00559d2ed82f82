#include "engine/event_notes.h"

namespace amethyst::engine {

void TellDurable(Events& events, uint64_t index) noexcept {
  events.Tell([index] { return Event{.kind = EventKind::kDurable, .value = index}; });
}

namespace {

Event EventOfTable(const tree::AddedTable& table, std::string_view family) {
  return {.kind = EventKind::kTableMade,
          .to_level = static_cast<int>(table.level),
          .family_id = key::Raw(table.family),
          .family = std::string(family),
          .table = key::Raw(table.number),
          .entries = table.info.entries,
          .bytes_written = table.info.file_bytes};
}

}  // namespace

void TellTablesMade(Events& events, const tree::Forest& forest, const std::vector<tree::AddedTable>& tables) noexcept {
  for (const tree::AddedTable& table : tables) {
    events.Tell([&] {
      const tree::FamilyTree* const tree = forest.Find({.id = table.family});
      return EventOfTable(table, tree == nullptr ? std::string_view() : tree->family->name);
    });
  }
}

void TellTablesMade(Events& events, const tree::FamilyDescription& family,
                    const std::vector<tree::AddedTable>& tables) noexcept {
  for (const tree::AddedTable& table : tables) {
    events.Tell([&] { return EventOfTable(table, family.name); });
  }
}

void StallNote::Waits(Events& events, const Error& error) noexcept {
  if (waits_.exchange(true)) return;
  events.Tell([&] { return Event{.kind = EventKind::kErrorWaits, .text = error.message(), .error = error.code()}; });
}

void StallNote::GoesOn(Events& events) noexcept {
  if (!waits_.load(std::memory_order_relaxed) || !waits_.exchange(false)) return;
  events.Tell([] { return Event{.kind = EventKind::kErrorCleared}; });
}

void ClockWatch::Look(io::Clock& clock, Events& events) noexcept {
  if (!events.IsHeard()) return;
  const auto monotonic = std::chrono::floor<std::chrono::milliseconds>(clock.Monotonic());
  const std::chrono::milliseconds offset = clock.WallTime() - monotonic;
  const std::chrono::milliseconds jump = offset - offset_.value_or(offset);
  if (!offset_ || std::chrono::abs(jump) >= kJumpMin) offset_ = offset;
  if (std::chrono::abs(jump) < kJumpMin) return;
  events.Tell([jump] { return Event{.kind = EventKind::kClockJump, .jump = jump}; });
}

}  // namespace amethyst::engine
