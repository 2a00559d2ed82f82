#include "server/hot_keys.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "base/hash.h"
#include "server/keyspace/layout.h"

namespace amethyst::server {

uint64_t HotKeys::HashOf(const KeyName& key) { return base::Hash64(key.key) + key.stored; }

void HotKeys::Halve(TimeMs now_ms) {
  if (now_ms - halved_ms_ < kHalvedEveryMs) return;
  const uint64_t times = std::min<uint64_t>(63, (now_ms - halved_ms_) / kHalvedEveryMs);
  halved_ms_ = now_ms;
  total_ >>= times;
  for (Counter& counter : counters_) {
    counter.count >>= times;
    counter.owed >>= times;
  }
}

void HotKeys::Note(const KeyName& key, bool is_read, TimeMs now_ms) {
  if (key.key.size() > kKeyBytesMax) return;
  Halve(now_ms);
  ++total_;
  if (is_read) {
    if (reads_.size() < kReadsKept) reads_.emplace_back();
    reads_[next_read_] = KeysKey(key.stored, key.key);
    next_read_ = (next_read_ + 1) % kReadsKept;
  }
  const uint64_t hash = HashOf(key);
  Counter* smallest = nullptr;
  for (Counter& counter : counters_) {
    if (counter.hash == hash && counter.key == key) {
      ++counter.count;
      return;
    }
    if (smallest == nullptr || counter.count < smallest->count) smallest = &counter;
  }
  if (counters_.size() < kCounters) {
    counters_.push_back({.key = key, .hash = hash, .count = 1});
    return;
  }
  smallest->key = key;
  smallest->hash = hash;
  smallest->owed = smallest->count++;
}

std::vector<HotKeys::Found> HotKeys::Hottest(size_t most) const {
  constexpr uint64_t kSeenMin = 3;  // Fewer are chance.
  std::vector<Found> hottest;
  for (const Counter& counter : counters_) {
    const uint64_t own = counter.count - counter.owed;
    if (own < kSeenMin || own * kCounters < total_) continue;
    hottest.push_back({.key = counter.key, .share = static_cast<double>(own) / static_cast<double>(total_)});
  }
  std::ranges::sort(hottest, std::greater(), &Found::share);
  if (hottest.size() > most) hottest.resize(most);
  return hottest;
}

uint8_t HotKeys::FrequencyOf(const KeyName& key) const {
  constexpr uint64_t kPerDoubling = 12;
  const uint64_t hash = HashOf(key);
  for (const Counter& counter : counters_) {
    if (counter.hash != hash || counter.key != key) continue;
    const uint64_t accesses = (counter.count - counter.owed) * kOneIn;
    return static_cast<uint8_t>(std::min<uint64_t>(255, kPerDoubling * std::bit_width(accesses)));
  }
  return 0;
}

std::vector<std::string> HotKeys::Reads() const {
  std::vector<std::string> reads = reads_;
  std::ranges::sort(reads);
  return reads;
}

}  // namespace amethyst::server
