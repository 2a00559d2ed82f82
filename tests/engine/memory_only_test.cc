// Reads that may not wait: what is in memory is as any other read finds it, for the rest they are kBusy and touch no
// file, and an iterator's step can be repeated. Covers: db_iterator, point_lookup, merged_read
#include "base/random.h"
#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;

constexpr uint64_t kWalkedKeys = 1500;

Options CountingOptions() {
  Options options = support::SmallOptions();
  options.families["default"].merge_operator = Append(",");
  return options;
}

// Several tables on several levels, with overwritten and deleted keys, range deletes and operands, none of which is in
// the cache; and some writes in the memtable.
class MemoryOnly : public testing::Test {
 protected:
  MemoryOnly() : world_(1, CountingOptions()) {
    EXPECT_EQ(Text(world_.Open()), "");
    base::Random random(7);
    for (int round = 0; round < 4; ++round) {
      for (uint64_t i = 0; i < kWalkedKeys; ++i) {
        if (round == 0 || random.OneIn(3)) Write(random, i);
      }
      EXPECT_EQ(Text(db().DeleteRange(Key(300 * static_cast<uint64_t>(round)),
                                      Key(300 * static_cast<uint64_t>(round) + 100))),
                "");
      EXPECT_EQ(Text(db().Flush()), "");
      if (round == 1) EXPECT_EQ(Text(db().CompactRange()), "");
    }
    EXPECT_EQ(Text(db().Close()), "");
    world_.Reopen();
    for (uint64_t i = 0; i < kWalkedKeys; i += 50) Write(random, i);
  }

  void Write(base::Random& random, uint64_t i) {
    const std::string value(random.Below(60), static_cast<char>('a' + random.Below(26)));
    const uint64_t kind = random.Below(10);
    EXPECT_EQ(Text(kind < 7   ? db().Put(Key(i), value)
                   : kind < 9 ? db().Merge(Key(i), value)
                              : db().Delete(Key(i))),
              "");
  }
  DB& db() { return world_.db(); }
  // What would make a thread wait.
  [[nodiscard]] uint64_t FileCalls() {
    return world_.faults().calls(Operation::kRead) + world_.faults().calls(Operation::kOpen) +
           world_.faults().calls(Operation::kPrefetch);
  }

  World world_;
};

// An iterator that reads from memory alone. Each step that is refused is repeated, by turns with the permission to read
// and after another read has brought in what it needs.
class Stepper {
 public:
  using Step = void (Iterator::*)();
  using SeekTo = void (Iterator::*)(std::string_view);

  Stepper(World& world, const ReadOptions& options) : world_(world), iterator_(Made(world, options)) {}

  void Move(Step step) {
    Repeat([&] { (iterator_.*step)(); });
  }
  void Move(SeekTo seek, std::string_view target) {
    Repeat([&] { (iterator_.*seek)(target); });
  }
  Iterator& operator*() { return iterator_; }
  Iterator* operator->() { return &iterator_; }
  [[nodiscard]] uint64_t refused() const { return refused_; }

 private:
  static Iterator Made(World& world, ReadOptions options) {
    options.memory_only = true;
    return world.db().NewIterator(options);
  }
  [[nodiscard]] uint64_t FileCalls() {
    return world_.faults().calls(Operation::kRead) + world_.faults().calls(Operation::kOpen);
  }
  template <typename Call>
  void Repeat(Call call) {
    for (int tries = 0; tries < 100; ++tries) {
      const uint64_t before = FileCalls();
      call();
      EXPECT_EQ(FileCalls(), before);
      if (iterator_.status()) return;
      ASSERT_EQ(iterator_.status().error().code(), ErrorCode::kBusy);
      EXPECT_FALSE(iterator_.Valid());
      if (++refused_ % 3 == 0) continue;  // In vain.
      iterator_.SetMemoryOnly(false);
      call();
      iterator_.SetMemoryOnly(true);
      if (iterator_.status()) return;
    }
    ADD_FAILURE() << "a step never comes to an end";
  }

  World& world_;
  Iterator iterator_;
  uint64_t refused_ = 0;
};

void ExpectSame(Iterator& iterator, Iterator& expected) {
  ASSERT_EQ(Text(expected.status()), "");
  ASSERT_EQ(iterator.Valid(), expected.Valid());
  if (!expected.Valid()) return;
  EXPECT_EQ(iterator.key(), expected.key());
  EXPECT_EQ(iterator.value(), expected.value());
}

TEST_F(MemoryOnly, AWalkForwardAndBackShowsWhatAnyOtherDoes) {
  for (const bool fill_cache : {true, false}) {
    world_.Reopen();
    const Snapshot snapshot = db().GetSnapshot();
    Stepper stepper(world_, {.snapshot = &snapshot, .fill_cache = fill_cache});
    std::vector<std::pair<std::string, std::string>> forward, backward;
    for (stepper.Move(&Iterator::SeekToFirst); stepper->Valid(); stepper.Move(&Iterator::Next)) {
      ASSERT_LT(forward.size(), kWalkedKeys);  // Else it goes round.
      forward.emplace_back(stepper->key(), stepper->value());
    }
    for (stepper.Move(&Iterator::SeekToLast); stepper->Valid(); stepper.Move(&Iterator::Prev)) {
      ASSERT_LT(backward.size(), kWalkedKeys);
      backward.emplace_back(stepper->key(), stepper->value());
    }
    EXPECT_GT(stepper.refused(), 5u);
    std::ranges::reverse(backward);
    EXPECT_EQ(forward, backward);
    const auto content = support::ContentOf(db(), {.snapshot = &snapshot});
    EXPECT_EQ(forward, (std::vector<std::pair<std::string, std::string>>(content.begin(), content.end())));
  }
}

