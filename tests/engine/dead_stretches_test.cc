// Stretches in which nothing is alive: the second walk over one costs hardly more than a walk over nothing, however
// the puts and their deletes lie in memtables and tables, and nobody who should not know of it does.
// Covers: dead_stretches, dead_walk, db_iterator_dead
#include "engine/dead_stretches.h"

#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/transaction.h"
#include "base/random.h"
#include "engine/engine.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/counted.h"
#include "support/database.h"

namespace amethyst::engine {
namespace {

using support::Counted;
using support::Key;
using support::OpenOrFail;
using support::Over;
using support::Text;

constexpr key::FamilyId kFamily{3};
const key::Order kBytewise;

bool Finds(const DeadStretches& dead, std::string_view key, key::ReadPoint read) {
  DeadStretches::Found found;
  return dead.Find(kFamily, kBytewise, key, read, &found);
}

TEST(DeadStretches, AreFoundByThoseWhoSeeAsMuch) {
  DeadStretches dead;
  EXPECT_FALSE(Finds(dead, "d", key::SequenceNumber{99}));
  dead.Add(kFamily, kBytewise, {.begin = "b", .end = "f"}, {key::SequenceNumber{50}, 7000}, 100);
  EXPECT_EQ(dead.count(), 1u);
  EXPECT_TRUE(Finds(dead, "b", {key::SequenceNumber{50}, 7000}));
  EXPECT_TRUE(Finds(dead, "e", {key::SequenceNumber{51}, 9000}));
  EXPECT_FALSE(Finds(dead, "f", {key::SequenceNumber{50}, 7000})) << "the end is not in it";
  EXPECT_FALSE(Finds(dead, "a", {key::SequenceNumber{50}, 7000}));
  EXPECT_FALSE(Finds(dead, "d", {key::SequenceNumber{49}, 7000})) << "a snapshot from before the deletes";
  EXPECT_FALSE(Finds(dead, "d", {key::SequenceNumber{50}, 6999})) << "what had expired was not expired then";
  DeadStretches::Found found;
  EXPECT_FALSE(dead.Find(key::FamilyId{2}, kBytewise, "d", key::SequenceNumber{99}, &found));
}

TEST(DeadStretches, GiveWayToNewerOnes) {
  DeadStretches dead;
  const auto add = [&](key::Range range, uint64_t sequence) {
    dead.Add(kFamily, kBytewise, range, key::SequenceNumber{sequence}, 100);
  };
  add({.begin = "b", .end = "d"}, 10);
  add({.begin = "f", .end = "h"}, 10);
  add({.begin = "c", .end = "g"}, 20);
  EXPECT_EQ(dead.count(), 3u);
  EXPECT_TRUE(Finds(dead, "b", key::SequenceNumber{10}));
  EXPECT_FALSE(Finds(dead, "c", key::SequenceNumber{19}));
  EXPECT_TRUE(Finds(dead, "c", key::SequenceNumber{20}));
  EXPECT_FALSE(Finds(dead, "f", key::SequenceNumber{19}));
  EXPECT_TRUE(Finds(dead, "g", key::SequenceNumber{10}));
  add({}, 30);
  EXPECT_EQ(dead.count(), 1u);
  EXPECT_TRUE(Finds(dead, "", key::SequenceNumber{30}));
  add({.begin = "m", .end = "m"}, 40);
  EXPECT_EQ(dead.count(), 1u) << "nothing is in it";
  add({.begin = "m", .end = "p"}, 40);
  EXPECT_TRUE(Finds(dead, "a", key::SequenceNumber{30}));
  EXPECT_FALSE(Finds(dead, "m", key::SequenceNumber{39}));
}

TEST(DeadStretches, AreForgottenWhereEntriesLoseTheirNumbers) {
  DeadStretches dead;
  dead.Add(kFamily, kBytewise, {.begin = "b", .end = "d"}, key::SequenceNumber{10}, 100);
  dead.Add(kFamily, kBytewise, {.begin = "f", .end = "h"}, key::SequenceNumber{20}, 100);
  dead.ForgetBefore(key::SequenceNumber{15});
  EXPECT_EQ(dead.count(), 1u);
  EXPECT_FALSE(Finds(dead, "b", key::SequenceNumber{99}));
  EXPECT_TRUE(Finds(dead, "f", key::SequenceNumber{99}));
  dead.Add(kFamily, kBytewise, {.begin = "b", .end = "d"}, key::SequenceNumber{14}, 100);
  EXPECT_FALSE(Finds(dead, "b", key::SequenceNumber{99})) << "a walk that began before";
}

TEST(DeadStretches, KeepTheLongest) {
  DeadStretches dead;
  for (uint64_t n = 0; n < 1000; ++n) {
    const std::string begin = Key(n);
    dead.Add(kFamily, kBytewise, {.begin = begin, .end = begin + "x"}, key::SequenceNumber{5}, n % 2 == 0 ? n : 0);
  }
  EXPECT_EQ(dead.count(), 256u);
  EXPECT_TRUE(Finds(dead, Key(998), key::SequenceNumber{5}));
  EXPECT_FALSE(Finds(dead, Key(999), key::SequenceNumber{5}));
  EXPECT_FALSE(Finds(dead, Key(2), key::SequenceNumber{5}));
  dead.Add(kFamily, kBytewise, {.begin = std::string(5000, 'x')}, key::SequenceNumber{5}, 1 << 20);
  EXPECT_FALSE(Finds(dead, std::string(5001, 'x'), key::SequenceNumber{5})) << "long keys would take much memory";
}

constexpr uint64_t kDead = 5000;

// Puts of all keys and deletes of all but the first and last, each with a chance to flush at some places.
struct Arrangement {
  const char* name;
  bool flush_puts;
  bool flush_half_of_the_deletes;
  bool flush_deletes;
};

class DeadEntries : public testing::TestWithParam<Arrangement> {
 protected:
  DeadEntries() : environment_(std::make_shared<io::MemoryFileSystem>(), 1) {
    Options options = support::SmallOptions();
    options.write_buffer_bytes = size_t{4} << 20;
    options.memory_budget_bytes = size_t{64} << 20;
    options.comparator = &order_;
    db_ = OpenOrFail("/db", options, Over(environment_));
  }

