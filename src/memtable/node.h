// A node of the memtable's tree: three cache lines with 14 slots, which are only ever appended to, and one permutation
// word that orders them (after Masstree, Mao et al. 2012).
//
// A slot of a leaf holds the newest record of a key, a slot of an inner node a child; its head is that of the key, or
// of the child's low fence, after the node's `skip` bytes, which all keys within the fences share. Since slots are only
// appended, the used ones are the first `count`: the rank of a key is a branch-free count over unsorted heads.
// The permutation word carries the count, and how many slots are LIVE: records whose newest version is a put, children
// with live slots.
//
// Thread safety: one writer. It fills a slot and then publishes it by a release store of the permutation word, which
// readers acquire; what the word does not count, they do not look at. The plain fields are constant once the node's
// offset is published.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "base/sanitizer.h"
#include "key/head.h"
#include "memtable/arena.h"

#if !defined(__AVX2__) || AMETHYST_THREAD_SANITIZER
#define AMETHYST_SCALAR_NODE_SEARCH
#endif
#ifndef AMETHYST_SCALAR_NODE_SEARCH
#include <immintrin.h>
#endif

namespace amethyst::memtable {

inline constexpr uint32_t kNodeSlots = 14;

// | live u4 | count u4 | 14 x slot number u4, the first in the lowest bits |
class Permutation {
 public:
  constexpr Permutation() = default;
  explicit constexpr Permutation(uint64_t bits) : bits_(bits) {}
  // `count` slots in their own order.
  [[nodiscard]] static constexpr Permutation Identity(uint32_t count, uint32_t live) {
    return Permutation((0xdcba9876543210u & Low(count)) | uint64_t{count} << kCountShift |
                       uint64_t{live} << kLiveShift);
  }

  [[nodiscard]] constexpr uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr uint32_t count() const { return static_cast<uint32_t>(bits_ >> kCountShift) & 15; }
  [[nodiscard]] constexpr uint32_t live() const { return static_cast<uint32_t>(bits_ >> kLiveShift); }
  [[nodiscard]] constexpr uint32_t SlotAt(uint32_t rank) const {
    return static_cast<uint32_t>(bits_ >> (4 * rank)) & 15;
  }

  // With slot number count() put in at `rank`.
  [[nodiscard]] constexpr Permutation Inserted(uint32_t rank, bool is_live) const {
    const uint64_t order = bits_ & Low(kNodeSlots);
    const uint64_t grown = (order & Low(rank)) | uint64_t{count()} << (4 * rank) | (order & ~Low(rank)) << 4;
    return Permutation(grown | uint64_t{count() + 1} << kCountShift | uint64_t{live() + is_live} << kLiveShift);
  }
  // Whether both order the same slots in the same way.
  [[nodiscard]] constexpr bool OrdersAs(Permutation other) const { return ((bits_ ^ other.bits_) & Low(15)) == 0; }
  [[nodiscard]] constexpr Permutation WithLive(uint32_t live) const {
    return Permutation((bits_ & Low(15)) | uint64_t{live} << kLiveShift);
  }

 private:
  static constexpr uint32_t kCountShift = 56;
  static constexpr uint32_t kLiveShift = 60;
  [[nodiscard]] static constexpr uint64_t Low(uint32_t nibbles) { return (uint64_t{1} << (4 * nibbles)) - 1; }

  uint64_t bits_ = 0;
};

// A head with its top bit flipped, so that signed comparisons, which the vector unit has, order it.
using BiasedHead = int64_t;
[[nodiscard]] inline BiasedHead Bias(key::Head head) { return static_cast<int64_t>(head ^ (uint64_t{1} << 63)); }
[[nodiscard]] inline key::Head Unbias(BiasedHead head) { return static_cast<uint64_t>(head) ^ (uint64_t{1} << 63); }

struct alignas(Arena::kLineBytes) Node {
  static constexpr uint32_t kNever = UINT32_MAX;

  BiasedHead heads[kNodeSlots];
  std::atomic<uint64_t> permutation;  // Released by the writer, acquired by readers.
  Offset low;                         // A record with the low fence's key; none on the left edge.
  uint16_t skip;
  uint8_t height;                         // 0: a leaf.
  bool is_open;                           // See KeyTree::HeadIn: `skip` is not due to fences, but to `link`.
  std::atomic<Offset> slots[kNodeSlots];  // Released by the writer, acquired by readers.
  // In a leaf, the leaf to the right: released by the writer, acquired by readers. In an open inner node, a record
  // whose key begins with the prefix that is skipped; constant.
  std::atomic<Offset> link;
  // Where nothing is live: the sequence, from the memtable's base, from which on nothing has been; kNever if it does
  // not fit.
  std::atomic<uint32_t> dead_since;  // Stored before the permutation that says live() == 0, loaded after it.

  [[nodiscard]] bool IsLeaf() const { return height == 0; }
  [[nodiscard]] Permutation LoadPermutation() const { return Permutation(permutation.load(std::memory_order_acquire)); }
  void StorePermutation(Permutation value) { permutation.store(value.bits(), std::memory_order_release); }
  [[nodiscard]] Offset SlotAt(Permutation order, uint32_t rank) const {
    AMETHYST_DCHECK(rank < order.count());
    return slots[order.SlotAt(rank)].load(std::memory_order_acquire);
  }

  // All three lines at once.
  void Prefetch() const {
    for (uint32_t line = 0; line < 3; ++line)
      __builtin_prefetch(reinterpret_cast<const char*>(this) + line * Arena::kLineBytes);
  }

  struct Counts {
    uint32_t below;  // Heads below the target,
    uint32_t equal;  // and equal to it.
  };
  // Among the first `count` slots.
  [[nodiscard]] Counts CountHeads(BiasedHead target, uint32_t count) const;
};
static_assert(sizeof(Node) == 3 * Arena::kLineBytes);

inline Node::Counts Node::CountHeads(BiasedHead target, uint32_t count) const {
#ifdef AMETHYST_SCALAR_NODE_SEARCH
  Counts counts{0, 0};
  for (uint32_t i = 0; i < count; ++i) {
    counts.below += heads[i] < target;
    counts.equal += heads[i] == target;
  }
  return counts;
#else
  // Four vectors: the 14 heads, and two words after them. What they say about words that are no head, or of a slot that
  // the writer is filling just now, is masked away.
  const auto* vectors = reinterpret_cast<const __m256i*>(this);
  const __m256i wanted = _mm256_broadcastq_epi64(_mm_cvtsi64_si128(target));
  uint32_t below = 0;
  uint32_t equal = 0;
  for (uint32_t i = 0; i < 4; ++i) {
    const __m256i four = _mm256_load_si256(vectors + i);
    const __m256i less = _mm256_cmpgt_epi64(wanted, four);
    const __m256i same = _mm256_cmpeq_epi64(wanted, four);
    below |= static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(less))) << (4 * i);
    equal |= static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(same))) << (4 * i);
  }
  const uint32_t used = (uint32_t{1} << count) - 1;
  return Counts{static_cast<uint32_t>(std::popcount(below & used)), static_cast<uint32_t>(std::popcount(equal & used))};
#endif
}

}  // namespace amethyst::memtable
