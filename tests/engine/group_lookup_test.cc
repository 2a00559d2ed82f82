// Covers: group_lookup, point_read
// Reads that wait for several files at a time: many keys at once, and a seek over several runs. Which pieces are asked
// for, and when; that nothing comes out but what single reads say; and what fails.
#include "engine/group_lookup.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;

constexpr uint64_t kRuns = 3;
constexpr uint64_t kKeysOfARun = 200;

std::string ValueOfKey(uint64_t i) { return std::to_string(i) + std::string(3000, 'v'); }

// Level 0 has three tables, whose keys lie between each other's: key i is in table i % 3. A block holds two keys at
// most, and a table has few index pages.
class ReadsTogether : public testing::Test {
 protected:
  ReadsTogether() {
    world_.faults().Watch([this](Operation operation) {
      if (operation == Operation::kRead) calls_ += 'r';
      if (operation == Operation::kPrefetch) calls_ += 'p';
    });
    EXPECT_EQ(Text(world_.Open()), "");
    for (uint64_t run = 0; run < kRuns; ++run) {
      for (uint64_t i = run; i < kRuns * kKeysOfARun; i += kRuns) EXPECT_EQ(Text(db().Put(Key(i), ValueOfKey(i))), "");
      EXPECT_EQ(Text(db().Flush()), "");
    }
    Reopen();
    EXPECT_EQ(db().GetStats().levels[0].tables, kRuns);
  }

  // Nothing is in memory after it.
  void Reopen() {
    world_.Reopen();
    calls_.clear();
  }
  DB& db() { return world_.db(); }

  // Every step-th key from `first` on, as many as are looked up together.
  static std::vector<std::string> Keys(uint64_t first, uint64_t step) {
    std::vector<std::string> keys;
    for (uint64_t i = 0; i < kGroupMax; ++i) keys.push_back(Key(first + i * step));
    return keys;
  }
  auto MultiGet(const std::vector<std::string>& keys, const ReadOptions& options = {}) {
    return db().MultiGet(std::vector<std::string_view>(keys.begin(), keys.end()), options);
  }
  // How often reads came after something was asked for.
  [[nodiscard]] ptrdiff_t Waits() const {
    ptrdiff_t waits = 0;
    for (size_t i = 1; i < calls_.size(); ++i) waits += calls_[i - 1] == 'p' && calls_[i] == 'r' ? 1 : 0;
    return waits;
  }

  // A run fits into the memtable.
  static Options OptionsOfRuns() {
    Options options = support::SmallOptions();
    options.write_buffer_bytes = size_t{2} << 20;
    options.memory_budget_bytes = size_t{32} << 20;
    return options;
  }

  World world_{1, OptionsOfRuns()};
  std::string calls_;
};

constexpr uint64_t kStep = 16;  // No two in a block, and all of the tables in turn.

TEST_F(ReadsTogether, AllBlocksAreAskedForBeforeTheFirstIsWaitedFor) {
  static_cast<void>(MultiGet(Keys(16, kStep)));  // Brings in filters and index pages.
  for (const bool fill_cache : {false, true}) {
    calls_.clear();
    const auto results = MultiGet(Keys(8, kStep), {.fill_cache = fill_cache});
    for (uint64_t i = 0; i < kGroupMax; ++i) EXPECT_EQ(results[i].value(), ValueOfKey(8 + i * kStep));
    EXPECT_EQ(calls_, std::string(kGroupMax, 'p') + std::string(kGroupMax, 'r'));
  }
  calls_.clear();
  static_cast<void>(MultiGet(Keys(8, kStep)));
  EXPECT_EQ(calls_, "") << "all of it is in memory";
}

TEST_F(ReadsTogether, FiltersPagesAndBlocksTakeOneWaitEach) {
  const auto results = MultiGet(Keys(0, kStep));
  for (uint64_t i = 0; i < kGroupMax; ++i) EXPECT_EQ(results[i].value(), ValueOfKey(i * kStep));
  EXPECT_EQ(Waits(), 3) << calls_;
}

TEST_F(ReadsTogether, ASingleReadIsNotAskedFor) {
  static_cast<void>(MultiGet(Keys(0, kStep)));
  calls_.clear();
  EXPECT_EQ(MultiGet({Key(0), Key(8), "absent"})[1].value(), ValueOfKey(8));
  EXPECT_EQ(calls_, "r");
}

TEST_F(ReadsTogether, NothingThatIsAskedForInVainChangesAnAnswer) {
  world_.FailNext(Operation::kPrefetch, ErrorCode::kIo, true);
  const auto results = MultiGet(Keys(0, kStep));
  for (uint64_t i = 0; i < kGroupMax; ++i) EXPECT_EQ(results[i].value(), ValueOfKey(i * kStep));
}

// Each read in turn fails, once or with all later ones, or is cut short.
TEST_F(ReadsTogether, AFailedReadIsToldToItsOwnKeysAlone) {
  const std::vector<std::string> keys = Keys(0, kStep);
  static_cast<void>(MultiGet(keys));
  const auto reads = static_cast<uint64_t>(std::ranges::count(calls_, 'r'));
  ASSERT_GT(reads, kGroupMax);
  uint64_t errors = 0;
  for (uint64_t k = 0; k < reads; ++k) {
    for (const bool for_good : {false, true}) {
      for (const bool half : {false, true}) {
        Reopen();
        world_.faults().Fail({.operation = Operation::kRead,
                              .call = world_.faults().calls(Operation::kRead) + 1 + k,
                              .for_good = for_good,
                              .half = half});
        uint64_t failed = 0;
        const auto results = MultiGet(keys);
        for (uint64_t i = 0; i < keys.size(); ++i) {
          if (results[i]) EXPECT_EQ(*results[i], ValueOfKey(i * kStep));
          if (!results[i]) EXPECT_EQ(CodeOf(results[i]), half ? ErrorCode::kCorruption : ErrorCode::kIo);
          failed += results[i] ? 0u : 1u;
        }
        EXPECT_TRUE(for_good || failed <= 1) << "read " << k << " failed once, and " << failed << " keys with it";
        errors += failed;
        world_.faults().ClearFaults();
        for (const auto& result : MultiGet(keys)) EXPECT_TRUE(result.has_value());
      }
    }
  }
  EXPECT_GT(errors, kGroupMax);
}

TEST_F(ReadsTogether, ASeekOverSeveralRunsAsksForAllBeforeItWaits) {
  Iterator first = db().NewIterator();
  first.Seek(Key(10));  // Brings in the index pages.
  for (const uint64_t i : {uint64_t{40}, uint64_t{80}, uint64_t{120}}) {
    calls_.clear();
    Iterator iterator = db().NewIterator({.fill_cache = i < 120});
    iterator.Seek(Key(i));
    ASSERT_TRUE(iterator.Valid()) << Text(iterator.status());
    EXPECT_EQ(iterator.key(), Key(i));
    EXPECT_EQ(iterator.value(), ValueOfKey(i));
    EXPECT_EQ(calls_, std::string(kRuns, 'p') + std::string(kRuns, 'r'));
  }
  calls_.clear();
  Iterator again = db().NewIterator();
  again.Seek(Key(80));
  EXPECT_EQ(again.key(), Key(80));
  EXPECT_EQ(calls_, "") << "all of it is in memory";
}

}  // namespace
}  // namespace amethyst::engine
