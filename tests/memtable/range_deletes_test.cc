// The range deletes of a memtable: what a reader at any moment, not the newest alone, is told, while one thread writes.
// Run it under ThreadSanitizer.
#include "memtable/range_deletes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "memtable/memtable.h"
#include "support/backwards.h"

namespace amethyst::memtable {
namespace {

using key::SequenceNumber;

constexpr uint64_t kKeys = 40;

SequenceNumber S(uint64_t sequence) { return SequenceNumber{sequence}; }
std::string KeyOf(uint64_t n) { return {static_cast<char>('a' + n / 8), static_cast<char>('a' + n % 8)}; }

struct Delete {
  std::optional<std::string> begin;
  std::optional<std::string> end;
  uint64_t sequence = 0;

  [[nodiscard]] key::Range Range() const {
    key::Range range;
    if (begin) range.begin = *begin;
    if (end) range.end = *end;
    return range;
  }
};

// What happens at a sequence number is a function of it, so that a reader can tell what it has to see.
std::vector<Delete> Drawn(uint64_t count, uint64_t seed, const key::Order& order) {
  base::Random random(seed);
  std::vector<Delete> deletes;
  for (uint64_t sequence = 1; deletes.size() < count; sequence += 1 + random.Below(3)) {
    Delete one{.begin = KeyOf(random.Below(kKeys)), .end = KeyOf(random.Below(kKeys)), .sequence = sequence};
    if (order.Less(*one.end, *one.begin)) std::swap(one.begin, one.end);
    if (random.OneIn(10)) one.begin.reset();
    if (random.OneIn(10)) one.end.reset();
    deletes.push_back(std::move(one));
  }
  return deletes;
}

SequenceNumber Expected(const std::vector<Delete>& deletes, std::string_view key, uint64_t visible,
                        const key::Order& order) {
  SequenceNumber newest{};
  for (const Delete& one : deletes) {
    if (one.sequence <= visible && one.Range().Holds(key, order)) newest = std::max(newest, S(one.sequence));
  }
  return newest;
}

// What all lists that the reader sees say together.
key::Cover CoverAt(const RangeDeletes& written, std::string_view key, SequenceNumber visible, const key::Order& order) {
  std::vector<const key::RangeTombstones*> lists;
  written.AppendSeen(visible, &lists);
  key::Cover cover;
  for (const key::RangeTombstones* const list : lists) {
    EXPECT_LE(list->newest(), visible);
    const key::Cover one = list->At(key, visible);
    cover.sequence = std::max(cover.sequence, one.sequence);
    cover.stretch.Narrow(one.stretch, order);
  }
  return cover;
}

void ExpectAllAt(const RangeDeletes& written, const std::vector<Delete>& deletes, uint64_t visible,
                 const key::Order& order) {
  for (uint64_t n = 0; n < kKeys; ++n) {
    const std::string key = KeyOf(n);
    const SequenceNumber expected = Expected(deletes, key, visible, order);
    ASSERT_EQ(written.Covering(key, S(visible)), expected) << key << " at " << visible;
    const key::Cover cover = CoverAt(written, key, S(visible), order);
    ASSERT_EQ(cover.sequence, expected) << key << " at " << visible;
    ASSERT_TRUE(cover.stretch.Holds(key, order)) << key << " at " << visible;
    for (uint64_t other = 0; other < kKeys; ++other) {
      if (!cover.stretch.Holds(KeyOf(other), order)) continue;
      ASSERT_EQ(Expected(deletes, KeyOf(other), visible, order), expected) << key << ", " << KeyOf(other);
    }
  }
}

class RangeDeletesProperty : public testing::TestWithParam<bool> {
 protected:
  const support::Backwards backwards_;
  const key::Order order_ = GetParam() ? key::Order(&backwards_) : key::Order();
};

TEST_P(RangeDeletesProperty, AnswerEveryReaderAsTheListDoes) {
  const std::vector<Delete> deletes = Drawn(300, 7, order_);
  RangeDeletes written(order_);
  for (const Delete& one : deletes) {
    written.Prepare(one.Range(), S(one.sequence));
    written.Publish();
  }
  base::Random random(8);
  const uint64_t last = deletes.back().sequence;
  for (uint64_t visible = 0; visible <= last + 1; visible += random.OneIn(4) ? 1 : random.Below(12)) {
    ASSERT_NO_FATAL_FAILURE(ExpectAllAt(written, deletes, visible, order_));
  }
  ASSERT_NO_FATAL_FAILURE(ExpectAllAt(written, deletes, key::Raw(key::kSequenceMax), order_));
}

TEST_P(RangeDeletesProperty, AnswerTheNewestReaderAfterEach) {
  const std::vector<Delete> deletes = Drawn(90, 9, order_);
  RangeDeletes written(order_);
  for (size_t count = 1; count <= deletes.size(); ++count) {
    const Delete& one = deletes[count - 1];
    written.Prepare(one.Range(), S(one.sequence));
    written.Publish();
    const std::vector<Delete> so_far(deletes.begin(), deletes.begin() + static_cast<ptrdiff_t>(count));
    ASSERT_NO_FATAL_FAILURE(ExpectAllAt(written, so_far, one.sequence, order_));
  }
}

INSTANTIATE_TEST_SUITE_P(Order, RangeDeletesProperty, testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "Backwards" : "Bytewise"; });

TEST(RangeDeletes, AreAllGivenBackOldestFirst) {
  const std::vector<Delete> deletes = Drawn(100, 11, key::Order());
  RangeDeletes written{key::Order()};
  std::vector<key::RangeTombstone> all;
  written.AppendTo(&all);
  EXPECT_TRUE(all.empty() && written.Empty());
  for (const Delete& one : deletes) {
    written.Prepare(one.Range(), S(one.sequence));
    written.Publish();
  }
  written.AppendTo(&all);
  ASSERT_EQ(all.size(), deletes.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].sequence, S(deletes[i].sequence));
    EXPECT_EQ(all[i].range.begin, deletes[i].Range().begin);
    EXPECT_EQ(all[i].range.end, deletes[i].Range().end);
  }
}