TEST_F(MemoryOnly, ARandomWalkShowsWhatAnyOtherDoes) {
  uint64_t refused = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    world_.Reopen();
    const Snapshot snapshot = db().GetSnapshot();
    const std::string lower = Key(random.Below(kWalkedKeys / 2)),
                      upper = Key(kWalkedKeys - random.Below(kWalkedKeys / 4));
    ReadOptions options{.snapshot = &snapshot};
    if (random.OneIn(2)) options.lower_bound = lower;
    if (random.OneIn(2)) options.upper_bound = upper;
    Stepper stepper(world_, options);
    // The other one would bring in what this one needs: it moves after it.
    Iterator expected = db().NewIterator(options);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
      const uint64_t kind = random.Below(20);
      const std::string target = Key(random.Below(kWalkedKeys));
      if (kind == 0 || (!expected.Valid() && kind < 10)) {
        stepper.Move(&Iterator::Seek, target);
        expected.Seek(target);
      } else if (kind == 1 || !expected.Valid()) {
        stepper.Move(&Iterator::SeekForPrev, target);
        expected.SeekForPrev(target);
      } else if (kind < 12) {
        stepper.Move(&Iterator::Next);
        expected.Next();
      } else {
        stepper.Move(&Iterator::Prev);
        expected.Prev();
      }
      ExpectSame(*stepper, expected);
      if (random.OneIn(100)) EXPECT_EQ(Text(db().Flush()), "");  // The iterators move on to other tables.
      if (random.OneIn(40)) EXPECT_EQ(Text(db().Put(Key(random.Below(kWalkedKeys)), "later")), "");
    }
    refused += stepper.refused();
  }
  EXPECT_GT(refused, 100u);
}

TEST_F(MemoryOnly, AStepThatWasRefusedCanGoTheOtherWay) {
  Iterator iterator = db().NewIterator({.memory_only = true});
  iterator.SetMemoryOnly(false);
  iterator.Seek(Key(600));
  iterator.SetMemoryOnly(true);
  ASSERT_TRUE(iterator.Valid());
  std::string last;
  while (iterator.Valid()) {
    last = iterator.key();
    iterator.Next();
  }
  ASSERT_EQ(CodeOf(iterator.status()), ErrorCode::kBusy);
  iterator.SetMemoryOnly(false);
  iterator.Prev();
  ASSERT_TRUE(iterator.Valid());
  Iterator expected = db().NewIterator();
  expected.Seek(last);
  expected.Prev();
  ExpectSame(iterator, expected);
  iterator.Next();
  EXPECT_EQ(iterator.key(), last);
}

TEST_F(MemoryOnly, PointReadsAreBusyUntilSomebodyHasRead) {
  std::vector<std::string> names;
  std::vector<std::string_view> keys;
  for (uint64_t i = 0; i < kWalkedKeys; i += 7) names.push_back(Key(i));
  names.push_back("absent");
  for (const std::string& name : names) keys.push_back(name);
  const uint64_t before = FileCalls();
  const auto first = db().TryMultiGet(keys);
  EXPECT_EQ(FileCalls(), before);
  const auto expected = db().MultiGet(keys);
  uint64_t refused = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_TRUE(expected[i]);
    refused += first[i] ? 0u : 1u;
    if (!first[i]) EXPECT_EQ(CodeOf(first[i]), ErrorCode::kBusy);
    if (first[i]) EXPECT_EQ(*first[i], *expected[i]);
  }
  EXPECT_GT(refused, keys.size() / 2);
  EXPECT_LT(refused, keys.size());  // The memtable has some.
  const uint64_t after = FileCalls();
  const auto again = db().TryMultiGet(keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_TRUE(again[i]) << keys[i] << ": " << again[i].error().ToString();
    EXPECT_EQ(*again[i], *expected[i]);
    EXPECT_EQ(db().Get(keys[i], {.memory_only = true}).value(), *expected[i]);
    const auto pinned = db().GetPinned(keys[i], {.memory_only = true}).value();
    EXPECT_EQ(pinned.has_value(), expected[i]->has_value());
    if (pinned) EXPECT_EQ(pinned->view(), **expected[i]);
  }
  EXPECT_EQ(FileCalls(), after);
  world_.Reopen();
  EXPECT_EQ(CodeOf(db().Get(Key(601), {.memory_only = true})), ErrorCode::kBusy);
  EXPECT_EQ(CodeOf(db().GetPinned(Key(601), {.memory_only = true})), ErrorCode::kBusy);
}

}  // namespace
}  // namespace amethyst::engine
