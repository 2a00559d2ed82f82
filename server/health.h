// What an operator must hear of although no command fails: clocks that jump, clients that are refused, and memory of
// clients and scripts that nears its limit. Thread safety: one thread, the server's loop.
#pragma once

#include <chrono>
#include <cstdint>

#include "server/log.h"

namespace amethyst::server {

class Health {
 public:
  // As a tick finds the server.
  struct Seen {
    std::chrono::milliseconds wall;
    std::chrono::microseconds monotonic;
    uint64_t rejected_connections = 0;
    uint64_t maxclients = 0;
    uint64_t client_bytes = 0;  // Of clients and scripts; 0 where maxmemory is not set.
  };
  void Look(const Seen& seen, Log& log);

  [[nodiscard]] uint64_t clock_jumps() const { return clock_jumps_; }
  // Of the wall's clock against the one that only goes on: the last one.
  [[nodiscard]] std::chrono::milliseconds last_jump() const { return last_jump_; }

 private:
  void LookAtClock(const Seen& seen, Log& log);
  void LookAtClients(const Seen& seen, Log& log);

  Seen last_{};
  bool has_last_ = false;
  uint64_t clock_jumps_ = 0;
  std::chrono::milliseconds last_jump_{0};
  std::chrono::microseconds told_of_refusals_{0};
  uint64_t told_rejected_ = 0;
  bool memory_is_near_limit_ = false;
};

}  // namespace amethyst::server
