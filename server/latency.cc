#include "server/latency.h"

#include <algorithm>
#include <bit>

namespace amethyst::server {

namespace {
constexpr size_t kSamplesMax = 160;  // Of each event, as in Redis.
}  // namespace

void Latency::Add(std::string_view name, Sample sample) {
  Event& event = events_.try_emplace(std::string(name)).first->second;
  event.longest_ms = std::max(event.longest_ms, sample.milliseconds);
  if (!event.samples.empty() && event.samples.back().time_s == sample.time_s) {
    Sample& last = event.samples.back();
    last.milliseconds = std::max(last.milliseconds, sample.milliseconds);
    return;
  }
  event.samples.push_back(sample);
  if (event.samples.size() > kSamplesMax) event.samples.pop_front();
}

bool Latency::Reset(std::string_view name) {
  const auto at = events_.find(name);
  if (at == events_.end()) return false;
  events_.erase(at);
  return true;
}

void LatencyHistogram::Add(uint64_t microseconds) {
  const auto bucket = static_cast<size_t>(microseconds <= 1 ? 0 : std::bit_width(microseconds - 1));
  ++buckets_[std::min(bucket, kBuckets - 1)];
}

}  // namespace amethyst::server
