#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

constexpr uint32_t kLinearBits = 6;
constexpr uint32_t kLinear = 1u << kLinearBits;
constexpr uint32_t kValueBits = 42;
constexpr uint64_t kValueMax = (uint64_t{1} << kValueBits) - 1;
constexpr uint32_t kBuckets = (kValueBits - kLinearBits + 1) * kLinear;

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

uint32_t Histogram::BucketOf(uint64_t value_ns) {
  const uint64_t value = std::min(value_ns, kValueMax);
  if (value < kLinear) return static_cast<uint32_t>(value);
  const uint32_t shift = static_cast<uint32_t>(std::bit_width(value)) - 1 - kLinearBits;
  return shift * kLinear + static_cast<uint32_t>(value >> shift);
}

uint64_t Histogram::EndOf(uint32_t bucket) {
  AMETHYST_DCHECK(bucket < kBuckets);
  if (bucket < 2 * kLinear) return bucket;
  const uint32_t shift = bucket / kLinear - 1;
  return ((uint64_t{bucket - shift * kLinear} + 1) << shift) - 1;
}

void Histogram::Merge(const Histogram& other) {
  for (uint32_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

double Histogram::mean_ns() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
}

uint64_t Histogram::Percentile(double fraction) const {
  AMETHYST_ASSERT(fraction >= 0 && fraction <= 1);
  const auto wanted = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (uint32_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen != 0 && seen >= wanted) return std::min(EndOf(i), max_ns_);
  }
  return 0;
}

uint64_t Histogram::CountAbove(uint64_t limit_ns) const {
  uint64_t count = 0;
  for (uint32_t i = BucketOf(limit_ns) + 1; i < kBuckets; ++i) count += buckets_[i];
  return count;
}

std::vector<std::pair<uint32_t, uint64_t>> Histogram::Sparse() const {
  std::vector<std::pair<uint32_t, uint64_t>> sparse;
  for (uint32_t i = 0; i < kBuckets; ++i) {
    if (buckets_[i] != 0) sparse.emplace_back(i, buckets_[i]);
  }
  return sparse;
}

Histogram Histogram::FromSparse(const std::vector<std::pair<uint32_t, uint64_t>>& buckets, uint64_t sum_ns,
                                uint64_t max_ns) {
  Histogram histogram;
  for (const auto& [bucket, count] : buckets) {
    AMETHYST_ASSERT(bucket < kBuckets);
    histogram.buckets_[bucket] += count;
    histogram.count_ += count;
  }
  histogram.sum_ns_ = sum_ns;
  histogram.max_ns_ = max_ns;
  return histogram;
}

}  // namespace amethyst::bench