TEST(RangeDeletes, AreNotSeenBeforeTheyArePublished) {
  RangeDeletes written{key::Order()};
  written.Prepare({.begin = "a", .end = "m"}, S(3));
  written.Prepare({.begin = "m", .end = {}}, S(4));
  EXPECT_TRUE(written.Empty());
  EXPECT_EQ(written.Covering("b", key::kSequenceMax), S(0));
  EXPECT_EQ(CoverAt(written, "b", key::kSequenceMax, key::Order()).sequence, S(0));
  written.Publish();
  EXPECT_FALSE(written.Empty());
  EXPECT_EQ(written.Covering("b", key::kSequenceMax), S(3));
  EXPECT_EQ(written.Covering("x", key::kSequenceMax), S(4));
  EXPECT_EQ(written.Covering("x", S(3)), S(0)) << "the reader does not see it yet";
  written.Publish();  // Of the second of the batch.
  EXPECT_EQ(written.Covering("b", key::kSequenceMax), S(3));
}

TEST(RangeDeletes, ThatWereForgottenLeaveNothing) {
  RangeDeletes written{key::Order()};
  std::vector<Delete> deletes;
  for (uint64_t sequence = 1; sequence <= 40; ++sequence) {
    // The log did not take the first: the second has its number.
    written.Prepare({.begin = "a", .end = {}}, S(sequence));
    written.ForgetPrepared();
    const std::string begin = KeyOf(sequence % kKeys);
    const std::string end = KeyOf((sequence + 2) % kKeys);
    if (begin >= end) continue;
    deletes.push_back({.begin = begin, .end = end, .sequence = sequence});
    written.Prepare(deletes.back().Range(), S(sequence));
    written.Publish();
  }
  for (const uint64_t visible : {5, 17, 40}) {
    ASSERT_NO_FATAL_FAILURE(ExpectAllAt(written, deletes, visible, key::Order()));
  }
}

TEST(RangeDeletes, CopyTheKeysThatTheyAreGiven) {
  RangeDeletes written{key::Order()};
  std::string begin = "a", end = "m";
  for (uint64_t sequence = 1; sequence <= 5; ++sequence) written.Prepare({.begin = begin, .end = end}, S(sequence));
  written.Publish();
  begin = "x", end = "z";
  EXPECT_EQ(written.Covering("b", key::kSequenceMax), S(5));
  EXPECT_EQ(written.Covering("y", key::kSequenceMax), S(0));
}

