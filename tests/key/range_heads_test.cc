// Heads of ranges against comparisons of all bounds, over keys of which many have the same head.
#include "key/range_heads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "key/order.h"

namespace amethyst::key {
namespace {

class RangeHeadsTest : public testing::Test {
 protected:
  std::string Key() {
    static constexpr std::string_view kBytes("\0\1a\xff", 4);
    const std::string_view common = std::string_view("a common prefix!").substr(0, prefix_);
    if (random_.OneIn(12)) return std::string(common.substr(0, random_.Below(prefix_ + 1)));
    std::string key(random_.OneIn(10) ? std::string_view() : common);
    for (uint64_t i = random_.Below(12); i > 0; --i) key += random_.OneIn(2) ? 'a' : kBytes[random_.Below(4)];
    return key;
  }
  // Sorted and disjoint, with some open sides and some that touch.
  void Draw() {
    prefix_ = random_.Below(17);
    do {
      std::set<std::string> bounds;
      for (uint64_t i = 4 + random_.Below(random_.OneIn(2) ? 10 : 150); i > 0; --i) bounds.insert(Key());
      bounds_.assign(bounds.begin(), bounds.end());
      ranges_.clear();
      for (size_t i = 0; i + 1 < bounds_.size(); ++i) {
        if (!random_.OneIn(3)) ranges_.push_back({.begin = bounds_[i], .end = bounds_[i + 1]});
      }
    } while (ranges_.size() < 2);
    if (random_.OneIn(3)) ranges_.front().begin.reset();
    if (random_.OneIn(3)) ranges_.back().end.reset();
    heads_.Start(*ranges_[ranges_.front().begin ? 0 : 1].begin, *ranges_.back().begin, ranges_.size());
    for (const Range& range : ranges_) heads_.Add(range);
  }
  [[nodiscard]] bool IsInside(std::string_view key) const {
    return std::ranges::any_of(ranges_, [&](const Range& range) { return range.Holds(key, Order()); });
  }
  void ExpectPlaceOf(const std::string& key) {
    const RangeHeads::Target target = heads_.TargetOf(key);
    const auto begun = static_cast<size_t>(
        std::ranges::count_if(ranges_, [&](const Range& range) { return !range.BeginsAfter(key, Order()); }));
    if (target.side != 0) {
      ASSERT_EQ(begun, target.side > 0 ? ranges_.size() : ranges_.front().begin ? 0u : 1u) << key;
      return;
    }
    const RangeHeads::Begins begins = heads_.Find(target.head);
    ASSERT_LE(begins.below, begun) << key;
    ASSERT_GE(begins.ties_end, begun) << key;
    for (size_t i = 0; i < begun; ++i) {
      const int end = heads_.CompareEnd(i, target.head);
      if (end < 0) ASSERT_TRUE(ranges_[i].EndsAtOrBefore(key, Order())) << key;
      if (end > 0) ASSERT_FALSE(ranges_[i].EndsAtOrBefore(key, Order())) << key;
    }
  }

  base::Random random_{20261129};
  size_t prefix_ = 0;
  std::vector<std::string> bounds_;
  std::vector<Range> ranges_;
  RangeHeads heads_;
};

TEST_F(RangeHeadsTest, SayWhatComparisonsSayOrLeaveItOpen) {
  for (int round = 0; round < 500; ++round) {
    Draw();
    for (const std::string& bound : bounds_) ASSERT_NO_FATAL_FAILURE(ExpectPlaceOf(bound)) << "round " << round;
    for (int i = 0; i < 50; ++i) ASSERT_NO_FATAL_FAILURE(ExpectPlaceOf(Key())) << "round " << round;
  }
}

TEST_F(RangeHeadsTest, HoldNoKeyOfARangeInAGap) {
  uint64_t found = 0, outside = 0;
  for (int round = 0; round < 500; ++round) {
    Draw();
    std::vector<std::string> keys = bounds_;
    for (int i = 0; i < 50; ++i) keys.push_back(Key());
    for (const std::string& key : keys) {
      RangeHeads::Gap gap;
      ASSERT_FALSE(heads_.Holds(gap, key)) << "as it comes it holds nothing";
      outside += IsInside(key) ? 0 : 1;
      if (!heads_.FindGap(key, &gap)) continue;
      ++found;
      ASSERT_FALSE(IsInside(key)) << "round " << round;
      ASSERT_TRUE(heads_.Holds(gap, key));
      const std::string& other = keys[random_.Below(keys.size())];
      if (!heads_.Holds(gap, other)) continue;
      ASSERT_FALSE(IsInside(other)) << "round " << round;
      for (const Range& range : ranges_) {  // No range lies between the two.
        if (!range.begin || !range.end) continue;
        ASSERT_FALSE(std::min(key, other) < *range.begin && *range.end < std::max(key, other)) << "round " << round;
      }
    }
  }
  EXPECT_GT(found, outside / 4) << "most gaps can be told by heads";
}

TEST_F(RangeHeadsTest, HoldKeysBesideAllRangesInAGap) {
  heads_.Start("user:17", "user:19", 2);
  heads_.Add({.begin = "user:17", .end = "user:18"});
  heads_.Add({.begin = "user:19", .end = "user:1\xff"});
  RangeHeads::Gap gap;
  EXPECT_TRUE(heads_.FindGap("group:1", &gap));
  EXPECT_TRUE(heads_.Holds(gap, "a"));
  EXPECT_TRUE(heads_.Holds(gap, "user:0"));
  EXPECT_FALSE(heads_.Holds(gap, "user:17"));
  EXPECT_FALSE(heads_.Holds(gap, "user:2"));
  EXPECT_TRUE(heads_.FindGap("user:2", &gap));
  EXPECT_TRUE(heads_.Holds(gap, "z"));
  EXPECT_TRUE(heads_.FindGap("user:185", &gap));
  EXPECT_FALSE(heads_.Holds(gap, "user:18")) << "it has the head of a bound";
}

}  // namespace
}  // namespace amethyst::key
