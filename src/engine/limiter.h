// How many bytes a second flushes and compactions may read and write (Options::background_bytes_per_s).
//
// Each takes what it has moved, and sleeps until the rate allows more. What is urgent, a flush and a compaction of
// level 0, waits for nothing but the urgent work before it, and pushes the rest back: so it is never starved, whatever
// a compaction has taken. As compactions fall behind the limit rises with their debt (LimitFor): it spreads their work,
// and is not meant to let a tree decay. Time is that of the clock, so a simulation's too. Thread safety: any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/changeable.h"
#include "base/function_ref.h"
#include "engine/pacing.h"
#include "io/environment.h"

namespace amethyst::engine {

// The limit where compactions press so: `bytes_per_s` at first, and up to eight times as much from where writers would
// be slowed down to a crawl.
[[nodiscard]] uint64_t LimitFor(uint64_t bytes_per_s, const Pressure& pressure);

class Limiter {
 public:
  enum class Work : uint8_t { kUrgent, kOrdinary };

  explicit Limiter(io::Clock& clock) : clock_(clock) {}

  // Bytes a second; 0: no limit. Those who wait go on where there is none any more.
  void SetRate(uint64_t bytes_per_s);
  // A job that begins without a limit ends without one: to count what it moves costs it some per cent.
  [[nodiscard]] bool IsSet() const { return bytes_per_s_ != 0; }
  // For Close: there is no limit from then on, whatever is set.
  void LetGo();

  // Returns once `bytes` may have been moved, or with the first error of `check`, which is asked while it waits.
  [[nodiscard]] Status Take(uint64_t bytes, Work work, base::FunctionRef<Status()> check);

 private:
  // Between two looks at `check` and at the rate.
  static constexpr std::chrono::microseconds kSlice{10'000};
  // Nobody sleeps for less.
  static constexpr int64_t kAheadMaxNs = 10'000'000;

  // When the work so far and `ns` more are paid for.
  static int64_t Advance(std::atomic<int64_t>* free_ns, int64_t now_ns, int64_t ns);

  io::Clock& clock_;
  base::Changeable<uint64_t> bytes_per_s_;
  std::atomic<bool> let_go_{false};                // Stored by LetGo, loaded by all.
  std::array<std::atomic<int64_t>, 2> free_ns_{};  // By kind of work: when it may go on. Advanced by everybody.
};

}  // namespace amethyst::engine
