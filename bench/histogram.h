// Latencies in log-linear buckets, as HdrHistogram has them (Gil Tene): 64 buckets for each power of two.
//
// A percentile read from it is at most 1/64 above the exact one, at a cost of one increment for each value. Values are
// nanoseconds; what is longer than 2^42 ns (73 minutes) counts as that. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace amethyst::bench {

class Histogram {
 public:
  Histogram();

  void Add(uint64_t value_ns) {
    ++buckets_[BucketOf(value_ns)];
    ++count_;
    sum_ns_ += value_ns;
    if (value_ns > max_ns_) max_ns_ = value_ns;
  }
  void Merge(const Histogram& other);

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t max_ns() const { return max_ns_; }
  [[nodiscard]] double mean_ns() const;
  // The least value below or at which `fraction` (0 to 1) of all values lie, rounded up to its bucket's end; 0 if
  // empty.
  [[nodiscard]] uint64_t Percentile(double fraction) const;
  // How many values lie over `limit_ns`, to the precision of a bucket.
  [[nodiscard]] uint64_t CountAbove(uint64_t limit_ns) const;

  // The buckets that are not empty, as (number, count), and a histogram from such.
  [[nodiscard]] std::vector<std::pair<uint32_t, uint64_t>> Sparse() const;
  [[nodiscard]] static Histogram FromSparse(const std::vector<std::pair<uint32_t, uint64_t>>& buckets, uint64_t sum_ns,
                                            uint64_t max_ns);
  [[nodiscard]] uint64_t sum_ns() const { return sum_ns_; }

  // The bucket of a value, and the greatest value of a bucket.
  [[nodiscard]] static uint32_t BucketOf(uint64_t value_ns);
  [[nodiscard]] static uint64_t EndOf(uint32_t bucket);

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  uint64_t sum_ns_ = 0;
  uint64_t max_ns_ = 0;
};

}  // namespace amethyst::bench
