// What one client thread measured, in slices of time: how many operations each had, and their latencies.
//
// Slices begin at 100 ms and double whenever there would be too many of them, so that memory is bounded (some 5 MB)
// and a run of any length plots well. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/histogram.h"

namespace amethyst::bench {

class Timeline {
 public:
  struct Slice {
    Histogram latency;
    uint64_t operations = 0;
  };

  explicit Timeline(uint64_t begin_ns) : begin_ns_(begin_ns), end_ns_(begin_ns) {}

  // One measured call that ended at `now_ns`, took `latency_ns`, and did `operations`.
  void Add(uint64_t now_ns, uint64_t latency_ns, uint64_t operations) {
    if (now_ns >= end_ns_) [[unlikely]] {
      Extend(now_ns);
    }
    Slice& slice = slices_.back();
    slice.latency.Add(latency_ns);
    slice.operations += operations;
  }
  // Adds what another thread measured since the same moment.
  void Merge(Timeline other);

  [[nodiscard]] uint64_t slice_ns() const { return slice_ns_; }
  [[nodiscard]] const std::vector<Slice>& slices() const { return slices_; }
  [[nodiscard]] uint64_t operations() const;
  [[nodiscard]] Histogram Latency() const;

 private:
  void Extend(uint64_t now_ns);
  void Coarsen();

  uint64_t begin_ns_;
  uint64_t end_ns_;  // Of the last slice.
  uint64_t slice_ns_ = 100'000'000;
  std::vector<Slice> slices_;
};

}  // namespace amethyst::bench