// Readers, each of which has loaded `visible`, beside the writer.
TEST(RangeDeletes, ShowEachReaderWhatWasPublishedWhenItCame) {
  constexpr size_t kCount = 500;
  const std::vector<Delete> deletes = Drawn(kCount, 21, key::Order());
  RangeDeletes written{key::Order()};
  std::atomic<uint64_t> visible{0};  // Released by the writer, acquired by readers.
  const auto read = [&](uint64_t seed) {
    base::Random random(seed);
    for (uint64_t newest = 0; newest < deletes.back().sequence;) {
      newest = visible.load(std::memory_order_acquire);
      const uint64_t at = random.OneIn(2) ? newest : random.Below(newest + 1);
      const std::string key = KeyOf(random.Below(kKeys));
      const SequenceNumber expected = Expected(deletes, key, at, key::Order());
      ASSERT_EQ(written.Covering(key, S(at)), expected) << key << " at " << at;
      ASSERT_EQ(CoverAt(written, key, S(at), key::Order()).sequence, expected) << key << " at " << at;
    }
  };
  std::vector<std::thread> readers;
  for (uint64_t seed = 1; seed <= 3; ++seed) readers.emplace_back(read, seed);
  for (size_t i = 0; i < kCount; ++i) {
    // Two by two, as a batch of two has it: the first is published with the second, and not visible alone.
    written.Prepare(deletes[i].Range(), S(deletes[i].sequence));
    if (i % 3 == 0 && i + 1 < kCount) continue;
    written.Publish();
    visible.store(deletes[i].sequence, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
}

// The memtable around them, and what it counts.
TEST(RangeDeletes, OfAMemtableAreThoseOfEachFamily) {
  constexpr key::FamilyId kOther{7};
  Memtable memtable(size_t{1} << 20, key::Order());
  EXPECT_FALSE(memtable.HasRangeDeletes());
  EXPECT_EQ(memtable.RangeDeletesOf(key::kDefaultFamily), nullptr);
  memtable.Prepare(kOther, key::Order());
  memtable.PrepareRange(kOther, {.begin = "a", .end = "m"}, S(1));
  EXPECT_EQ(memtable.RangeDeletesOf(kOther), nullptr);
  EXPECT_TRUE(memtable.Empty());
  memtable.InsertRange(kOther, 4, S(1));
  EXPECT_TRUE(memtable.HasRangeDeletes());
  EXPECT_FALSE(memtable.Empty());
  EXPECT_EQ(memtable.last_sequence(), S(1));
  EXPECT_EQ(memtable.RangeDeletesOf(key::kDefaultFamily), nullptr);
  ASSERT_NE(memtable.RangeDeletesOf(kOther), nullptr);
  EXPECT_EQ(memtable.RangeDeletesOf(kOther)->Covering("b", key::kSequenceMax), S(1));
  memtable.PrepareRange(key::kDefaultFamily, {}, S(2));
  memtable.ForgetPreparedRanges();
  memtable.PrepareRange(key::kDefaultFamily, {.begin = "x", .end = {}}, S(2));
  memtable.InsertRange(key::kDefaultFamily, 3, S(2));
  ASSERT_NE(memtable.RangeDeletesOf(key::kDefaultFamily), nullptr);
  EXPECT_EQ(memtable.RangeDeletesOf(key::kDefaultFamily)->Covering("b", key::kSequenceMax), S(0));
  EXPECT_EQ(memtable.RangeDeletesOf(key::kDefaultFamily)->Covering("y", key::kSequenceMax), S(2));
}

TEST(RangeDeletes, TakeRoomOfAMemtable) {
  Memtable memtable(size_t{64} << 10, key::Order());
  uint64_t sequence = 0;
  while (memtable.HasRoom(Memtable::BytesForRange(10))) {
    ++sequence;
    memtable.PrepareRange(key::kDefaultFamily, {.begin = "abcd", .end = "efgh"}, S(sequence));
    memtable.InsertRange(key::kDefaultFamily, 10, S(sequence));
  }
  EXPECT_GT(sequence, 40u);
  EXPECT_LT(sequence, 200u);
}

}  // namespace
}  // namespace amethyst::memtable
