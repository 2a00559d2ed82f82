// Reads of the disk that must not hold up the loop.
//
// A command reads from memory alone at first. Where that is not enough, it has done nothing yet (keyspace/access.h):
// its session is put aside, what was missing is read on another thread, which leaves it in the engine's cache, and the
// command runs again. Commands of other sessions run meanwhile; the session's own wait behind it.
// Where the operating system has the files in memory, a read takes less time than the way to another thread and back:
// DiskPace tells which is so.
// Thread safety: one thread, the loop's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

namespace amethyst::server {

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Calls `read` on another thread, then `done` on the loop's.
  virtual void Fetch(std::function<void()> read, std::function<void()> done) = 0;
};

// How long reads take of late, on the average.
class DiskPace {
 public:
  void Note(uint64_t read_us) {
    average_us_ += (static_cast<double>(std::min(read_us, kCountedUsMax)) - average_us_) / kReads;
  }
  // A read takes no longer than to hand it to another thread.
  [[nodiscard]] bool is_fast() const { return average_us_ < kFastUs; }

 private:
  static constexpr uint64_t kCountedUsMax = 1000;  // Longer is as slow: the thread may have been made to wait.
  static constexpr double kReads = 64;
  static constexpr double kFastUs = 40;

  double average_us_ = kCountedUsMax;  // Until it is known: others must not wait.
};

}  // namespace amethyst::server
