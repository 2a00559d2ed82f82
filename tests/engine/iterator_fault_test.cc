// What a failing read does to an iterator, wherever it strikes: it ends with the error. Covers: db_iterator
#include <functional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::Key;

using Keys = std::vector<std::string>;

// Two dead stretches of several index pages, in a table above another one, between stretches that live.
class IteratorFault : public testing::Test {
 protected:
  IteratorFault() : world_(1, Settings()) {}

  void SetUp() override {
    ASSERT_EQ(support::Text(world_.Open()), "");
    DB& db = world_.db();
    ASSERT_TRUE(db.Put("a", "1") && db.Put("z", "1"));
    ASSERT_TRUE(db.CompactRange());
    for (uint64_t i = 0; i < 4 * kStretch; ++i) {
      const bool live = i / kStretch % 2 == 1;
      ASSERT_TRUE(live && i % 20 == 0 ? db.Put(Key(i), "v") : db.Delete(Key(i)));
    }
    ASSERT_TRUE(db.Flush());
    ASSERT_EQ(db.GetStats().levels[0].tables, 1u);
    for (int walk = 0; walk < kWalksMax; ++walk) {
      ASSERT_TRUE(db.Delete(Key(0)));
      moments_.push_back(db.GetSnapshot());
    }
  }
  void TearDown() override { moments_.clear(); }

  static Options Settings() {
    Options options = support::SmallOptions();
    options.memory_budget_bytes = size_t{32} << 20;
    options.write_buffer_bytes = size_t{8} << 20;
    options.block_bytes = 512;
    return options;
  }

  // Fails every `stride`-th read of the walk in turn, once and for good. What it shows is what it shows without a
  // fault, or a part of that from the begin and an error. The same iterator then walks again.
  void Sweep(const std::function<void(Iterator&, Keys*)>& walk, uint64_t stride) {
    support::FaultFileSystem& faults = world_.faults();
    const auto reads = [&] { return faults.calls(Operation::kRead); };
    Keys whole;
    uint64_t count = 0;
    for (int round = 0; round < 2; ++round) {  // The first opens the tables.
      const uint64_t before = reads();
      Iterator iterator = NewIterator();
      whole.clear();
      walk(iterator, &whole);
      ASSERT_TRUE(iterator.status());
      count = reads() - before;
    }
    ASSERT_GT(count, 5u) << "the walk reads what it shows";
    for (uint64_t k = 1; k <= count; k += stride) {
      for (const bool for_good : {false, true}) {
        Iterator iterator = NewIterator();
        faults.Fail({.operation = Operation::kRead, .call = reads() + k, .for_good = for_good});
        Keys seen;
        walk(iterator, &seen);
        ASSERT_FALSE(iterator.Valid());
        ASSERT_FALSE(iterator.status()) << "read " << k << " of " << count << " failed";
        ASSERT_LE(seen.size(), whole.size());
        ASSERT_TRUE(std::equal(seen.begin(), seen.end(), whole.begin()));
        faults.ClearFaults();
        seen.clear();
        walk(iterator, &seen);
        ASSERT_TRUE(iterator.status());
        ASSERT_EQ(seen, whole);
      }
    }
  }

  // Reads anew whatever it shows, and finds the dead stretches itself: it is older than all walks before it.
  [[nodiscard]] Iterator NewIterator() {
    AMETHYST_ASSERT(walks_ < kWalksMax);
    ReadOptions options;
    options.fill_cache = false;
    options.snapshot = &moments_[static_cast<size_t>(kWalksMax - ++walks_)];
    return world_.db().NewIterator(options);
  }

  static void Forward(Iterator& iterator, Keys* keys) {
    for (; iterator.Valid(); iterator.Next()) keys->emplace_back(iterator.key());
  }
  static void Backward(Iterator& iterator, Keys* keys) {
    for (; iterator.Valid(); iterator.Prev()) keys->emplace_back(iterator.key());
  }

  static constexpr uint64_t kStretch = 8000;
  static constexpr int kWalksMax = 3000;

  World world_;
  std::vector<Snapshot> moments_;
  int walks_ = 0;
};

TEST_F(IteratorFault, EndsAWalkForward) {
  Sweep([](Iterator& iterator, Keys* keys) { iterator.SeekToFirst(), Forward(iterator, keys); }, 1);
}

TEST_F(IteratorFault, EndsAWalkBackward) {
  Sweep([](Iterator& iterator, Keys* keys) { iterator.SeekToLast(), Backward(iterator, keys); }, 41);
}

TEST_F(IteratorFault, EndsASeekIntoADeadStretch) {
  for (const uint64_t from : {uint64_t{0}, uint64_t{10}, kStretch - 300, 2 * kStretch, 2 * kStretch + 1300}) {
    Sweep([&](Iterator& iterator, Keys* keys) { iterator.Seek(Key(from)), Forward(iterator, keys); }, 3);
  }
}

TEST_F(IteratorFault, EndsASeekBackIntoADeadStretch) {
  for (const uint64_t from : {kStretch / 2, 3 * kStretch - 1}) {
    Sweep([&](Iterator& iterator, Keys* keys) { iterator.SeekForPrev(Key(from)), Backward(iterator, keys); }, 47);
  }
}

TEST_F(IteratorFault, EndsATurnInADeadStretch) {
  const auto step = [](Iterator& iterator, Keys* keys, bool forward) {
    if (!iterator.Valid()) return;
    forward ? iterator.Next() : iterator.Prev();
    if (iterator.Valid()) keys->emplace_back(iterator.key());
  };
  Sweep(
      [&](Iterator& iterator, Keys* keys) {
        iterator.Seek(Key(2 * kStretch));  // Beyond the dead, at the first that lives.
        for (const bool forward : {false, true, true, false}) step(iterator, keys, forward);
        while (iterator.Valid()) step(iterator, keys, true);
      },
      13);
}

}  // namespace
}  // namespace amethyst::engine
