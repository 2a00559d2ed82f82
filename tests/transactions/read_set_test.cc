// What is remembered of reads, and that it stays small. Covers: read_set
#include "transactions/read_set.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/engine.h"
#include "transactions/transaction_fixture.h"

namespace amethyst::transactions {
namespace {

using support::Key;

class ReadSetTest : public TransactionTest {
 protected:
  [[nodiscard]] const engine::ReadContext& reads() const { return *db_->engine()->database().reads; }

  // Whether the set says that the key was read.
  static bool Holds(const ReadSet& set, key::FamilyId family, std::string_view key) {
    const bool as_point =
        !set.ForEachPoint([&](const ReadSet::Point& point) { return point.family != family || point.key != key; });
    if (as_point) return true;
    for (const ReadSet::Range& range : set.ranges()) {
      if (range.family != family || (range.keys.begin && key < *range.keys.begin)) continue;
      if (!range.keys.end || key < *range.keys.end || (range.keys.holds_end && key == *range.keys.end)) return true;
    }
    return false;
  }
};

TEST_F(ReadSetTest, KeepsPointsAndRangesAsTheyAre) {
  ReadSet set(reads(), 1 << 20);
  set.AddPoint({key::kDefaultFamily, "a", false});
  set.AddPoint({key::FamilyId{7}, "b", true});
  set.AddPoint({key::kDefaultFamily, "", true});
  set.AddRange(key::kDefaultFamily, {.begin = "c", .end = "e", .holds_end = true});
  std::vector<std::string> shown;
  EXPECT_TRUE(set.ForEachPoint([&](const ReadSet::Point& point) {
    shown.push_back(std::to_string(key::Raw(point.family)) + std::string(point.key) + (point.was_absent ? "-" : "+"));
    return true;
  }));
  EXPECT_EQ(shown, (std::vector<std::string>{"0a+", "7b-", "0-"}));
  EXPECT_TRUE(Holds(set, key::kDefaultFamily, "e"));
  EXPECT_FALSE(Holds(set, key::kDefaultFamily, "f"));
  EXPECT_FALSE(Holds(set, key::FamilyId{7}, "a"));
}

TEST_F(ReadSetTest, PointsStayInTheirOrderWhereverTheyAreKept) {
  ReadSet set(reads(), 1 << 20);
  std::vector<std::string> added;
  for (size_t i = 0; i < 60; ++i) {
    added.push_back(Key(static_cast<int>(i)) + std::string(i % 7 == 6 ? 300 : i, 'k'));
    set.AddPoint({i % 5 == 4 ? key::FamilyId{7} : key::kDefaultFamily, added.back(), i % 3 == 0});
  }
  size_t at = 0, bytes = 0;
  EXPECT_TRUE(set.ForEachPoint([&](const ReadSet::Point& point) {
    EXPECT_EQ(point.key, added[at]);
    EXPECT_EQ(point.family, at % 5 == 4 ? key::FamilyId{7} : key::kDefaultFamily);
    EXPECT_EQ(point.was_absent, at % 3 == 0);
    bytes += 8 + point.key.size();
    ++at;
    return true;
  }));
  EXPECT_EQ(at, added.size());
  EXPECT_EQ(set.MemoryBytes(), bytes);
}

TEST_F(ReadSetTest, PastItsLimitNeighboursBecomeRangesAndNothingIsForgotten) {
  constexpr size_t kLimit = 4096;
  const Family users = db_->CreateFamily("users").value();
  base::Random random(1);
  ReadSet set(reads(), kLimit);
  std::vector<std::pair<key::FamilyId, std::string>> all;
  for (int i = 0; i < 5000; ++i) {
    const key::FamilyId family{random.OneIn(2) ? users.id() : 0};
    const std::string at = Key(static_cast<int>(random.Below(1000)));
    if (random.OneIn(4)) {
      set.AddRange(family, {.begin = at, .end = at + "~", .holds_end = true});
      all.emplace_back(family, at + "~");
    } else {
      set.AddPoint({family, at, random.OneIn(2)});
    }
    all.emplace_back(family, at);
    ASSERT_LE(set.MemoryBytes(), kLimit);
    const auto& [some_family, some] = all[random.Below(all.size())];
    ASSERT_TRUE(Holds(set, some_family, some)) << some;
  }
  for (const auto& [family, at] : all) ASSERT_TRUE(Holds(set, family, at)) << at;
  EXPECT_FALSE(Holds(set, key::FamilyId{99}, "a"));
}

TEST_F(ReadSetTest, LongKeysEndAsTheWholeFamily) {
  ReadSet set(reads(), 1024);
  set.AddPoint({key::kDefaultFamily, std::string(2000, 'a'), false});
  EXPECT_LE(set.MemoryBytes(), 1024u);
  EXPECT_TRUE(Holds(set, key::kDefaultFamily, "anything"));
}

TEST_F(ReadSetTest, RemembersTheFirstExpiry) {
  ReadSet set(reads(), 1024);
  EXPECT_EQ(set.expires_ms(), key::kNeverMs);
  for (const uint64_t expires_ms : {uint64_t{30}, uint64_t{10}, key::kNeverMs, uint64_t{20}}) set.SawExpiry(expires_ms);
  EXPECT_EQ(set.expires_ms(), 10u);
}

// A transaction that reads far more than its set can hold still finds every conflict.
TEST_F(ReadSetTest, CoarseSetFindsConflicts) {
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(db_->Put(Key(i), "1"));
  for (const int written : {0, 777, 1999}) {
    Transaction transaction = db_->Begin();
    const std::string longer(200, 'x');  // Absent keys, long ones: SmallOptions' budget holds few of them.
    for (int i = 0; i < 2000; ++i) {
      ASSERT_TRUE(transaction.Get(Key(i)));
      ASSERT_TRUE(transaction.Get(Key(i) + longer));
    }
    ASSERT_TRUE(db_->Put(Key(written), "2"));
    ASSERT_TRUE(transaction.Put("out", "1"));
    ExpectConflict(transaction.Commit());
  }
}

}  // namespace
}  // namespace amethyst::transactions
