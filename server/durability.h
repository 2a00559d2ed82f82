// How much of what was written is not on disk yet, and since when.
//
// The engine tells which writes are durable, and how long its log is now. So a sample of both, taken at each tick,
// gives the log's length at a write: what is behind the newest durable sample is not durable, or was written since it.
// The figure is therefore an upper bound, by what was written between two ticks; it is 0 once all is on disk. Thread
// safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "server/keyspace/layout.h"

namespace amethyst::server {

class Durability {
 public:
  struct Sample {
    uint64_t sequence;          // Of the last write.
    uint64_t durable_sequence;  // Of the last write that is on disk.
    uint64_t wal_bytes;         // Of the log since its open.
    TimeMs now_ms;
  };
  void Add(const Sample& sample);

  [[nodiscard]] uint64_t unsynced_bytes() const { return unsynced_bytes_; }
  // When something became durable last, or there was nothing that had to; 0: never.
  [[nodiscard]] TimeMs durable_ms() const { return durable_ms_; }

 private:
  struct Written {
    uint64_t sequence;
    uint64_t wal_bytes;
  };
  static constexpr size_t kWrittenMax = 64;

  std::deque<Written> written_;  // Not durable by the last sample, the oldest first.
  uint64_t durable_sequence_ = 0;
  uint64_t durable_wal_bytes_ = 0;  // Up to there all of the log is durable.
  uint64_t unsynced_bytes_ = 0;
  TimeMs durable_ms_ = 0;
};

}  // namespace amethyst::server
