#include "bench/timeline.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

constexpr size_t kSlicesMax = 240;

}  // namespace

void Timeline::Extend(uint64_t now_ns) {
  while (now_ns >= end_ns_) {
    if (slices_.size() == kSlicesMax) Coarsen();
    slices_.emplace_back();
    end_ns_ = begin_ns_ + slices_.size() * slice_ns_;
  }
}

void Timeline::Coarsen() {
  for (size_t i = 0; i < slices_.size(); i += 2) {
    Slice merged = std::move(slices_[i]);
    if (i + 1 < slices_.size()) {
      merged.latency.Merge(slices_[i + 1].latency);
      merged.operations += slices_[i + 1].operations;
    }
    slices_[i / 2] = std::move(merged);
  }
  slices_.resize((slices_.size() + 1) / 2);
  slice_ns_ *= 2;
  end_ns_ = begin_ns_ + slices_.size() * slice_ns_;
}

void Timeline::Merge(Timeline other) {
  AMETHYST_ASSERT(begin_ns_ == other.begin_ns_);
  while (slice_ns_ < other.slice_ns_) Coarsen();
  while (other.slice_ns_ < slice_ns_) other.Coarsen();
  slices_.resize(std::max(slices_.size(), other.slices_.size()));
  for (size_t i = 0; i < other.slices_.size(); ++i) {
    slices_[i].latency.Merge(other.slices_[i].latency);
    slices_[i].operations += other.slices_[i].operations;
  }
  end_ns_ = begin_ns_ + slices_.size() * slice_ns_;
}

uint64_t Timeline::operations() const {
  uint64_t operations = 0;
  for (const Slice& slice : slices_) operations += slice.operations;
  return operations;
}

Histogram Timeline::Latency() const {
  Histogram latency;
  for (const Slice& slice : slices_) latency.Merge(slice.latency);
  return latency;
}

}  // namespace amethyst::bench
