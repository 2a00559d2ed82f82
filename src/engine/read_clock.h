// The time that reads see: wall time that never goes back, in milliseconds since 1970.
//
// What was seen to have expired stays so: the clock is the greatest wall time that it has seen, and the manifest keeps
// that. It costs reads nothing before the first entry that may expire is written: Use is called before such an entry is
// visible, so a read that loads the visible sequence first and asks then knows of every one that it may meet.
//
// A wall clock that jumps ahead makes reads see entries as expired at once, but must not destroy them: what a rewrite
// may drop is judged by what the monotonic clock allows, with a margin (kMarginMs) for reads at an earlier time.
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "io/environment.h"

namespace amethyst::engine {

class ReadClock {
 public:
  // How far behind the clock a read may choose its time.
  static constexpr uint64_t kMarginMs = 60'000;

  // `noted_ms`: what the manifest says; nullopt: no entry expires.
  ReadClock(std::shared_ptr<io::Environment> environment, std::optional<uint64_t> noted_ms);

  [[nodiscard]] bool InUse() const { return in_use_.load(std::memory_order_acquire); }
  void Use() { in_use_.store(true, std::memory_order_release); }

  // The same where another process may have written such entries: its reads have seen that time.
  void UseFrom(uint64_t seen_ms);

  [[nodiscard]] uint64_t NowMs();
  // For a read's point: 0 where no entry expires.
  [[nodiscard]] uint64_t ReadTimeMs() { return InUse() ? NowMs() : 0; }
  // What expires at it, or before, has expired for all reads to come.
  [[nodiscard]] uint64_t LongPastMs();

 private:
  [[nodiscard]] uint64_t WallMs() const;
  // The greatest time seen, `ms` included.
  uint64_t See(uint64_t ms);

  const std::shared_ptr<io::Environment> environment_;
  const std::chrono::nanoseconds opened_monotonic_;
  std::atomic<bool> in_use_;
  std::atomic<uint64_t> greatest_ms_;  // Relaxed: a number on its own.
  const uint64_t opened_ms_;
};

}  // namespace amethyst::engine
