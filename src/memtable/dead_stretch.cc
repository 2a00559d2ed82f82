#include "memtable/dead_stretch.h"

namespace amethyst::memtable {

namespace {

// Where a walk is in a node on its path.
struct Step {
  const Node* node;
  Permutation order;
  uint32_t next;  // Rank of the child to look at next; going back, so many are left.
  Offset high;    // The node's high fence; unset going back.
};

class Walk {
 public:
  Walk(const KeyTree& tree, key::ReadPoint read, std::string_view limit) : tree_(tree), read_(read), limit_(limit) {}

  [[nodiscard]] std::optional<DeadStretch> From(std::string_view key) {
    const Node* node = &tree_.root();
    const uint32_t root_height = node->height;
    AMETHYST_ASSERT(root_height < KeyTree::kHeightMax);
    Offset high = Offset::kNone;
    while (!node->IsLeaf()) {
      const KeyTree::Place place = tree_.Find(*node, key);
      const KeyTree::Child child = tree_.LoadChild(*node, place.order, place.Child());
      if (!child.is_whole) continue;
      steps_[node->height] = Step{node, place.order, place.Child() + 1, high};
      high = HighOf(steps_[node->height], place.Child());
      node = &child.node;
    }
    if (!IsPassable(*node, high)) return std::nullopt;
    Pass(*node);
    for (uint32_t height = 1; height <= root_height;) {
      Step& step = steps_[height];
      if (step.next == step.order.count()) {
        ++height;
        continue;
      }
      const uint32_t rank = step.next++;
      const auto [child, is_whole] = tree_.LoadChild(*step.node, step.order, rank);
      if (!is_whole) return DeadStretch{&tree_.FirstLeafUnder(child), entries_};
      const Offset child_high = HighOf(step, rank);
      if (IsPassable(child, child_high)) {
        Pass(child);
      } else if (child.IsLeaf()) {
        return DeadStretch{&child, entries_};
      } else {
        steps_[--height] = Step{&child, child.LoadPermutation(), 0, child_high};
      }
    }
    return DeadStretch{nullptr, entries_};
  }

 private:
  [[nodiscard]] Offset HighOf(const Step& step, uint32_t child) const {
    return child + 1 < step.order.count() ? tree_.ChildAt(*step.node, step.order, child + 1).low : step.high;
  }
  [[nodiscard]] bool IsPassable(const Node& node, Offset high) const {
    if (!tree_.IsDeadAt(node, read_)) return false;
    if (limit_.data() == nullptr) return true;
    return high != Offset::kNone && tree_.order().Compare(tree_.RecordAt(high).key(), limit_) <= 0;
  }
  void Pass(const Node& node) {
    uint64_t keys = node.LoadPermutation().count();
    for (uint32_t height = 0; height < node.height; ++height)
      keys *= kNodeSlots * 2 / 3;  // As full as nodes are on average.
    entries_ += keys;
  }

  const KeyTree& tree_;
  const key::ReadPoint read_;
  const std::string_view limit_;
  uint64_t entries_ = 0;
  Step steps_[KeyTree::kHeightMax];  // By height.
};

// A node knows its own low fence, so that the way back is the simpler one.
class WalkBack {
 public:
  WalkBack(const KeyTree& tree, key::ReadPoint read, std::optional<std::string_view> begin)
      : tree_(tree), read_(read), begin_(begin) {}

  [[nodiscard]] const Node* From(std::string_view key) {
    const Node* node = &tree_.root();
    const uint32_t root_height = node->height;
    AMETHYST_ASSERT(root_height < KeyTree::kHeightMax);
    while (!node->IsLeaf()) {
      const KeyTree::Place place = tree_.Find(*node, key);
      const KeyTree::Child child = tree_.LoadChild(*node, place.order, place.Child());
      if (!child.is_whole) continue;
      steps_[node->height] = Step{node, place.order, place.Child(), Offset::kNone};
      node = &child.node;
    }
    if (!IsPassable(*node)) return nullptr;
    const Node* first = node;
    for (uint32_t height = 1; height <= root_height;) {
      Step& step = steps_[height];
      if (step.next == 0) {
        ++height;
        continue;
      }
      const auto [child, is_whole] = tree_.LoadChild(*step.node, step.order, --step.next);
      if (!is_whole) break;
      if (IsPassable(child)) {
        first = &child;
      } else if (child.IsLeaf()) {
        break;
      } else {
        const Permutation order = child.LoadPermutation();
        steps_[--height] = Step{&child, order, order.count(), Offset::kNone};
      }
    }
    return first;
  }

 private:
  [[nodiscard]] bool IsPassable(const Node& node) const {
    if (!tree_.IsDeadAt(node, read_)) return false;
    if (!begin_) return true;
    return node.low != Offset::kNone && !tree_.order().Less(tree_.RecordAt(node.low).key(), *begin_);
  }

  const KeyTree& tree_;
  const key::ReadPoint read_;
  const std::optional<std::string_view> begin_;
  Step steps_[KeyTree::kHeightMax];  // By height.
};

}  // namespace

const Node* FindDeadStretchBack(const KeyTree& tree, std::string_view key, key::ReadPoint read,
                                std::optional<std::string_view> begin) {
  return WalkBack(tree, read, begin).From(key);
}

std::optional<DeadStretch> FindDeadStretch(const KeyTree& tree, std::string_view key, key::ReadPoint read,
                                           std::string_view limit) {
  return Walk(tree, read, limit).From(key);
}

}  // namespace amethyst::memtable
