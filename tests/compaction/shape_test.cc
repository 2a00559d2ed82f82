#include "compaction/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compaction/hand_made_tree.h"

namespace amethyst::compaction {
namespace {

const HandMadeTree& Tree() {
  static const HandMadeTree tree{{.level = 5, .number = 1, .smallest = "b", .largest = "d", .mib = 1},
                                 {.level = 5, .number = 2, .smallest = "f", .largest = "h", .mib = 2},
                                 {.level = 5, .number = 3, .smallest = "j", .largest = "l", .mib = 4, .busy = true}};
  return tree;
}

std::vector<uint64_t> NumbersOverlapping(const KeyRange& range) {
  std::vector<uint64_t> numbers;
  for (const TableShape& table : Overlapping(Tree().shape(), 5, range)) numbers.push_back(Raw(table.number));
  return numbers;
}

TEST(Shape, FindsOverlappingTablesWithBoundsInclusive) {
  EXPECT_THAT(NumbersOverlapping({"a", "a"}), testing::IsEmpty());
  EXPECT_THAT(NumbersOverlapping({"a", "b"}), testing::ElementsAre(1));
  EXPECT_THAT(NumbersOverlapping({"d", "f"}), testing::ElementsAre(1, 2));
  EXPECT_THAT(NumbersOverlapping({"da", "e"}), testing::IsEmpty());
  EXPECT_THAT(NumbersOverlapping({"g", "g"}), testing::ElementsAre(2));
  EXPECT_THAT(NumbersOverlapping({"a", "z"}), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(NumbersOverlapping({"m", "z"}), testing::IsEmpty());
}

TEST(Shape, ComparesAndJoinsRanges) {
  const key::Order order;
  EXPECT_TRUE(Overlaps({"a", "c"}, {"c", "d"}, order));
  EXPECT_FALSE(Overlaps({"a", "b"}, {"c", "d"}, order));
  const KeyRange hull = Hull({"c", "d"}, {"a", "b"}, order);
  EXPECT_EQ(hull.smallest, "a");
  EXPECT_EQ(hull.largest, "d");
}

TEST(Shape, SeesTablesAndRunningOutputsBelow) {
  EXPECT_TRUE(AnythingBelow(Tree().shape(), {}, 4, {"b", "b"}));
  EXPECT_FALSE(AnythingBelow(Tree().shape(), {}, 4, {"e", "e"}));
  EXPECT_FALSE(AnythingBelow(Tree().shape(), {}, 5, {"b", "b"}));
  EXPECT_TRUE(AnythingBelow(Tree().shape(), {{6, "a", "c"}}, 5, {"b", "b"}));
  EXPECT_FALSE(AnythingBelow(Tree().shape(), {{5, "a", "c"}}, 5, {"b", "b"}));
}

TEST(Shape, GivesARangeToOneJobAtATime) {
  const TreeShape& shape = Tree().shape();
  EXPECT_TRUE(IsFree(shape, {}, 5, {"b", "g"}, Overlapping(shape, 5, {"b", "g"})));
  EXPECT_FALSE(IsFree(shape, {}, 5, {"b", "k"}, Overlapping(shape, 5, {"b", "k"})));
  EXPECT_FALSE(IsFree(shape, {{5, "e", "e"}}, 5, {"b", "g"}, Overlapping(shape, 5, {"b", "g"})));
  EXPECT_TRUE(IsFree(shape, {{6, "e", "e"}}, 5, {"b", "g"}, Overlapping(shape, 5, {"b", "g"})));
}

TEST(Shape, AddsUpBytes) { EXPECT_EQ(TotalBytes(Tree().shape().levels[5]), 7 * kMiB); }

}  // namespace
}  // namespace amethyst::compaction
