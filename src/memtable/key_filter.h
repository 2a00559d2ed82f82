// A Bloom filter over the keys of one memtable, which answers most lookups of keys that are not in it with one load.
//
// Blocked down to a single word (Putze, Sanders and Singler 2007): a key sets 4 bits of one 64-bit word. It is sized
// from the capacity: at some 11 bits a key for entries of 100 bytes, about 3 in 100 absent keys pass; more, the smaller
// entries are.
//
// Thread safety: one writer, any number of readers. The writer adds a key before it publishes the entry, so a reader
// that can see the entry sees the bits.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "key/types.h"
#include "memtable/arena.h"

namespace amethyst::memtable {

class KeyFilter {
 public:
  // Its size for a memtable of that capacity: one bit per 16 bytes.
  [[nodiscard]] static constexpr size_t Bytes(size_t capacity_bytes) {
    return Arena::RoundUp(capacity_bytes / 128 + 1, Arena::kLineBytes);
  }

  KeyFilter(Arena& arena, size_t capacity_bytes)
      : words_(reinterpret_cast<std::atomic<uint64_t>*>(arena.AllocateHigh(Bytes(capacity_bytes)))),
        word_count_(Bytes(capacity_bytes) / sizeof(uint64_t)) {
    AMETHYST_ASSERT(word_count_ > 0 && word_count_ <= UINT32_MAX);
    std::uninitialized_value_construct_n(words_, word_count_);
  }

  // What is asked for and added of a key of that hash in a family: the same key of two families is two keys.
  [[nodiscard]] static constexpr uint64_t HashIn(key::FamilyId family, uint64_t hash) {
    constexpr uint64_t kGolden =
        0x9e3779b97f4a7c15;  // 2^64 over the golden ratio: neighbours' multiples are far apart.
    return hash + key::Raw(family) * kGolden;
  }

  void Prefetch(uint64_t hash) const { __builtin_prefetch(&WordOf(hash)); }

  void Add(uint64_t hash) {
    std::atomic<uint64_t>& word = WordOf(hash);
    word.store(word.load(std::memory_order_relaxed) | BitsOf(hash), std::memory_order_relaxed);
  }
  [[nodiscard]] bool MayContain(uint64_t hash) const {
    const uint64_t bits = BitsOf(hash);
    return (WordOf(hash).load(std::memory_order_relaxed) & bits) == bits;
  }

 private:
  // The word by the hash's upper half, the bits by 24 of its lower half.
  [[nodiscard]] std::atomic<uint64_t>& WordOf(uint64_t hash) const {
    return words_[((hash >> 32) * word_count_) >> 32];
  }
  [[nodiscard]] static uint64_t BitsOf(uint64_t hash) {
    return uint64_t{1} << (hash & 63) | uint64_t{1} << (hash >> 6 & 63) | uint64_t{1} << (hash >> 12 & 63) |
           uint64_t{1} << (hash >> 18 & 63);
  }

  std::atomic<uint64_t>* const words_;  // Relaxed: ordered by the publication of the entry.
  const uint64_t word_count_;
};

}  // namespace amethyst::memtable