  void Flush(bool whether) {
    if (whether) ASSERT_EQ(Text(db_->Flush()), "");
  }
  void Fill() {
    for (uint64_t n = 0; n <= kDead; ++n) ASSERT_TRUE(db_->Put(Key(n), "v"));
    held_.emplace_back(db_->GetSnapshot());  // So that no rewrite drops anything.
    Flush(GetParam().flush_puts);
    for (uint64_t n = 1; n < kDead; n += 2) ASSERT_TRUE(db_->Delete(Key(n)));
    Flush(GetParam().flush_half_of_the_deletes);
    for (uint64_t n = 2; n < kDead; n += 2) ASSERT_TRUE(db_->Delete(Key(n)));
    Flush(GetParam().flush_deletes);
  }
  uint64_t Cost(const std::function<void()>& walk) {
    const uint64_t before = order_.comparisons;
    walk();
    return order_.comparisons - before;
  }

  static constexpr uint64_t kCostMax = 600;

  Counted order_;
  simulation::SerialEnvironment environment_;
  std::unique_ptr<DB> db_;
  std::vector<Snapshot> held_;
};

INSTANTIATE_TEST_SUITE_P(Arrangements, DeadEntries,
                         testing::Values(Arrangement{"InMemory", false, false, false},
                                         Arrangement{"PutsInATable", true, false, false},
                                         Arrangement{"HalfInMemory", true, true, false},
                                         Arrangement{"InThreeTables", true, true, true},
                                         Arrangement{"DeletesInTwoPlaces", false, true, false},
                                         Arrangement{"InTwoTables", true, false, true}),
                         [](const auto& of) { return of.param.name; });

TEST_P(DeadEntries, CostTheFirstWalkAlone) {
  Fill();
  const auto forward = [&] {
    Iterator it = db_->NewIterator();
    it.Seek(Key(1));
    ASSERT_TRUE(it.Valid());
    EXPECT_EQ(it.key(), Key(kDead));
    it.SeekToFirst();
    it.Next();
    EXPECT_EQ(it.key(), Key(kDead));
  };
  const auto backward = [&] {
    Iterator it = db_->NewIterator();
    it.SeekForPrev(Key(kDead - 1));
    ASSERT_TRUE(it.Valid());
    EXPECT_EQ(it.key(), Key(0));
    it.SeekToLast();
    it.Prev();
    EXPECT_EQ(it.key(), Key(0));
  };
  forward();
  EXPECT_LT(Cost(forward), kCostMax);
  backward();
  EXPECT_LT(Cost(backward), kCostMax);
  ASSERT_TRUE(db_->Put(Key(0), "a write"));
  EXPECT_LT(Cost(backward), kCostMax);
  Iterator old = db_->NewIterator({.snapshot = &held_[0]});
  old.Seek(Key(1));
  EXPECT_EQ(old.key(), Key(1)) << "an older reader sees what was";
  ASSERT_TRUE(db_->Put(Key(kDead / 2), "again"));
  Iterator it = db_->NewIterator();
  it.Seek(Key(1));
  EXPECT_EQ(it.key(), Key(kDead / 2));
  it.Next();
  EXPECT_EQ(it.key(), Key(kDead));
  it.Prev();
  EXPECT_EQ(it.key(), Key(kDead / 2));
  it.Prev();
  EXPECT_EQ(it.key(), Key(0));
}

TEST_P(DeadEntries, AreFoundBackwardToo) {
  Fill();
  const auto backward = [&] {
    Iterator it = db_->NewIterator();
    it.SeekForPrev(Key(kDead - 1));
    ASSERT_TRUE(it.Valid());
    EXPECT_EQ(it.key(), Key(0));
  };
  backward();
  EXPECT_LT(Cost(backward), kCostMax);
  ASSERT_TRUE(db_->Delete(Key(0)));
  Iterator it = db_->NewIterator({.upper_bound = Key(kDead)});
  it.SeekToLast();
  EXPECT_FALSE(it.Valid());
  EXPECT_LT(Cost([&] { it.SeekToLast(); }), kCostMax);
  EXPECT_FALSE(it.Valid());
}

// What a transaction has deleted is alive for all others, unless it commits. Their walks begin at keys that are dead
// for them as well, and ask there whether more is dead.
TEST(DeadStretchesOfTransactions, StayTheirOwn) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  auto db = OpenOrFail("/db", support::SmallOptions(), Over(environment));
  for (uint64_t n = 0; n <= 300; ++n) ASSERT_TRUE(db->Put(Key(n), "v"));
  const auto first_of = [](Iterator it) {
    it.SeekToFirst();
    return it.Valid() ? std::string(it.key()) : std::string();
  };
  for (uint64_t n = 0; n < 20; ++n) ASSERT_TRUE(db->Delete(Key(n)));
  {
    Transaction transaction = db->Begin();
    for (uint64_t n = 0; n < 300; ++n) ASSERT_TRUE(transaction.Delete(Key(n)));
    EXPECT_EQ(first_of(transaction.NewIterator()), Key(300));
    EXPECT_EQ(first_of(db->NewIterator()), Key(20));
  }
  EXPECT_EQ(first_of(db->NewIterator()), Key(20));
  for (uint64_t n = 0; n < 300; ++n) ASSERT_TRUE(db->Delete(Key(n)));
  EXPECT_EQ(first_of(db->NewIterator()), Key(300));
  Transaction transaction = db->Begin();
  ASSERT_TRUE(transaction.Put(Key(150), "mine"));
  EXPECT_EQ(first_of(transaction.NewIterator()), Key(150));
}

// A key comes back to life in a dead stretch, and what has nothing below takes its sequence number: a flush or a
// compaction.
class DeadAndRewritten : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(By, DeadAndRewritten, testing::Bool(),
                         [](const auto& of) { return of.param ? "AFlush" : "ACompaction"; });

TEST_P(DeadAndRewritten, WhatCameBackIsSeen) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  auto db = OpenOrFail("/db", support::SmallOptions(), Over(environment));
  for (uint64_t n = 0; n <= 300; ++n) ASSERT_TRUE(db->Put(Key(n), "v"));
  if (!GetParam()) ASSERT_EQ(Text(db->Flush()), "");
  for (uint64_t n = 1; n < 300; ++n) ASSERT_TRUE(db->Delete(Key(n)));
  for (const bool forward : {true, false}) {  // What is found is remembered.
    Iterator it = db->NewIterator();
    forward ? it.Seek(Key(1)) : it.SeekForPrev(Key(299));
    EXPECT_EQ(it.key(), Key(forward ? 300 : 0));
  }
  ASSERT_GT(db->engine()->database().reads->dead.count(), 0u) << "or this test could not fail";
  ASSERT_TRUE(db->Put(Key(150), "again"));
  for (uint64_t n = 100; n < 200; ++n) {
    if (n != 150) ASSERT_TRUE(db->Put(Key(n), "short")) << "and deleted";
    if (n != 150) ASSERT_TRUE(db->Delete(Key(n)));
  }
  ASSERT_EQ(Text(GetParam() ? db->Flush() : db->CompactRange()), "");
  for (uint64_t n = 100; n < 200; ++n) {  // Dead keys around it, again.
    if (n != 150) ASSERT_TRUE(db->Delete(Key(n)));
  }
  Iterator it = db->NewIterator();
  it.Seek(Key(1));
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), Key(150));
  it.SeekForPrev(Key(299));
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), Key(150));
}

