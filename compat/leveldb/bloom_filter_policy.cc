#include "compat/leveldb/bloom_filter_policy.h"

#include <leveldb/slice.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace amethyst::compat {

namespace {

constexpr int kProbesMax = 30;  // More in a filter stands for an encoding of the future: everything matches.

// The hash of this filter's format, 32 bits over little-endian words.
uint32_t HashOf(const leveldb::Slice& key) {
  constexpr uint32_t kSeed = 0xbc9f1d34, kMultiplier = 0xc6a4a793;
  uint32_t hash = kSeed ^ (static_cast<uint32_t>(key.size()) * kMultiplier);
  size_t at = 0;
  for (; at + 4 <= key.size(); at += 4) {
    uint32_t word;
    std::memcpy(&word, key.data() + at, sizeof(word));
    hash = (hash + word) * kMultiplier;
    hash ^= hash >> 16;
  }
  if (at == key.size()) return hash;
  for (size_t i = at; i < key.size(); ++i) hash += uint32_t{static_cast<uint8_t>(key[i])} << (8 * (i - at));
  hash *= kMultiplier;
  return hash ^ (hash >> 24);
}

// Calls visit(bit) for each bit of `key` in a filter of `bits`, as long as it returns true.
template <typename Visit>
bool EveryBit(const leveldb::Slice& key, int probes, size_t bits, Visit visit) {
  uint32_t hash = HashOf(key);
  const uint32_t step = std::rotr(hash, 17);
  for (int probe = 0; probe < probes; ++probe, hash += step) {
    if (!visit(hash % bits)) return false;
  }
  return true;
}

}  // namespace

BloomFilterPolicy::BloomFilterPolicy(int bits_per_key)
    : bits_per_key_(bits_per_key), probes_(std::clamp(static_cast<int>(bits_per_key * 0.69), 1, kProbesMax)) {}

//   bits | number of probes u8
void BloomFilterPolicy::CreateFilter(const leveldb::Slice* keys, int n, std::string* dst) const {
  const size_t bytes = (std::max<size_t>(static_cast<size_t>(n) * static_cast<size_t>(bits_per_key_), 64) + 7) / 8;
  const size_t begin = dst->size();
  dst->resize(begin + bytes, 0);
  dst->push_back(static_cast<char>(probes_));
  char* const filter = dst->data() + begin;
  for (int i = 0; i < n; ++i) {
    EveryBit(keys[i], probes_, bytes * 8, [filter](size_t bit) {
      filter[bit / 8] = static_cast<char>(filter[bit / 8] | (1 << (bit % 8)));
      return true;
    });
  }
}

bool BloomFilterPolicy::KeyMayMatch(const leveldb::Slice& key, const leveldb::Slice& filter) const {
  if (filter.size() < 2) return false;
  const int probes = static_cast<uint8_t>(filter[filter.size() - 1]);
  if (probes > kProbesMax) return true;
  return EveryBit(key, probes, (filter.size() - 1) * 8,
                  [&filter](size_t bit) { return (filter[bit / 8] & (1 << (bit % 8))) != 0; });
}

double BloomFilterPolicy::FalsePositiveRate() const { return std::pow(0.6185, std::clamp(bits_per_key_, 0, 64)); }

}  // namespace amethyst::compat

namespace leveldb {

FilterPolicy::~FilterPolicy() = default;

const FilterPolicy* NewBloomFilterPolicy(int bits_per_key) {
  return new amethyst::compat::BloomFilterPolicy(bits_per_key);
}

}  // namespace leveldb
