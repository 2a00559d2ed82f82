// The memtable's search structure: a B+tree of append-only, copied-on-split nodes, as its readers see it.
//
// Every node has fences: its keys are at or above its low fence and below its right neighbour's. Fences never go away,
// they only get closer. A node that is full is FROZEN, never changed again, and replaced by two new nodes, which are
// linked into the leaf list and then into the parent: first the right one is added, then the left one takes the old
// one's slot. It stays readable while the memtable lives, and is RETIRED once the insert that split it has ended.
//
// Why a reader that loaded `visible` at time t0, and only then began, misses nothing at or below it:
//   1. A node that was not retired before t0 holds, within its fences, all that inserts which had ended by t0 put
//      there: if it is current, anyway; if it is frozen, because the insert that split it ends after t0 and left it all
//      that was there.
//   2. A descent that begins after t0 meets no node that was retired before t0. Its root was current after t0, or is
//      being split. The children of a node that is current, or was frozen by an insert ending after t0, were current
//      then, or are being split.
//      A reader that takes the order before a split and the slot after it would mistake the left half for the whole, so
//      it checks that the order still holds once it has loaded the child (LoadChild), and otherwise looks again. That
//      can happen only as often as the node grows: 13 times in its life.
//   3. Along the leaf list: let N1 be a leaf that was not retired before t0, and N2 what its link says. If N1 is
//      current, so is N2, or it is being split. If N1 was frozen by an insert that ends after t0, N2 was current when
//      that insert began, or its replacement would have been put into the link. Either way, N2 was not retired before
//      t0.
//
// Thread safety: one writer (KeyTreeWriter), any number of readers.
#pragma once

#include <atomic>
#include <limits>
#include <string_view>

#include "key/order.h"
#include "memtable/arena.h"
#include "memtable/node.h"
#include "memtable/record.h"

namespace amethyst::memtable {

class KeyTree {
 public:
  static constexpr uint32_t kHeightMax = 16;

  KeyTree(Arena& arena, key::Order order);

  // Where a key is in a node as `order` shows it, or where it belongs: after `rank` smaller ones.
  struct Place {
    Permutation order;
    uint32_t rank;
    bool found;

    // In an inner node: the last child whose low fence is at or below the key (below it).
    [[nodiscard]] uint32_t Child() const { return found || rank == 0 ? rank : rank - 1; }
    [[nodiscard]] uint32_t ChildBefore() const { return rank == 0 ? 0 : rank - 1; }
  };
  // In an inner node, the keys are the low fences of its children. The key lies within the node's fences, or is its
  // high one.
  [[nodiscard]] Place Find(const Node& node, std::string_view key) const {
    const Permutation order = node.LoadPermutation();
    const Node::Counts heads = node.CountHeads(HeadIn(node, key), order.count());
    return heads.equal == 0 ? Place{order, heads.below, false} : FindAmongEqualHeads(node, order, heads, key);
  }

  // A child by rank, and whether it is what the order says: false if the node was changed, so that the child may be but
  // the left half of what was at that rank.
  struct Child {
    const Node& node;
    bool is_whole;
  };
  [[nodiscard]] Child LoadChild(const Node& node, Permutation order, uint32_t rank) const {
    const Node& child = ChildAt(node, order, rank);
    return Child{child, order.OrdersAs(node.LoadPermutation())};
  }

  // The leaf between whose fences the key lies. Leaves are not empty, except that of an empty tree.
  [[nodiscard]] const Node& LeafOf(std::string_view key) const;
  // The leaf to the left, or null.
  [[nodiscard]] const Node* LeafBefore(const Node& leaf) const;
  [[nodiscard]] const Node* LeafAfter(const Node& leaf) const;
  [[nodiscard]] const Node& FirstLeaf() const { return FirstLeafUnder(root()); }
  [[nodiscard]] const Node& FirstLeafUnder(const Node& node) const;
  [[nodiscard]] const Node& LastLeaf() const;

  // Estimated part of all keys that is below `key`, 0 to 1.
  [[nodiscard]] double FractionBelow(std::string_view key) const;