// A queue: the front is looked for, taken and deleted, at the back one is added.
TEST(DeadQueue, PopsCostTheSameAtAnyLength) {
  Counted order;
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  Options options = support::SmallOptions();
  options.write_buffer_bytes = size_t{256} << 10;
  options.comparator = &order;
  auto db = OpenOrFail("/db", options, Over(environment));
  const std::string value(100, 'v');
  uint64_t tail = 0;
  for (; tail < 2000; ++tail) ASSERT_TRUE(db->Put(Key(tail), value));
  const uint64_t before = order.comparisons;
  constexpr uint64_t kPops = 20'000;
  for (uint64_t head = 0; head < kPops; ++head) {
    Iterator it = db->NewIterator();
    it.SeekToFirst();
    ASSERT_TRUE(it.Valid());
    ASSERT_EQ(it.key(), Key(head));
    ASSERT_TRUE(db->Delete(it.key()));
    ASSERT_TRUE(db->Put(Key(tail++), value));
  }
  EXPECT_GT(db->GetStats().flushes, 5u);
  EXPECT_LT((order.comparisons - before) / kPops, 1000u);
}

// Random stretches die and come back, under readers of several moments, against maps.
class DeadModel : public testing::TestWithParam<bool> {
 protected:
  struct Moment {
    Snapshot snapshot;
    std::map<std::string, std::string> map;
  };
  static constexpr uint64_t kKeys = 1500;

