// LATENCY: what has taken long, by kinds of events. Thread safety: one thread, the server's loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace amethyst::server {

class Latency {
 public:
  struct Sample {
    uint64_t time_s;
    uint64_t milliseconds;  // The longest of that second.
  };
  struct Event {
    std::deque<Sample> samples;  // The newest one last.
    uint64_t longest_ms = 0;     // Since the last reset.
  };
  using Events = std::map<std::string, Event, std::less<>>;

  void Add(std::string_view event, Sample sample);
  // False: there was no such event.
  bool Reset(std::string_view event);
  [[nodiscard]] const Events& events() const { return events_; }

 private:
  Events events_;
};

// How many calls took how long.
class LatencyHistogram {
 public:
  // Each bucket holds what took up to 2^i microseconds, and more than half of that.
  static constexpr size_t kBuckets = 40;
  void Add(uint64_t microseconds);
  [[nodiscard]] const std::array<uint64_t, kBuckets>& buckets() const { return buckets_; }

 private:
  std::array<uint64_t, kBuckets> buckets_{};
};

}  // namespace amethyst::server