  [[nodiscard]] Node& root() const { return NodeAt(root_.load(std::memory_order_acquire)); }
  [[nodiscard]] Node& NodeAt(Offset offset) const { return *arena_.At<Node>(offset); }
  [[nodiscard]] const Record& RecordAt(Offset offset) const { return *arena_.At<Record>(offset); }
  [[nodiscard]] Node& ChildAt(const Node& node, Permutation order, uint32_t rank) const {
    AMETHYST_DCHECK(!node.IsLeaf());
    return NodeAt(node.SlotAt(order, rank));
  }
  // The newest version of a leaf's key.
  [[nodiscard]] const Record& RecordAt(const Node& leaf, Permutation order, uint32_t rank) const {
    AMETHYST_DCHECK(leaf.IsLeaf());
    return RecordAt(leaf.SlotAt(order, rank));
  }
  // The head of a key within the node's fences. An inner node on the left or right edge of the tree has no fence there;
  // it may be OPEN: skip a prefix that most keys are likely to have, and give keys below (above) all that have it the
  // least (greatest) head. So heads never contradict the order of keys, which is all that they promise.
  [[nodiscard]] BiasedHead HeadIn(const Node& node, std::string_view key) const {
    if (node.is_open) [[unlikely]]
      return HeadInOpen(node, key);
    return HeadAfter(key, node.skip);
  }
  [[nodiscard]] static BiasedHead HeadAfterPrefix(std::string_view key, std::string_view prefix) {
    const int comparison = key::CompareBytes(key.substr(0, prefix.size()), prefix);
    return comparison == 0  ? Bias(key::HeadOf(key, prefix.size()))
           : comparison < 0 ? std::numeric_limits<BiasedHead>::min()
                            : std::numeric_limits<BiasedHead>::max();
  }
  [[nodiscard]] BiasedHead HeadAfter(std::string_view key, size_t skip) const {
    return order_.IsBytewise() ? Bias(key::HeadOf(key, skip)) : 0;
  }
  [[nodiscard]] Arena& arena() const { return arena_; }
  [[nodiscard]] const key::Order& order() const { return order_; }

  // Whether nothing under the node is live for the read; may say no where it could say yes.
  [[nodiscard]] bool IsDeadAt(const Node& node, key::ReadPoint read) const {
    if (node.LoadPermutation().live() != 0) return false;
    const uint32_t since = node.dead_since.load(std::memory_order_relaxed);
    return since != Node::kNever &&
           read.Sees(key::SequenceNumber{base_sequence_.load(std::memory_order_relaxed) + since});
  }

  // Writer only: publishes a new root; says from where dead_since counts, before anything else is published.
  void SetRoot(const Node& node) {
    AMETHYST_ASSERT(node.height < kHeightMax);
    root_.store(arena_.OffsetOf(&node), std::memory_order_release);
  }
  void SetNewestSequence(key::SequenceNumber newest) { newest_sequence_.store(newest, std::memory_order_relaxed); }
  // Of the entry inserted last.
  [[nodiscard]] key::SequenceNumber newest_sequence() const { return newest_sequence_.load(std::memory_order_relaxed); }
  // Everything in older sources is older.
  [[nodiscard]] key::SequenceNumber base_sequence() const {
    return key::SequenceNumber{base_sequence_.load(std::memory_order_relaxed)};
  }
  void SetBaseSequence(key::SequenceNumber base) { base_sequence_.store(Raw(base), std::memory_order_relaxed); }
  [[nodiscard]] uint32_t SinceBase(key::SequenceNumber sequence) const {
    const uint64_t since = Raw(sequence) - base_sequence_.load(std::memory_order_relaxed);
    return since < Node::kNever ? static_cast<uint32_t>(since) : Node::kNever;
  }

 private:
  // Apart from their callers, which are the loop of every descent.
  [[nodiscard, gnu::noinline]] BiasedHead HeadInOpen(const Node& node, std::string_view key) const;
  [[nodiscard, gnu::noinline]] Place FindAmongEqualHeads(const Node& node, Permutation order, Node::Counts heads,
                                                         std::string_view key) const;
  // As a comparison: the key at `rank` with `key`.
  [[nodiscard]] int CompareAt(const Node& node, Permutation order, uint32_t rank, std::string_view key) const;

  Arena& arena_;
  const key::Order order_;
  std::atomic<Offset> root_{Offset::kNone};  // Released by SetRoot, acquired by root().
  // Relaxed: ordered by the publication of each entry.
  std::atomic<key::SequenceNumber> newest_sequence_{key::SequenceNumber{}};
  std::atomic<uint64_t> base_sequence_{0};  // Relaxed: ordered by the publication of the first entry.
};

}  // namespace amethyst::memtable
