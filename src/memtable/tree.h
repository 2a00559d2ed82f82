// The memtable's search structure: a B+tree of append-only, copied-on-split nodes, as its readers see it.
//
// Every node has fences: its keys are at or above its low fence and below its right neighbour's. Fences never go away, they
// only get closer. A node that is full is FROZEN: never changed again, and replaced by two new nodes, which are linked into
// the leaf list, and then into the parent: first the right one is added, then the left one takes the old one's slot. (A
// reader between the two finds the whole old range under the old node.) Frozen nodes stay readable while the memtable lives.
//
// Why a reader that loaded `visible` at time t0, and only then began, misses nothing at or below it:
//   1. What it needs was published before t0. A node that was not frozen before t0 holds all of that within its fences: it
//      is either current, or was frozen at a later time with everything in it.
//   2. A descent that begins after t0 meets only nodes that were not frozen before t0. The root offset, and every child
//      offset of a node that is current, name nodes that are current, but for the one split in progress, whose old node is
//      frozen after t0 (its entry is not yet visible to anyone, and earlier splits have ended). A node frozen after t0
//      holds the offsets of the time when it was frozen, so the same goes for them.
//   3. Let N1 be a node not frozen before t0, and N2 what its `next` says. If N1 was frozen at t1 >= t0, N2 was current at
//      t1, or its replacement would have been put into N1.next before t1; if N1 is current, N2 is current or belongs to the
//      split in progress. Either way N2 was not frozen before t0, and by induction 1 holds all along the list.
//
// Thread safety: one writer (TreeWriter), any number of readers.
#pragma once

#include <atomic>
#include <limits>
#include <string_view>

#include "key/order.h"
#include "memtable/arena.h"
#include "memtable/node.h"
#include "memtable/record.h"

namespace amethyst::memtable {

class Tree {
 public:
  static constexpr uint32_t kHeightMax = 16;

  Tree(Arena& arena, key::Order order);

  // Where a key is in a node as `order` shows it, or where it belongs: after `rank` smaller ones.
  struct Place {
    Permutation order;
    uint32_t rank;
    bool found;

    // In an inner node: the last child whose low fence is at or below the key (below it).
    [[nodiscard]] uint32_t Child() const { return found || rank == 0 ? rank : rank - 1; }
    [[nodiscard]] uint32_t ChildBefore() const { return rank == 0 ? 0 : rank - 1; }
  };
  // In an inner node, the keys are the low fences of its children. The key lies within the node's fences, or is its high one.
  [[nodiscard]] Place Find(const Node& node, std::string_view key) const;

  // A child by rank, and whether it is what the order says: false if the node was changed, so that the child may be but the
  // left half of what was at that rank.
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
  // The head of a key within the node's fences. An inner node on the left or right edge of the tree has no fence there; it
  // may be OPEN: skip a prefix that most keys are likely to have, and give keys below (above) all that have it the least
  // (greatest) head. So heads never contradict the order of keys, which is all that they promise.
  [[nodiscard]] BiasedHead HeadIn(const Node& node, std::string_view key) const {
    if (node.is_open) [[unlikely]] return HeadAfterPrefix(key, RecordAt(node.link.load(std::memory_order_relaxed)).key().substr(0, node.skip));
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

  // Whether nothing under the node is live for a reader at `visible`; may say no where it could say yes.
  [[nodiscard]] bool IsDeadAt(const Node& node, key::SequenceNumber visible) const {
    if (node.LoadPermutation().live() != 0) return false;
    const uint32_t since = node.dead_since.load(std::memory_order_relaxed);
    return since != Node::kNever && Raw(visible) >= base_sequence_.load(std::memory_order_relaxed) + since;
  }

  // Writer only: publishes a new root; says from where dead_since counts, before anything else is published.
  void SetRoot(const Node& node) { root_.store(arena_.OffsetOf(&node), std::memory_order_release); }
  void SetBaseSequence(key::SequenceNumber base) { base_sequence_.store(Raw(base), std::memory_order_relaxed); }
  [[nodiscard]] uint32_t SinceBase(key::SequenceNumber sequence) const {
    const uint64_t since = Raw(sequence) - base_sequence_.load(std::memory_order_relaxed);
    return since < Node::kNever ? static_cast<uint32_t>(since) : Node::kNever;
  }

 private:
  // As a comparison: the key at `rank` with `key`.
  [[nodiscard]] int CompareAt(const Node& node, Permutation order, uint32_t rank, std::string_view key) const;

  Arena& arena_;
  const key::Order order_;
  std::atomic<Offset> root_{Offset::kNone};  // Released by SetRoot, acquired by root().
  std::atomic<uint64_t> base_sequence_{0};   // Relaxed: ordered by the publication of the first entry.
};

}  // namespace amethyst::memtable
