// The time that the reads of a model program see, and what its writes are given to expire by.
//
// In simulation the program moves the clock, forward and back, and knows to the millisecond what the database has to
// tell: the greatest wall time that it has seen. Over real files nobody knows when a call is made. There the model's
// time stands still on a full hour, entries live for whole multiples of kRealStepMs, and reads choose moments between.
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_value.h"

namespace amethyst::torture {

[[nodiscard]] uint64_t MillisecondsOf(std::chrono::system_clock::time_point moment);
[[nodiscard]] std::chrono::system_clock::time_point MomentOf(uint64_t ms);
// Whether the database tells what `entry` says of its expiry, if that says anything.
[[nodiscard]] bool TellsExpiryOf(const ModelEntry& entry, std::optional<std::chrono::system_clock::time_point> told);

// What one write, or one entry of a batch, is given; and when that is.
struct GivenExpiry {
  std::chrono::milliseconds ttl{0};
  std::optional<std::chrono::system_clock::time_point> at{};
  uint64_t expires_ms = kModelNeverMs;

  [[nodiscard]] bool says_so() const { return ttl.count() != 0 || at.has_value(); }
};

class ModelTime {
 public:
  static constexpr uint64_t kHourMs = 3'600'000;
  static constexpr uint64_t kRealStepMs = 4 * kHourMs;
  static constexpr uint64_t kReadableMs = 60'000;  // How far back a read may choose its time.

  explicit ModelTime(bool simulated);

  // What a snapshot has told while the wall clock showed that. "", or what is wrong with it.
  [[nodiscard]] std::string Observe(uint64_t told_ms, uint64_t wall_ms);
  // There is an entry that expires: from now on the database keeps its time when it is closed.
  void Use() { used_ = true; }
  // The database was closed, or died, at this wall time.
  void Close(uint64_t wall_ms);
  void Crash(uint64_t wall_ms);
  [[nodiscard]] uint64_t now_ms() const { return now_ms_; }

  [[nodiscard]] GivenExpiry Draw(base::Random& random) const;
  // Of a family: 0 for most.
  [[nodiscard]] uint64_t DrawTtlMs(base::Random& random) const;
  // A time to read at. `pinned_ms`: the snapshot's own, if there is one.
  [[nodiscard]] uint64_t DrawReadTime(base::Random& random, std::optional<uint64_t> pinned_ms) const;

 private:
  [[nodiscard]] uint64_t DrawLife(base::Random& random) const;

  const bool simulated_;
  uint64_t now_ms_ = 0;
  uint64_t least_ms_ = 0;     // That the database is sure to have seen, and has kept.
  uint64_t greatest_ms_ = 0;  // That it can have seen.
  bool used_ = false;
};

}  // namespace amethyst::torture
