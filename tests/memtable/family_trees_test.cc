#include "memtable/family_trees.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace amethyst::memtable {
namespace {

constexpr uint32_t kFamilies = 300;

TEST(FamilyTrees, FindEachTreeThatWasAddedAndNoOther) {
  Arena arena((kFamilies + 1) * FamilyTrees::kTreeBytes);
  FamilyTrees trees;
  EXPECT_EQ(trees.Find(key::FamilyId{1}), nullptr);
  EXPECT_TRUE(trees.All().empty());
  // Ids that look for the same slot first, and ids that do not, in no order.
  for (uint32_t i = 0; i < kFamilies; ++i) {
    const key::FamilyId family{i % 2 == 0 ? 1 + i : 1024 * (kFamilies - i)};
    EXPECT_EQ(trees.Find(family), nullptr);
    const FamilyTree& added = trees.Add(arena, family, key::Order(), nullptr);
    EXPECT_EQ(added.id, family);
    EXPECT_EQ(trees.Find(family), &added);
  }
  const std::vector<const FamilyTree*> all = trees.All();
  ASSERT_EQ(all.size(), kFamilies);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(trees.Find(all[i]->id), all[i]);
    if (i > 0) {
      EXPECT_LT(all[i - 1]->id, all[i]->id);
    }
  }
}

TEST(FamilyTrees, AreFoundByReadersWhileMoreAreAdded) {
  Arena arena((kFamilies + 1) * FamilyTrees::kTreeBytes);
  FamilyTrees trees;
  std::atomic<uint32_t> added{0};
  std::thread reader([&] {
    for (uint32_t seen = 0; seen < kFamilies;) {
      seen = added.load(std::memory_order_acquire);
      for (uint32_t id = 1; id <= seen; ++id) {
        const FamilyTree* const tree = trees.Find(key::FamilyId{id});
        ASSERT_NE(tree, nullptr);
        ASSERT_EQ(tree->id, key::FamilyId{id});
      }
    }
  });
  for (uint32_t id = 1; id <= kFamilies; ++id) {
    static_cast<void>(trees.Add(arena, key::FamilyId{id}, key::Order(), nullptr));
    added.store(id, std::memory_order_release);
  }
  reader.join();
}

}  // namespace
}  // namespace amethyst::memtable
