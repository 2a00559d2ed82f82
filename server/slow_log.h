// The last commands that took long. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "server/commands/command.h"

namespace amethyst::server {

class SlowLog {
 public:
  struct Entry {
    uint64_t id;
    uint64_t time_s;
    uint64_t microseconds;
    std::vector<std::string> args;  // The first 32, each of 128 bytes at the most, and how many there are more.
    std::string peer;
    std::string client_name;
  };

  // Keeps the last `entries_max`.
  void Add(Arguments args, Entry entry, size_t entries_max);
  void Trim(size_t entries_max);
  void Reset() { entries_.clear(); }
  // The newest one first.
  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }
  // Those that are gone included.
  [[nodiscard]] uint64_t added() const { return next_id_; }

 private:
  std::deque<Entry> entries_;
  uint64_t next_id_ = 0;
};

}  // namespace amethyst::server
