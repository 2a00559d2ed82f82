#include "engine/figure_publisher.h"

#include <algorithm>

#include "base/containment.h"
#include "engine/stats_of.h"

namespace amethyst::engine {

namespace {

constexpr std::chrono::milliseconds kLeastGap{100};
// To gather the figures of a tree of many tables takes a while: a hundredth of the time at most.
constexpr int kGapPerTaken = 100;

}  // namespace

FigurePublisher::FigurePublisher(Database& database, Throttle& throttle) : database_(database), throttle_(throttle) {
  const Storage& storage = database.storage;
  if (!storage.home->files().HasSharedFiles()) return;
  board_ = std::make_unique<figures::Board>(*storage.home, storage.PathOf(tree::kStatsFileName),
                                            storage.catalog->recovered().database_uid);
}

void FigurePublisher::Publish(const std::optional<Error>& stalled) noexcept {
  if (board_ == nullptr || !begun_.load(std::memory_order_relaxed)) return;
  base::DoIfPossible([&] { Show(stalled, When::kAtTimes); });
}

void FigurePublisher::Rest(const std::optional<Error>& stalled) noexcept {
  if (board_ == nullptr) return;
  base::DoIfPossible([&] { Show(stalled, When::kNow); });
  board_->Rest();
}

void FigurePublisher::Close(const std::optional<Error>& stalled) noexcept {
  if (board_ == nullptr) return;
  if (board_->IsOpen()) Rest(stalled);
  board_.reset();
}

uint64_t FigurePublisher::TakeFlushedBytes() {
  const uint64_t now = database_.reads->statistics.Sum(Counter::kFlushBytesWritten);
  const uint64_t before = std::exchange(flushed_bytes_, now);
  return now - before;
}

void FigurePublisher::Show(const std::optional<Error>& stalled, When when) {
  io::Clock& clock = database_.environment->clock();
  base::MutexLock lock(mutex_);
  const std::chrono::nanoseconds begin = clock.Monotonic();
  if ((when == When::kAtTimes && begin < next_) || !board_->Shows()) return;
  figures::Figures figures;
  figures.stats = StatsOf(database_, true);
  figures.stats.compaction_debt_bytes = throttle_.debt_bytes();
  figures.jobs = database_.workers.jobs.List();
  const ViewPtr view = database_.reads->view.Acquire();
  figures.stall = StallNow(*view, stalled.has_value());
  NoteStall(&figures.stall, *view, stalled);
  board_->Publish(std::move(figures));
  const std::chrono::nanoseconds end = clock.Monotonic();
  next_ = end + std::max<std::chrono::nanoseconds>(kLeastGap, kGapPerTaken * (end - begin));
}

// The worst of what holds writers up.
figures::StallNow FigurePublisher::StallNow(const View& view, bool is_stalled) const {
  using figures::Stall;
  if (database_.health.latch.IsSet()) return {.cause = Stall::kError};
  if (is_stalled) return {.cause = Stall::kSpace};
  if (waiting_.load(std::memory_order_relaxed) != 0) return {.cause = Stall::kMemory};
  const uint64_t delay = throttle_.pacer().delay_ns_per_kib();
  const uint64_t naps = throttle_.pacer().nap_ns_per_kib();
  if (delay == 0 && naps == 0) return {};
  if (naps > delay) {
    const bool is_last = MemtablesWaiting(view) >= database_.settings.immutable_count_max;
    return {.cause = is_last ? Stall::kFlushes : Stall::kReaders, .delay_ns_per_kib = naps};
  }
  const uint64_t by_debt = DelayNsPerKiB(
      {.debt_bytes = throttle_.debt_bytes(), .write_buffer_bytes = database_.settings.write_buffer_bytes});
  return {.cause = by_debt >= delay ? Stall::kDebt : Stall::kLevel0, .delay_ns_per_kib = delay};
}

// Fills in since when, and records an event where it is another than before.
void FigurePublisher::NoteStall(figures::StallNow* now, const View& view, const std::optional<Error>& stalled) {
  using figures::EventKind;
  using figures::Stall;
  const auto now_ms = static_cast<uint64_t>(database_.environment->clock().WallTime().count());
  now->since_ms = now->cause == Stall::kNone ? 0 : now->cause == stall_.cause ? stall_.since_ms : now_ms;
  if (now->cause != stall_.cause) {
    if (stall_.cause != Stall::kNone) {
      board_->Record({.kind = EventKind::kStallEnds,
                      .from = static_cast<uint8_t>(stall_.cause),
                      .numbers = {now_ms - std::min(now_ms, stall_.since_ms)}});
    }
    if (now->cause == Stall::kError) {
      const Status latched = database_.health.latch.status();
      board_->Record({.kind = EventKind::kError, .numbers = {1}, .text = std::string(latched.error().message())});
    } else if (now->cause != Stall::kNone) {
      board_->Record({.kind = EventKind::kStallBegins,
                      .from = static_cast<uint8_t>(now->cause),
                      .numbers = {now->delay_ns_per_kib, view.version->level0().size(), throttle_.debt_bytes()},
                      .text = stalled ? std::string(stalled->message()) : std::string()});
    }
  }
  stall_ = *now;
}

}  // namespace amethyst::engine