  [[nodiscard]] std::string Random() { return Key(random_.Below(kKeys)); }

  // A walk of some steps from somewhere, either way, with bounds at times.
  void Check(const std::map<std::string, std::string>& map, ReadOptions options) {
    const std::string a = Random();
    const std::string b = Random();
    if (random_.OneIn(3)) options.lower_bound = std::min(a, b);
    if (random_.OneIn(3)) options.upper_bound = std::max(a, b);
    Iterator it = db_->NewIterator(options);
    const auto begin = options.lower_bound ? map.lower_bound(std::string(*options.lower_bound)) : map.begin();
    const auto end = options.upper_bound ? map.lower_bound(std::string(*options.upper_bound)) : map.end();
    const std::string target = Random();
    const bool forward = random_.OneIn(2);
    std::vector<std::string> wanted;
    std::vector<std::string> seen;
    if (forward) {
      for (auto at = begin; at != end && wanted.size() < 20; ++at) {
        if (at->first >= target) wanted.push_back(at->first + "=" + at->second);
      }
    } else {
      for (auto at = end; at != begin && wanted.size() < 20;) {
        if ((--at)->first <= target) wanted.push_back(at->first + "=" + at->second);
      }
    }
    for (forward ? it.Seek(target) : it.SeekForPrev(target); it.Valid() && seen.size() < 20;
         forward ? it.Next() : it.Prev()) {
      seen.push_back(std::string(it.key()) + "=" + std::string(it.value()));
    }
    ASSERT_EQ(Text(it.status()), "");
    ASSERT_EQ(seen, wanted) << (forward ? "from " : "back from ") << target;
  }

  void Change() {
    const uint64_t first = random_.Below(kKeys);
    const uint64_t count = random_.OneIn(4) ? 200 + random_.Below(600) : random_.Below(20);
    const bool dies = random_.OneIn(2);
    for (uint64_t n = first; n < std::min(kKeys, first + count); ++n) {
      const std::string key = Key(n);
      if (dies) {
        ASSERT_TRUE(db_->Delete(key));
        map_.erase(key);
      } else if (count < 20) {
        ASSERT_TRUE(db_->Put(key, map_[key] = std::to_string(++written_)));
      }
    }
  }

  base::Random random_{1};
  Counted order_;
  std::optional<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  std::map<std::string, std::string> map_;
  uint64_t written_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Orders, DeadModel, testing::Bool());

TEST_P(DeadModel, ShowsWhatAMapShows) {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    random_ = base::Random(seed);
    environment_.emplace(std::make_shared<io::MemoryFileSystem>(), seed);
    Options options = support::SmallOptions();
    if (GetParam()) options.comparator = &order_;
    db_ = OpenOrFail("/db", options, Over(*environment_));
    map_.clear();
    std::vector<Moment> moments;
    for (uint64_t n = 0; n < kKeys; ++n) ASSERT_TRUE(db_->Put(Key(n), map_[Key(n)] = "0"));
    for (int round = 0; round < 150; ++round) {
      Change();
      if (random_.OneIn(10)) ASSERT_EQ(Text(db_->Flush()), "");
      if (random_.OneIn(12)) moments.push_back({db_->GetSnapshot(), map_});
      if (random_.OneIn(30) && !moments.empty()) moments.erase(moments.begin());
      for (int check = 0; check < 12; ++check) {
        const bool now = moments.empty() || random_.OneIn(2);
        const Moment* const moment = now ? nullptr : &moments[random_.Below(moments.size())];
        Check(now ? map_ : moment->map, {.snapshot = now ? nullptr : &moment->snapshot});
        if (HasFatalFailure()) return;
      }
    }
    moments.clear();
    db_.reset();
  }
}

}  // namespace
}  // namespace amethyst::engine
