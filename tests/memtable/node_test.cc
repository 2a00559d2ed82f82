#include "memtable/node.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace amethyst::memtable {
namespace {

TEST(Permutation, OrdersSlotsAsAVectorDoes) {
  base::Random random(1);
  for (int program = 0; program < 500; ++program) {
    std::vector<uint32_t> model;
    Permutation order;
    uint32_t live = 0;
    while (model.size() < kNodeSlots) {
      const auto rank = static_cast<uint32_t>(random.Below(model.size() + 1));
      const bool is_live = random.OneIn(2);
      model.insert(model.begin() + rank, static_cast<uint32_t>(model.size()));
      order = order.Inserted(rank, is_live);
      live += is_live;
      ASSERT_EQ(order.count(), model.size());
      ASSERT_EQ(order.live(), live);
      for (uint32_t i = 0; i < model.size(); ++i) ASSERT_EQ(order.SlotAt(i), model[i]);
      ASSERT_EQ(order.WithLive(3).live(), 3u);
      ASSERT_EQ(order.WithLive(3).WithLive(live).bits(), order.bits());
    }
  }
}

TEST(Permutation, StartsWithSlotsInTheirOwnOrder) {
  for (uint32_t count = 0; count <= kNodeSlots; ++count) {
    const Permutation order = Permutation::Identity(count, count / 2);
    EXPECT_EQ(order.count(), count);
    EXPECT_EQ(order.live(), count / 2);
    for (uint32_t i = 0; i < count; ++i) EXPECT_EQ(order.SlotAt(i), i);
  }
}

TEST(Node, CountsHeadsAmongTheUsedSlotsOnly) {
  base::Random random(2);
  const key::Head choices[] = {0, 1, 2, uint64_t{1} << 63, (uint64_t{1} << 63) - 1, ~uint64_t{0}, random(), random()};
  Node node{};
  for (int round = 0; round < 20'000; ++round) {
    for (BiasedHead& head : node.heads) head = Bias(choices[random.Below(8)]);
    node.permutation.store(random(), std::memory_order_relaxed);  // What follows the heads must not matter.
    const key::Head target = choices[random.Below(8)];
    const auto count = static_cast<uint32_t>(random.Below(kNodeSlots + 1));
    uint32_t below = 0;
    uint32_t equal = 0;
    for (uint32_t i = 0; i < count; ++i) {
      below += Unbias(node.heads[i]) < target;
      equal += Unbias(node.heads[i]) == target;
    }
    const Node::Counts counts = node.CountHeads(Bias(target), count);
    ASSERT_EQ(counts.below, below);
    ASSERT_EQ(counts.equal, equal);
  }
}

}  // namespace
}  // namespace amethyst::memtable
