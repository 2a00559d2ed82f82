#include "compaction/output_cutter.h"

#include <gtest/gtest.h>

namespace amethyst::compaction {
namespace {

TEST(OutputCutter, CutsWhereAnOutputHasItsSize) {
  OutputCutter cutter({}, key::Order(), 100);
  EXPECT_FALSE(cutter.CutsBefore("a", 0));
  EXPECT_FALSE(cutter.CutsBefore("b", 99));
  EXPECT_TRUE(cutter.CutsBefore("c", 100));
  EXPECT_EQ(cutter.NextBoundary().data(), nullptr);
}

TEST(OutputCutter, CutsAtABoundaryOfTheNextLevelOnceHalfFull) {
  OutputCutter cutter({{"f", 10}, {"m", 10}}, key::Order(), 100);
  EXPECT_FALSE(cutter.CutsBefore("a", 0));
  EXPECT_EQ(cutter.NextBoundary(), "f");
  EXPECT_FALSE(cutter.CutsBefore("f", 49));  // The boundary itself belongs to the table that ends there.
  EXPECT_FALSE(cutter.CutsBefore("g", 49));
  EXPECT_FALSE(cutter.CutsBefore("m", 60));
  EXPECT_TRUE(cutter.CutsBefore("n", 60));
}

TEST(OutputCutter, CutsWhereAnOutputOverlapsTooMuch) {
  OutputCutter cutter({{"b", 600}, {"d", 300}, {"f", 100}, {"h", 1}}, key::Order(), 100);
  EXPECT_FALSE(cutter.CutsBefore("a", 0));
  EXPECT_FALSE(cutter.CutsBefore("c", 1));
  EXPECT_FALSE(cutter.CutsBefore("e", 2));
  EXPECT_TRUE(cutter.CutsBefore("g", 3));  // 1000 bytes ended within it.
  EXPECT_FALSE(cutter.CutsBefore("i", 1));
}

TEST(OutputCutter, DoesNotCountWhatEndsBeforeAnOutputBegins) {
  OutputCutter cutter({{"b", 5000}, {"d", 300}}, key::Order(), 100);
  EXPECT_FALSE(cutter.CutsBefore("c", 0));
  EXPECT_FALSE(cutter.CutsBefore("e", 1));
}

TEST(OutputCutter, NeverCutsAFlush) {
  OutputCutter cutter({}, key::Order(), UINT64_MAX);
  EXPECT_FALSE(cutter.CutsBefore("a", 0));
  EXPECT_FALSE(cutter.CutsBefore("b", uint64_t{1} << 60));
}

}  // namespace
}  // namespace amethyst::compaction
