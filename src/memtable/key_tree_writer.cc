#include "memtable/key_tree_writer.h"

#include <algorithm>
#include <new>

namespace amethyst::memtable {

// What a full node holds, and one more, in order; or the children of a new root.
struct KeyTreeWriter::Items {
  const Node* old;  // The full node.
  uint32_t height;
  uint32_t count;
  bool all_live;
  size_t skip = 0;
  Offset prefix = Offset::kNone;  // Of an open node.
  BiasedHead heads[kNodeSlots + 1] = {};
  Offset slots[kNodeSlots + 1] = {};
};

bool KeyTreeWriter::Insert(const key::Entry& entry) {
  AMETHYST_DCHECK(entry.tag.sequence() > sequence_ || greatest_ == nullptr);
  sequence_ = entry.tag.sequence();
  tree_.SetNewestSequence(sequence_);
  if (greatest_ == nullptr) tree_.SetBaseSequence(sequence_);
  if (Descend(entry.key())) {
    Update(entry);
    return false;
  }
  Node& leaf = *path_[0].node;
  const uint32_t rank = path_[0].rank;
  const Permutation order = leaf.LoadPermutation();
  const Record* record = Record::Create(tree_.arena(), entry, nullptr, fold_);
  const Offset added = tree_.arena().OffsetOf(record);
  if (rank == order.count() && leaf.link.load(std::memory_order_relaxed) == Offset::kNone) greatest_ = record;
  if (order.count() == kNodeSlots) {
    Split(0, rank, added, Offset::kNone);
    return true;
  }
  leaf.heads[order.count()] = tree_.HeadIn(leaf, record->key());
  leaf.slots[order.count()].store(added, std::memory_order_relaxed);
  leaf.StorePermutation(order.Inserted(rank, record->IsLive()));
  if (record->IsLive() && order.live() == 0) Revive(1);
  return true;
}

bool KeyTreeWriter::Descend(std::string_view key) {
  Node* node = &tree_.root();
  const bool ascending = greatest_ != nullptr && tree_.order().Compare(greatest_->key(), key) < 0;
  root_height_ = node->height;
  for (uint32_t height = root_height_; height != 0; --height) {
    const Permutation order = node->LoadPermutation();
    const uint32_t child = ascending ? order.count() - 1 : tree_.Find(*node, key).Child();
    path_[height] = Step{node, child};
    node = &tree_.ChildAt(*node, order, child);
    node->Prefetch();
  }
  if (ascending) {
    path_[0] = Step{node, node->LoadPermutation().count()};
    return false;
  }
  const KeyTree::Place place = tree_.Find(*node, key);
  path_[0] = Step{node, place.rank};
  return place.found;
}

void KeyTreeWriter::Update(const key::Entry& entry) {
  Node& leaf = *path_[0].node;
  const Permutation order = leaf.LoadPermutation();
  const Record& older = tree_.RecordAt(leaf, order, path_[0].rank);
  const Record* newer = Record::Create(tree_.arena(), entry, &older, fold_);
  leaf.slots[order.SlotAt(path_[0].rank)].store(tree_.arena().OffsetOf(newer), std::memory_order_release);
  if (newer->IsLive() == older.IsLive()) return;
  if (newer->IsLive()) {
    leaf.StorePermutation(order.WithLive(order.live() + 1));
    if (order.live() == 0) Revive(1);
  } else {
    if (order.live() == 1) leaf.dead_since.store(tree_.SinceBase(sequence_), std::memory_order_relaxed);
    leaf.StorePermutation(order.WithLive(order.live() - 1));
    if (order.live() == 1) Bury(1);
  }
}

void KeyTreeWriter::Revive(uint32_t height) {
  for (; height <= root_height_; ++height) {
    Node& node = *path_[height].node;
    const Permutation order = node.LoadPermutation();
    AMETHYST_ASSERT(order.live() < order.count());
    node.StorePermutation(order.WithLive(order.live() + 1));
    if (order.live() != 0) return;
  }
}

void KeyTreeWriter::Bury(uint32_t height) {
  for (; height <= root_height_; ++height) {
    Node& node = *path_[height].node;
    const Permutation order = node.LoadPermutation();
    AMETHYST_ASSERT(order.live() > 0);
    if (order.live() == 1) node.dead_since.store(tree_.SinceBase(sequence_), std::memory_order_relaxed);
    node.StorePermutation(order.WithLive(order.live() - 1));
    if (order.live() != 1) return;
  }
}

bool KeyTreeWriter::OnRightEdge(uint32_t height) const {
  for (uint32_t above = height + 1; above <= root_height_; ++above) {
    if (path_[above].rank + 1 != path_[above].node->LoadPermutation().count()) return false;
  }
  return true;
}

Offset KeyTreeWriter::HighFence(uint32_t height) const {
  for (uint32_t above = height + 1; above <= root_height_; ++above) {
    const Node& node = *path_[above].node;
    const Permutation order = node.LoadPermutation();
    const uint32_t right = path_[above].rank + 1;
    if (right < order.count()) return tree_.ChildAt(node, order, right).low;
  }
  return Offset::kNone;
}

bool KeyTreeWriter::IsLive(uint32_t height, Offset item) const {
  return height == 0 ? tree_.RecordAt(item).IsLive() : tree_.NodeAt(item).LoadPermutation().live() != 0;
}

void KeyTreeWriter::Split(uint32_t height, uint32_t rank, Offset added, Offset replacement) {
  const Node& old = *path_[height].node;
  const Permutation order = old.LoadPermutation();
  AMETHYST_ASSERT(order.count() == kNodeSlots && rank <= kNodeSlots);
  Items items{
      .old = &old, .height = height, .count = kNodeSlots + 1, .all_live = order.live() == kNodeSlots, .skip = old.skip};
  for (uint32_t from = 0; from < kNodeSlots; ++from) {
    const uint32_t to = from + (from >= rank);
    items.heads[to] = old.heads[order.SlotAt(from)];
    items.slots[to] = old.SlotAt(order, from);
  }
  items.heads[rank] = tree_.HeadIn(old, tree_.RecordAt(FenceOf(height, added)).key());
  items.slots[rank] = added;
  items.all_live = items.all_live && IsLive(height, added);
  if (replacement != Offset::kNone) {
    items.slots[rank - 1] = replacement;
    items.all_live = items.all_live && IsLive(height, replacement);
  }
  // Ascending inserts leave full nodes behind.
  const uint32_t cut = rank == kNodeSlots && OnRightEdge(height) ? kNodeSlots : kNodeSlots / 2;
  Node& left = Build(items, 0, cut);
  Node& right = Build(items, cut, kNodeSlots + 1);
  if (height == 0) LinkLeaves(old, left, right);
  ReplaceInParent(old, left, right);
}

Node& KeyTreeWriter::Build(Items items, uint32_t begin, uint32_t end) {
  const uint32_t count = end - begin;
  AMETHYST_ASSERT(count > 0 && count <= kNodeSlots);
  ChooseHeads(&items, begin, end);
  Node& node = *new (tree_.arena().AllocateHigh(sizeof(Node))) Node{};
  uint32_t live = items.all_live ? count : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const Offset slot = items.slots[begin + i];
    node.heads[i] = items.heads[begin + i];
    node.slots[i].store(slot, std::memory_order_relaxed);
    if (!items.all_live) live += IsLive(items.height, slot);
  }
  AMETHYST_DCHECK(items.prefix == Offset::kNone || items.height != 0);
  node.low = begin == 0 ? items.old->low : FenceOf(items.height, items.slots[begin]);
  node.skip = static_cast<uint16_t>(items.skip);
  node.height = static_cast<uint8_t>(items.height);
  node.is_open = items.prefix != Offset::kNone;
  node.link.store(items.prefix, std::memory_order_relaxed);
  node.dead_since.store(tree_.SinceBase(sequence_), std::memory_order_relaxed);
  node.StorePermutation(Permutation::Identity(count, live));
  return node;
}

