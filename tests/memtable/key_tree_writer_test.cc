// Covers: key_tree.
#include "memtable/key_tree_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "key_shapes.h"
#include "support/backwards.h"
#include "twin.h"

namespace amethyst::memtable {
namespace {

// Checks everything that nodes promise, from the root down.
class Inspection {
 public:
  explicit Inspection(const KeyTree& tree) : tree_(tree) {
    Visit(tree_.root(), Offset::kNone, Offset::kNone);
    CheckLeafList();
  }
  [[nodiscard]] size_t keys() const { return keys_; }
  [[nodiscard]] size_t nodes() const { return nodes_; }

 private:
  [[nodiscard]] std::string_view KeyOf(Offset record) const { return tree_.RecordAt(record).key(); }

  void Visit(const Node& node, Offset low, Offset high) {
    const Permutation order = node.LoadPermutation();
    ++nodes_;
    EXPECT_EQ(node.low, low);
    uint32_t live = 0;
    for (uint32_t rank = 0; rank < order.count(); ++rank) {
      const Offset key = node.IsLeaf() ? node.SlotAt(order, rank) : tree_.ChildAt(node, order, rank).low;
      CheckHead(node, order, rank, key);
      if (key != Offset::kNone) {
        EXPECT_TRUE(low == Offset::kNone || tree_.order().Compare(KeyOf(low), KeyOf(key)) <= 0);
        EXPECT_TRUE(high == Offset::kNone || tree_.order().Less(KeyOf(key), KeyOf(high)));
      }
      if (node.IsLeaf()) {
        ++keys_;
        live += tree_.RecordAt(key).IsLive();
      } else {
        const Node& child = tree_.ChildAt(node, order, rank);
        EXPECT_EQ(child.height + 1, node.height);
        live += child.LoadPermutation().live() != 0;
        Visit(child, rank == 0 ? low : key, rank + 1 < order.count() ? tree_.ChildAt(node, order, rank + 1).low : high);
      }
    }
    EXPECT_EQ(order.live(), live);
    if (node.IsLeaf()) leaves_.push_back(&node);
  }
  void CheckHead(const Node& node, Permutation order, uint32_t rank, Offset key) {
    const BiasedHead head = node.heads[order.SlotAt(rank)];
    EXPECT_TRUE(key == Offset::kNone || head == tree_.HeadIn(node, KeyOf(key)));
    EXPECT_TRUE(rank == 0 || node.heads[order.SlotAt(rank - 1)] <= head);
  }
  void CheckLeafList() {
    const Node* leaf = &tree_.FirstLeaf();
    const Node* before = nullptr;
    for (const Node* expected : leaves_) {
      ASSERT_EQ(leaf, expected);
      EXPECT_EQ(tree_.LeafBefore(*leaf), before);
      before = leaf;
      leaf = tree_.LeafAfter(*leaf);
    }
    EXPECT_EQ(leaf, nullptr);
    EXPECT_EQ(&tree_.LastLeaf(), before);
  }

  const KeyTree& tree_;
  size_t keys_ = 0;
  size_t nodes_ = 0;
  std::vector<const Node*> leaves_;
};

class Sample {
 public:
  explicit Sample(key::Order order = key::Order()) : arena_(size_t{96} << 20), tree_(arena_, order), writer_(tree_) {}
  void Insert(std::string_view key, key::EntryKind kind) {
    keys_ += writer_.Insert(key::Entry(key, key::Tag(key::SequenceNumber{++sequence_}, kind), ""));
  }
  size_t Check() {
    const Inspection inspection(tree_);
    EXPECT_EQ(inspection.keys(), keys_);
    return inspection.nodes();
  }
  [[nodiscard]] const KeyTree& tree() const { return tree_; }

 private:
  Arena arena_;
  KeyTree tree_;
  KeyTreeWriter writer_;
  uint64_t sequence_ = 0;
  size_t keys_ = 0;
};

TEST(KeyTreeWriter, KeepsAllThatNodesPromiseForKeysOfEveryShape) {
  for (const KeyShape shape : kKeyShapes) {
    SCOPED_TRACE(static_cast<int>(shape));
    base::Random random(static_cast<uint64_t>(shape) + 11);
    Sample sample;
    for (int i = 0; i < (shape == KeyShape::kLong ? 200 : 20'000); ++i) {
      const bool dying =
          i / 2000 % 2 == 1;  // Long times of almost only deletes, so that whole subtrees die and revive.
      sample.Insert(RandomKey(shape, random),
                    random.OneIn(dying ? 20 : 2) ? key::EntryKind::kPut : key::EntryKind::kDelete);
      if (i % 997 == 0) sample.Check();
    }
    sample.Check();
  }
}

TEST(KeyTreeWriter, KeepsThemUnderACustomOrder) {
  static const support::Backwards reversed;
  base::Random random(77);
  Sample sample((key::Order(&reversed)));
  for (int i = 0; i < 10'000; ++i) sample.Insert(RandomKey(KeyShape::kUrl, random), key::EntryKind::kPut);
  sample.Check();
}

TEST(KeyTreeWriter, FillsNodesFullWhenKeysAscend) {
  constexpr uint32_t kKeys = 50'000;
  Sample sample;
  for (uint32_t i = 0; i < kKeys; ++i) sample.Insert(fmt::format("{:010}", i), key::EntryKind::kPut);
  EXPECT_LT(sample.Check(), kKeys / kNodeSlots * 110 / 100);
}

TEST(KeyTreeWriter, SurvivesDescendingAndOutsideInOrders) {
  Sample descending;
  Sample outside_in;
  for (uint32_t i = 0; i < 20'000; ++i) {
    descending.Insert(fmt::format("{:010}", 100'000 - i), key::EntryKind::kPut);
    outside_in.Insert(fmt::format("{:010}", i % 2 == 0 ? i : 100'000 - i), key::EntryKind::kPut);
  }
  descending.Check();
  outside_in.Check();
}

TEST(KeyTreeWriter, LetsHeadsTellAlmostAllKeysApart) {
  Sample sample;
  base::Random random(8);
  std::vector<std::string> keys;
  for (int i = 0; i < 30'000; ++i)
    keys.push_back(fmt::format("https://example.org/catalogue/item/{:012}", random.Below(1'000'000)));
  for (const std::string& key : keys) sample.Insert(key, key::EntryKind::kPut);
  uint64_t visits = 0;
  uint64_t ties = 0;
  for (const std::string& key : keys) {
    const KeyTree& tree = sample.tree();
    for (const Node* node = &tree.root(); !node->IsLeaf();) {
      const KeyTree::Place place = tree.Find(*node, key);
      ties += node->CountHeads(tree.HeadIn(*node, key), place.order.count()).equal;
      ++visits;
      node = &tree.ChildAt(*node, place.order, place.Child());
    }
  }
  EXPECT_LT(ties, visits / 10);  // A key that is itself a fence ties with it.
}

}  // namespace
}  // namespace amethyst::memtable
