// Seeks and walks over ranges that were deleted one behind the other, against a map: range deletes that touch, with
// numbers that rise, fall or come in any order, among newer and older entries, in memtables and in tables.
// Covers: db_iterator_covers, covers
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/backwards.h"
#include "support/database.h"
#include "support/rounds.h"

namespace amethyst {
namespace {

using support::Text;

struct ByOrder {
  const Comparator* order;
  bool operator()(const std::string& a, const std::string& b) const { return order->Compare(a, b) < 0; }
};
using KeyMap = std::map<std::string, std::string, ByOrder>;

class TouchingRangeDeletes : public testing::TestWithParam<bool> {
 protected:
  static constexpr uint64_t kSlots = 40;
  static constexpr uint64_t kSlot = 12;  // Keys.

  struct Moment {
    Snapshot snapshot;
    KeyMap map;
  };

  void Begin(uint64_t seed) {
    moments_.clear();
    db_.reset();
    random_ = base::Random(seed);
    environment_.emplace(std::make_shared<io::MemoryFileSystem>(), seed);
    Options options = support::SmallOptions();
    options.block_bytes = 512;
    if (GetParam()) options.comparator = &backwards_;
    order_ = options.comparator;
    map_ = KeyMap(ByOrder{order_});
    db_ = support::OpenOrFail("/db", options, support::Over(*environment_));
    ASSERT_NE(db_, nullptr);
  }

  void Put(uint64_t n) {
    const std::string key = support::Key(n);
    const std::string value = std::to_string(++written_) + std::string(random_.Below(60), 'v');
    ASSERT_EQ(Text(db_->Put(key, value)), "");
    map_[key] = value;
  }
  void DeleteSlots(uint64_t first, uint64_t end) {
    std::string from = support::Key(first * kSlot), to = support::Key(end * kSlot);
    if (order_->Compare(to, from) < 0) std::swap(from, to);
    ASSERT_EQ(Text(db_->DeleteRange(from, to)), "");
    map_.erase(map_.lower_bound(from), map_.lower_bound(to));
  }
  // All slots but some at the edges, in rising, falling or any order.
  void DeleteThemOneByOne() {
    std::vector<uint64_t> slots;
    for (uint64_t slot = random_.Below(3); slot + random_.Below(3) < kSlots; ++slot) slots.push_back(slot);
    const uint64_t way = random_.Below(3);
    if (way == 1) std::ranges::reverse(slots);
    if (way == 2) {
      for (size_t i = slots.size(); i > 1; --i) std::swap(slots[i - 1], slots[random_.Below(i)]);
    }
    const uint64_t puts = random_.OneIn(2) ? 0 : 1 + random_.Below(20);
    const bool flushes = random_.OneIn(2);
    for (const uint64_t slot : slots) {
      ASSERT_NO_FATAL_FAILURE(DeleteSlots(slot, slot + 1));
      if (puts != 0 && random_.OneIn(puts)) ASSERT_NO_FATAL_FAILURE(Put(random_.Below(kSlots * kSlot)));
      if (random_.OneIn(30)) moments_.push_back({db_->GetSnapshot(), map_});
      if (flushes && random_.OneIn(15)) ASSERT_EQ(Text(db_->Flush()), "");
    }
  }

  // Seeks to any key, and some steps to and fro, within bounds or not.
  void ExpectWalks(const ReadOptions& at, KeyMap map) {
    ReadOptions options = at;
    std::string lower = support::Key(random_.Below(kSlots * kSlot)),
                upper = support::Key(random_.Below(kSlots * kSlot));
    if (order_->Compare(upper, lower) < 0) std::swap(lower, upper);
    if (random_.OneIn(4)) {
      options.lower_bound = lower;
      map.erase(map.begin(), map.lower_bound(lower));
    }
    if (random_.OneIn(4)) {
      options.upper_bound = upper;
      map.erase(map.lower_bound(upper), map.end());
    }
    Iterator it = db_->NewIterator(options);
    auto place = map.end();
    for (int move = 0; move < 60; ++move) {
      const std::string target = support::Key(random_.Below(kSlots * kSlot + 5));
      const uint64_t drawn = place == map.end() ? random_.Below(2) : random_.Below(8);
      if (drawn == 0) {
        it.Seek(target);
        place = map.lower_bound(target);
      } else if (drawn == 1) {
        it.SeekForPrev(target);
        const auto behind = map.upper_bound(target);
        place = behind == map.begin() ? map.end() : std::prev(behind);
      } else if (drawn < 5) {
        it.Next();
        ++place;
      } else {
        it.Prev();
        place = place == map.begin() ? map.end() : std::prev(place);
      }
      ASSERT_EQ(Text(it.status()), "");
      ASSERT_EQ(it.Valid(), place != map.end()) << "move " << drawn << ", target " << target;
      if (!it.Valid()) continue;
      ASSERT_EQ(it.key(), place->first) << "move " << drawn << ", target " << target;
      ASSERT_EQ(it.value(), place->second);
    }
  }
  void ExpectAllWalks() {
    for (int i = 0; i < 6; ++i) ASSERT_NO_FATAL_FAILURE(ExpectWalks({}, map_));
    for (const Moment& moment : moments_) {
      ASSERT_NO_FATAL_FAILURE(ExpectWalks({.snapshot = &moment.snapshot}, moment.map)) << "at a snapshot";
    }
  }

