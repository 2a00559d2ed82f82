// What the engine tells of its compactions and delays, counted by their causes, of which there is a bounded number.
// Thread safety: any thread. The engine calls OnEvent on a thread of its own.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "amethyst/listener.h"
#include "base/mutex.h"

namespace amethyst::server {

// The kinds of reasons that the engine's planner gives: "level 0 has 5 runs, 4096 bytes" is "level-0".
[[nodiscard]] std::span<const std::string_view> CompactionReasons();
[[nodiscard]] std::string_view CompactionReasonOf(std::string_view text);

class EngineCounts final : public Listener {
 public:
  static constexpr size_t kReasonsMax = 8;
  static constexpr size_t kCauses = 6;

  struct Compactions {
    uint64_t count = 0;
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;
  };
  struct Delay {
    bool is_on = false;
    std::chrono::system_clock::time_point since{};
    std::chrono::milliseconds before{0};  // Of delays that are over.
  };
  struct Counts {
    std::array<Compactions, kReasonsMax> compactions{};  // In the order of CompactionReasons.
    std::array<Delay, kCauses> delays{};                 // By DelayCause.
    uint64_t failed_jobs = 0;
    uint64_t lost_events = 0;
    bool has_error_latched = false;
    bool has_error_waiting = false;
  };

  void OnEvent(const Event& event) override;
  [[nodiscard]] Counts counts() const;

 private:
  mutable base::Mutex mutex_{base::LockRank::kProgram};
  Counts counts_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::server
