// The one writer of a memtable's tree: inserts entries, splits nodes, and keeps count of what is live.
//
// Live counts go up the tree only where one crosses zero. What a reader may rely on: when it sees live() == 0 and
// dead_since at or below its `visible`, nothing under the node is live for it. A count is lowered to zero after
// dead_since is stored, and a put is counted before Insert returns, so before any reader may see it.
//
// Space: a split makes two nodes of a full one and one entry, each with at least 7 slots (but on the right edge), so
// there are at most N/7 + N/49 + ... = N/6 splits for N keys: kNodeBytesPerKey a key, and kNodeBytesFixed for edges and
// roots.
//
// Thread safety: one thread at a time, beside any readers of the tree.
#pragma once

#include <cstdint>

#include "key/entry.h"
#include "memtable/key_tree.h"

namespace amethyst::memtable {

class KeyTreeWriter {
 public:
  static constexpr size_t kNodeBytesPerKey = 2 * sizeof(Node) / 6;
  static constexpr size_t kNodeBytesFixed = 4 * KeyTree::kHeightMax * sizeof(Node);

  // `fold`: of the family's merge operator, or null.
  explicit KeyTreeWriter(KeyTree& tree, key::Fold fold = nullptr) : tree_(tree), fold_(fold) {}

  // Adds an entry, whose sequence is greater than any before. Returns whether its key is new.
  bool Insert(const key::Entry& entry);

 private:
  struct Step {
    Node* node;
    uint32_t rank;  // Of the child that the path goes on to; in the leaf, of the key.
  };
  struct Items;

  // Fills the path to where the key is or belongs; true if it is there.
  bool Descend(std::string_view key);
  void Update(const key::Entry& entry);
  // Adds `added`, which is new, after the path's rank at that height; `replacement`, if any, takes the slot at the
  // rank.
  void Split(uint32_t height, uint32_t rank, Offset added, Offset replacement);
  void ReplaceInParent(const Node& old, const Node& left, const Node& right);
  // A new node of items [begin, end) of a split.
  [[nodiscard]] Node& Build(Items items, uint32_t begin, uint32_t end);
  // Chooses what the new node skips, and heads to match.
  void ChooseHeads(Items* items, uint32_t begin, uint32_t end) const;
  [[nodiscard]] size_t SharedPrefix(Offset a, Offset b) const;
  void LinkLeaves(const Node& old, Node& left, Node& right);

  // Counts children as live (dead) from that height upward.
  void Revive(uint32_t height);
  void Bury(uint32_t height);

  [[nodiscard]] bool OnRightEdge(uint32_t height) const;
  [[nodiscard]] Offset HighFence(uint32_t height) const;
  [[nodiscard]] bool IsLive(uint32_t height, Offset item) const;
  // The record whose key is the item's: itself, or the child's low fence.
  [[nodiscard]] Offset FenceOf(uint32_t height, Offset item) const {
    return height == 0 ? item : tree_.NodeAt(item).low;
  }

  KeyTree& tree_;
  const key::Fold fold_;
  Step path_[KeyTree::kHeightMax];  // By height: of the last Descend.
  uint32_t root_height_ = 0;
  const Record* greatest_ = nullptr;  // A record with the greatest key.
  key::SequenceNumber sequence_{};    // Of the entry being inserted.
};

}  // namespace amethyst::memtable