  const support::Backwards backwards_;
  const Comparator* order_ = BytewiseComparator();
  base::Random random_{0};
  std::optional<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  KeyMap map_{ByOrder{BytewiseComparator()}};
  std::vector<Moment> moments_;
  uint64_t written_ = 0;
};

TEST_P(TouchingRangeDeletes, ArePassedToTheKeysThatAreLeft) {
  for (uint64_t seed = 1; seed <= support::Rounds(25); ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(Begin(seed));
    for (int round = 0; round < 3; ++round) {
      for (uint64_t n = 0; n < kSlots * kSlot; ++n) {
        if (!random_.OneIn(3)) ASSERT_NO_FATAL_FAILURE(Put(n));
      }
      if (random_.OneIn(2)) ASSERT_EQ(Text(db_->Flush()), "");
      if (random_.OneIn(3)) ASSERT_EQ(Text(db_->CompactRange()), "");
      if (random_.OneIn(2)) moments_.push_back({db_->GetSnapshot(), map_});
      ASSERT_NO_FATAL_FAILURE(DeleteThemOneByOne());
      ASSERT_NO_FATAL_FAILURE(ExpectAllWalks()) << "in memory, in part";
      ASSERT_EQ(Text(db_->Flush()), "");
      ASSERT_NO_FATAL_FAILURE(ExpectAllWalks()) << "flushed";
      if (random_.OneIn(2)) ASSERT_EQ(Text(db_->CompactRange()), "");
      ASSERT_NO_FATAL_FAILURE(ExpectAllWalks()) << "compacted";
      if (moments_.size() > 4) moments_.erase(moments_.begin(), moments_.begin() + 2);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Order, TouchingRangeDeletes, testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "Backwards" : "Bytewise"; });

class SeekOverRangeDeletes : public testing::Test {
 protected:
  static constexpr uint64_t kKeys = 20'000;
  static constexpr uint64_t kPieces = 1'000;

  void SetUp() override {
    db_ = support::OpenOrFail("/db", support::SmallOptions(), support::Over(environment_));
    ASSERT_NE(db_, nullptr);
    const std::string value(100, 'v');
    for (uint64_t n = 0; n < kKeys; ++n) ASSERT_TRUE(db_->Put(support::Key(n), value));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->CompactRange());
    snapshot_.emplace(db_->GetSnapshot());  // So that nothing goes.
    for (uint64_t i = 0; i < kPieces; ++i) {
      ASSERT_TRUE(db_->DeleteRange(support::Key(10 + (kKeys - 20) * i / kPieces),
                                   support::Key(10 + (kKeys - 20) * (i + 1) / kPieces)));
    }
  }
  // So many blocks a new iterator looks at to find the key.
  void ExpectFinds(bool forward, uint64_t target, uint64_t found) {
    Iterator it = db_->NewIterator();
    const Stats before = db_->GetStats();
    forward ? it.Seek(support::Key(target)) : it.SeekForPrev(support::Key(target));
    ASSERT_TRUE(it.Valid());
    ASSERT_EQ(it.key(), support::Key(found));
    const Stats after = db_->GetStats();
    EXPECT_LE(after.blocks_read - before.blocks_read, 4u) << "an index page and a block, at most of two tables";
  }

  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
  std::unique_ptr<DB> db_;
  std::optional<Snapshot> snapshot_;
};

TEST_F(SeekOverRangeDeletes, LoadsNothingThatIsHidden) {
  for (const bool flushed : {false, true}) {
    if (flushed) ASSERT_TRUE(db_->Flush());
    for (const uint64_t target : {uint64_t{10}, uint64_t{5'000}, kKeys / 2, kKeys - 11}) {
      ASSERT_NO_FATAL_FAILURE(ExpectFinds(true, target, kKeys - 10));
      ASSERT_NO_FATAL_FAILURE(ExpectFinds(false, target, 9));
    }
  }
}

// The newer key comes from the memtable, and the tables have gone on to the far side: a turn finds them there.
TEST_F(SeekOverRangeDeletes, TurnsAtANewerKeyWithoutAWalkBack) {
  ASSERT_TRUE(db_->Put(support::Key(kKeys / 2), "newer"));
  Iterator it = db_->NewIterator();
  const uint64_t before = db_->GetStats().blocks_read;
  it.Seek(support::Key(kKeys / 4));
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), support::Key(kKeys / 2));
  it.Prev();
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), support::Key(9));
  it.SeekForPrev(support::Key(kKeys - 100));
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), support::Key(kKeys / 2));
  it.Next();
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), support::Key(kKeys - 10));
  EXPECT_LT(db_->GetStats().blocks_read - before, 40u) << "of some hundreds";
}

}  // namespace
}  // namespace amethyst