void KeyTreeWriter::ChooseHeads(Items* items, uint32_t begin, uint32_t end) const {
  if (!tree_.order().IsBytewise()) return;
  const Node& old = *items->old;
  const bool is_root = items->height != old.height;
  const bool is_leftmost = begin == 0 && old.low == Offset::kNone;
  if (!is_root && !old.is_open) {
    // While more than the last 2 bytes of the heads tell the items apart, reading all their keys is not worth it. (The
    // leftmost child has no fence, and the least head.)
    const uint32_t first = is_leftmost && items->height != 0 ? begin + 1 : begin;
    if ((Unbias(items->heads[first]) ^ Unbias(items->heads[end - 1])) >> 16 != 0) return;
  }
  const Offset high = is_root              ? Offset::kNone
                      : end < items->count ? FenceOf(items->height, items->slots[end])
                                           : HighFence(items->height);
  if (!is_leftmost && high != Offset::kNone) {
    const size_t skip = SharedPrefix(FenceOf(items->height, items->slots[begin]), high);
    if (!old.is_open && skip <= items->skip) return;
    items->skip = skip;
  } else if (items->height == 0) {
    return;
  } else {
    // On an edge: what the keys in the old node share, inserts to come are likely to share.
    const Permutation order = old.LoadPermutation();
    const Offset first = FenceOf(old.height, old.SlotAt(order, 0));
    items->prefix = FenceOf(old.height, old.SlotAt(order, order.count() - 1));
    items->skip =
        SharedPrefix(first != Offset::kNone ? first : FenceOf(old.height, old.SlotAt(order, 1)), items->prefix);
  }
  const std::string_view prefix =
      items->prefix == Offset::kNone ? std::string_view() : tree_.RecordAt(items->prefix).key().substr(0, items->skip);
  for (uint32_t i = begin; i < end; ++i) {
    const Offset fence = FenceOf(items->height, items->slots[i]);
    items->heads[i] = fence == Offset::kNone           ? Bias(0)
                      : items->prefix == Offset::kNone ? tree_.HeadAfter(tree_.RecordAt(fence).key(), items->skip)
                                                       : KeyTree::HeadAfterPrefix(tree_.RecordAt(fence).key(), prefix);
  }
}

