#include "server/engine_counts.h"

#include <algorithm>
#include <iterator>

namespace amethyst::server {

namespace {

constexpr std::string_view kReasons[] = {"level-0",       "level-size",   "tombstones", "expired",
                                         "range-deletes", "small-tables", "by-hand",    "other"};
static_assert(std::size(kReasons) == EngineCounts::kReasonsMax);

// The first that a reason contains.
constexpr struct {
  std::string_view words;
  std::string_view reason;
} kWords[] = {
    {"by hand", "by-hand"},     {"range delete", "range-deletes"}, {"deleted by range", "range-deletes"},
    {" expired", "expired"},    {"tombstones", "tombstones"},      {"small tables", "small-tables"},
    {"level 0 has", "level-0"}, {"of its target", "level-size"},   {"is not needed", "level-size"},
};

}  // namespace

std::span<const std::string_view> CompactionReasons() { return kReasons; }

std::string_view CompactionReasonOf(std::string_view text) {
  for (const auto& [words, reason] : kWords) {
    if (text.find(words) != std::string_view::npos) return reason;
  }
  return "other";
}

void EngineCounts::OnEvent(const Event& event) {
  const base::MutexLock lock(mutex_);
  Delay* const delay =
      static_cast<size_t>(event.cause) < kCauses ? &counts_.delays[static_cast<size_t>(event.cause)] : nullptr;
  switch (event.kind) {
    case amethyst::EventKind::kCompactionEnd: {
      if (event.error) break;
      const auto reason = std::ranges::find(kReasons, CompactionReasonOf(event.text)) - std::begin(kReasons);
      Compactions& compactions = counts_.compactions[static_cast<size_t>(reason)];
      ++compactions.count;
      compactions.bytes_read += event.bytes_read;
      compactions.bytes_written += event.bytes_written;
      break;
    }
    case amethyst::EventKind::kWriteDelayBegin:
      if (delay != nullptr && !delay->is_on) *delay = {.is_on = true, .since = event.time, .before = delay->before};
      break;
    case amethyst::EventKind::kWriteDelayEnd:
      if (delay == nullptr || !delay->is_on) break;
      delay->is_on = false;
      delay->before += std::max(std::chrono::duration_cast<std::chrono::milliseconds>(event.time - delay->since),
                                std::chrono::milliseconds(0));
      break;
    case amethyst::EventKind::kErrorLatched: counts_.has_error_latched = true; break;
    case amethyst::EventKind::kErrorWaits: counts_.has_error_waiting = true; break;
    case amethyst::EventKind::kErrorCleared: counts_.has_error_waiting = false; break;
    case amethyst::EventKind::kEventsLost: counts_.lost_events += event.value; break;
    default: break;
  }
  const bool is_end = event.kind == amethyst::EventKind::kCompactionEnd || event.kind == amethyst::EventKind::kFlushEnd;
  if (is_end && event.error) ++counts_.failed_jobs;
}

EngineCounts::Counts EngineCounts::counts() const {
  const base::MutexLock lock(mutex_);
  return counts_;
}

}  // namespace amethyst::server
