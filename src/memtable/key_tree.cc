#include "memtable/key_tree.h"

#include <new>

namespace amethyst::memtable {

KeyTree::KeyTree(Arena& arena, key::Order order) : arena_(arena), order_(order) {
  SetRoot(*new (arena_.AllocateHigh(sizeof(Node))) Node{});
}

int KeyTree::CompareAt(const Node& node, Permutation order, uint32_t rank, std::string_view key) const {
  if (node.IsLeaf()) return order_.Compare(RecordAt(node, order, rank).key(), key);
  const Offset low = ChildAt(node, order, rank).low;
  return low == Offset::kNone ? -1 : order_.Compare(RecordAt(low).key(), key);
}

BiasedHead KeyTree::HeadInOpen(const Node& node, std::string_view key) const {
  return HeadAfterPrefix(key, RecordAt(node.link.load(std::memory_order_relaxed)).key().substr(0, node.skip));
}

KeyTree::Place KeyTree::FindAmongEqualHeads(const Node& node, Permutation order, Node::Counts heads,
                                            std::string_view key) const {
  uint32_t first = heads.below;
  uint32_t last = first + heads.equal;
  AMETHYST_DCHECK(last <= order.count());
  while (first < last) {
    const uint32_t middle = (first + last) / 2;
    const int comparison = CompareAt(node, order, middle, key);
    if (comparison == 0) return Place{order, middle, true};
    if (comparison < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return Place{order, first, false};
}

const Node& KeyTree::LeafOf(std::string_view key) const {
  const Node* node = &root();
  for (uint32_t height = node->height; height != 0;) {
    const Place place = Find(*node, key);
    const Child child = LoadChild(*node, place.order, place.Child());
    if (!child.is_whole) [[unlikely]]
      continue;
    node = &child.node;
    node->Prefetch();
    --height;
  }
  return *node;
}

const Node* KeyTree::LeafBefore(const Node& leaf) const {
  if (leaf.low == Offset::kNone) return nullptr;
  const std::string_view fence = RecordAt(leaf.low).key();
  const Node* node = &root();
  while (!node->IsLeaf()) {
    const Place place = Find(*node, fence);
    const Child child = LoadChild(*node, place.order, place.ChildBefore());
    if (child.is_whole) node = &child.node;
  }
  AMETHYST_DCHECK(node->low == Offset::kNone || order_.Less(RecordAt(node->low).key(), fence));
  return node;
}

const Node* KeyTree::LeafAfter(const Node& leaf) const {
  const Offset next = leaf.link.load(std::memory_order_acquire);
  return next == Offset::kNone ? nullptr : &NodeAt(next);
}

const Node& KeyTree::FirstLeafUnder(const Node& top) const {
  const Node* node = &top;
  while (!node->IsLeaf()) node = &ChildAt(*node, node->LoadPermutation(), 0);
  return *node;
}

const Node& KeyTree::LastLeaf() const {
  const Node* node = &root();
  while (!node->IsLeaf()) {
    const Permutation order = node->LoadPermutation();
    const Child child = LoadChild(*node, order, order.count() - 1);
    if (child.is_whole) node = &child.node;
  }
  return *node;
}

double KeyTree::FractionBelow(std::string_view key) const {
  double below = 0;
  double width = 1;
  for (const Node* node = &root();;) {
    const Place place = Find(*node, key);
    if (place.order.count() == 0) return 0;
    width /= place.order.count();
    if (node->IsLeaf()) return below + width * place.rank;
    below += width * place.Child();
    node = &ChildAt(*node, place.order, place.Child());
  }
}

}  // namespace amethyst::memtable
