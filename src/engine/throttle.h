// How fast writers may be: what presses on them, put together, and the pacer that carries it out.
//
// Compaction debt slows them smoothly, a last memtable that fills to the speed of the flushes, and threads that only
// read want a share of the processors (pacing.h, processor_share.h). Thread safety: any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/mutex.h"
#include "engine/event_notes.h"
#include "engine/pacing.h"
#include "engine/processor_share.h"
#include "engine/settings.h"
#include "engine/statistics.h"
#include "io/environment.h"
#include "tree/version.h"

namespace amethyst::engine {

class Throttle {
 public:
  // All references outlive it. `events` is told when writes begin to be slowed down, and when that ends.
  Throttle(const Settings& settings, io::Clock& clock, const Statistics& statistics, Events& events);

  // For each write.
  [[nodiscard]] Pacer& pacer() { return pacer_; }

  // After every change of the tree, and now and then: `debt_bytes` is what compactions have to write yet.
  void Update(const tree::Version& version, uint64_t debt_bytes) AMETHYST_EXCLUDES(mutex_);
  void NoteFlush(uint64_t bytes, std::chrono::nanoseconds took) AMETHYST_EXCLUDES(mutex_);
  // `is_last`: no memtable is left but the one that fills; then writers go no faster than the flushes.
  void Nap(bool is_last) AMETHYST_EXCLUDES(mutex_);

  void SetWriteBuffer(uint64_t bytes) AMETHYST_EXCLUDES(mutex_);

  [[nodiscard]] uint64_t debt_bytes() const { return debt_bytes_.load(std::memory_order_relaxed); }

 private:
  base::Changeable<uint64_t> write_buffer_bytes_;
  io::Clock& clock_;
  const Statistics& statistics_;
  Events& events_;
  Pacer pacer_;
  std::atomic<uint64_t> debt_bytes_{0};  // Of the last Update, for statistics.
  base::Mutex mutex_{base::LockRank::kThrottle};
  FlushRate flush_rate_ AMETHYST_GUARDED_BY(mutex_);
  ProcessorShare share_ AMETHYST_GUARDED_BY(mutex_);
  uint64_t share_ns_per_kib_ AMETHYST_GUARDED_BY(mutex_) = 0;
  DelayNote debt_delay_ AMETHYST_GUARDED_BY(mutex_);
  DelayNote naps_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::engine