size_t KeyTreeWriter::SharedPrefix(Offset a, Offset b) const {
  return std::min<size_t>(key::CommonPrefix(tree_.RecordAt(a).key(), tree_.RecordAt(b).key()), UINT16_MAX);
}

void KeyTreeWriter::LinkLeaves(const Node& old, Node& left, Node& right) {
  const Offset right_offset = tree_.arena().OffsetOf(&right);
  right.link.store(old.link.load(std::memory_order_relaxed), std::memory_order_relaxed);
  left.link.store(right_offset, std::memory_order_relaxed);
  for (uint32_t height = 1; height <= root_height_; ++height) {
    const Step& step = path_[height];
    if (step.rank == 0) continue;
    Node* before = &tree_.ChildAt(*step.node, step.node->LoadPermutation(), step.rank - 1);
    while (!before->IsLeaf()) {
      const Permutation order = before->LoadPermutation();
      before = &tree_.ChildAt(*before, order, order.count() - 1);
    }
    before->link.store(tree_.arena().OffsetOf(&left), std::memory_order_release);
    return;
  }
}

void KeyTreeWriter::ReplaceInParent(const Node& old, const Node& left, const Node& right) {
  const uint32_t height = old.height + 1u;
  const Offset left_offset = tree_.arena().OffsetOf(&left);
  const Offset right_offset = tree_.arena().OffsetOf(&right);
  const bool right_live = IsLive(height, right_offset);
  if (old.height == root_height_) {
    AMETHYST_ASSERT(height < KeyTree::kHeightMax);
    Items items{.old = &old, .height = height, .count = 2, .all_live = false};
    items.slots[0] = left_offset;
    items.slots[1] = right_offset;
    tree_.SetRoot(Build(items, 0, 2));
    return;
  }
  Node& parent = *path_[height].node;
  AMETHYST_DCHECK(parent.height == height && parent.low != right.low);
  const uint32_t rank = path_[height].rank;
  const Permutation order = parent.LoadPermutation();
  AMETHYST_DCHECK(&tree_.ChildAt(parent, order, rank) == &old);
  if (order.count() == kNodeSlots) return Split(height, rank + 1, right_offset, left_offset);
  // Live counts may be too high in between, never too low.
  parent.heads[order.count()] = tree_.HeadIn(parent, tree_.RecordAt(right.low).key());
  parent.slots[order.count()].store(right_offset, std::memory_order_relaxed);
  const Permutation grown = order.Inserted(rank + 1, right_live);
  parent.StorePermutation(grown);
  parent.slots[order.SlotAt(rank)].store(left_offset, std::memory_order_release);
  const uint32_t live = grown.live() + IsLive(height, left_offset) - (old.LoadPermutation().live() != 0);
  if (live != grown.live()) parent.StorePermutation(grown.WithLive(live));
  if (order.live() == 0 && live != 0) Revive(height + 1);
}

}  // namespace amethyst::memtable
