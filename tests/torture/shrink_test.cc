#include "torture/shrink.h"

#include <gtest/gtest.h>

#include <numeric>

namespace amethyst::torture {
namespace {

TEST(Shrink, LeavesWhatIsNeededToFail) {
  std::vector<int> items(1000);
  std::iota(items.begin(), items.end(), 0);
  const auto fails = [](const std::vector<int>& part) {
    return std::ranges::count(part, 17) > 0 && std::ranges::count(part, 500) > 0 && std::ranges::count(part, 999) > 0;
  };
  EXPECT_EQ(Shrink<int>(items, fails), (std::vector<int>{17, 500, 999}));
}

TEST(Shrink, LeavesNothingIfNothingIsNeeded) {
  EXPECT_TRUE(Shrink<int>({1, 2, 3}, [](const std::vector<int>&) { return true; }).empty());
}

TEST(Shrink, GivesUpAfterSoManyTries) {
  uint64_t tries = 0;
  const std::vector<int> items(100, 1);
  const auto fails = [&](const std::vector<int>& part) { return ++tries, part.size() == items.size(); };
  EXPECT_EQ(Shrink<int>(items, fails, 10).size(), 100u);
  EXPECT_EQ(tries, 10u);
}

}  // namespace
}  // namespace amethyst::torture
