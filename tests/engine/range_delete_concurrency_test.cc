// Range deletes beside readers, flushes and compactions on other threads; run it under ThreadSanitizer. And rewrites so
// large that they are cut into parts.
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "amethyst/components.h"
#include "base/random.h"
#include "support/database.h"
#include "support/rounds.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::Text;

constexpr uint64_t kBlocks = 6;
constexpr uint64_t kKeysOfABlock = 10;
constexpr uint64_t kPuts = 3;

std::string BlockName(uint64_t block) { return fmt::format("block{}/", block); }
std::string BlockKey(uint64_t block, uint64_t key) { return fmt::format("block{}/{}", block, key); }

std::unique_ptr<DB> OpenIn(const std::shared_ptr<io::Environment>& environment,
                           const Options& options = support::SmallOptions()) {
  return support::OpenOrFail("/db", options, {.environment = environment, .memory_budget = nullptr, .logger = nullptr});
}

// Each batch deletes a block and puts three of its keys with one value: a reader finds three, all of one batch.
class Blocks {
 public:
  void Run(uint64_t batches) {
    for (uint64_t block = 0; block < kBlocks; ++block) WriteBlock(block, 0);
    std::vector<std::thread> threads;
    for (uint64_t writer = 0; writer < 2; ++writer) {
      threads.emplace_back([this, writer, batches] {
        base::Random random(writer);
        for (uint64_t batch = 1; batch <= batches; ++batch) WriteBlock(2 * random.Below(kBlocks / 2) + writer, batch);
        writers_done_.fetch_add(1);
      });
    }
    for (uint64_t reader = 0; reader < 2; ++reader) threads.emplace_back([this, reader] { Read(100 + reader); });
    threads.emplace_back([this] { Maintain(); });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(Text(db_->Close()), "");
    db_.reset();
    db_ = OpenIn(environment_);
    base::Random random(7);
    for (uint64_t block = 0; block < kBlocks; ++block) ASSERT_NO_FATAL_FAILURE(ReadBlock(block, random));
  }

 private:
  void WriteBlock(uint64_t block, uint64_t batch) {
    base::Random random(block * 1'000'003 + batch);
    WriteBatch one;
    one.Put(BlockKey(block, random.Below(kKeysOfABlock)), "gone at once");
    one.DeletePrefix(BlockName(block));
    std::set<uint64_t> keys;
    while (keys.size() < kPuts) keys.insert(random.Below(kKeysOfABlock));
    for (const uint64_t key : keys) one.Put(BlockKey(block, key), fmt::format("{:0200}", batch));
    ASSERT_EQ(Text(db_->Write(one)), "");
  }
  void Read(uint64_t seed) {
    base::Random random(seed);
    while (writers_done_.load() < 2 && !testing::Test::HasFailure()) ReadBlock(random.Below(kBlocks), random);
  }
  void ReadBlock(uint64_t block, base::Random& random) {
    const Snapshot snapshot = db_->GetSnapshot();
    ReadOptions options;
    if (random.OneIn(2)) options.snapshot = &snapshot;
    const std::string lower = BlockName(block), upper = BlockName(block + 1);
    if (random.OneIn(2)) {
      options.lower_bound = lower;
      options.upper_bound = upper;
    }
    std::map<std::string, std::string> found;
    Iterator it = db_->NewIterator(options);
    const bool forward = random.OneIn(2);
    for (forward ? it.Seek(lower) : it.SeekForPrev(lower + "~"); it.Valid() && it.key().starts_with(lower);
         forward ? it.Next() : it.Prev()) {
      found.emplace(it.key(), it.value());
    }
    ASSERT_EQ(Text(it.status()), "");
    ASSERT_EQ(found.size(), kPuts) << lower << (forward ? " forward" : " back");
    for (const auto& [key, value] : found) ASSERT_EQ(value, found.begin()->second) << key;
    if (options.snapshot == nullptr) return;
    std::vector<std::string> keys;
    for (uint64_t key = 0; key < kKeysOfABlock; ++key) keys.push_back(BlockKey(block, key));
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto group = db_->MultiGet(views, {.snapshot = &snapshot});
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto expected = found.contains(keys[i]) ? std::optional(found[keys[i]]) : std::nullopt;
      ASSERT_EQ(group[i].value(), expected) << keys[i];
      ASSERT_EQ(db_->Get(keys[i], {.snapshot = &snapshot}).value(), expected) << keys[i];
    }
  }
  void Maintain() {
    while (writers_done_.load() < 2 && !testing::Test::HasFailure()) {
      EXPECT_EQ(Text(db_->Flush()), "");
      EXPECT_EQ(Text(db_->CompactRange()), "");
    }
  }

  const std::shared_ptr<io::Environment> environment_ = NewInMemoryEnvironment();
  std::unique_ptr<DB> db_ = OpenIn(environment_);
  std::atomic<uint64_t> writers_done_{0};
};

TEST(RangeDeleteConcurrency, ABatchThatReplacesARangeIsSeenWhole) { Blocks().Run(support::Rounds(1'500)); }

TEST(RangeDeleteConcurrency, RewritesInPartsKeepWhatEachSnapshotSees) {
  constexpr uint64_t kKeysInParts = 20'000;
  Options options = support::SmallOptions();
  options.memory_budget_bytes = size_t{32} << 20;
  options.background_threads = 4;
  options.compression = Compression::kNone;
  const auto db = OpenIn(NewInMemoryEnvironment(), options);
  base::Random random(17);
  std::map<std::string, std::string> map;
  std::vector<std::pair<Snapshot, std::map<std::string, std::string>>> moments;
  for (int round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < kKeysInParts; ++i) {
      if (random.OneIn(50)) {
        const uint64_t begin = random.Below(kKeysInParts), end = begin + random.Below(random.OneIn(40) ? 4'000 : 60);
        ASSERT_TRUE(db->DeleteRange(Key(begin), Key(end)));
        map.erase(map.lower_bound(Key(begin)), map.lower_bound(Key(end)));
        continue;
      }
      const std::string key = Key(random.Below(kKeysInParts));
      map[key] = std::string(300 + random.Below(100), static_cast<char>('a' + random.Below(26)));
      ASSERT_TRUE(db->Put(key, map[key]));
    }
    moments.emplace_back(db->GetSnapshot(), map);
    if (round == 1) ASSERT_EQ(Text(db->CompactRange()), "");
  }
  while (true) {
    ASSERT_EQ(Text(db->CompactRange()), "");
    ASSERT_TRUE(support::ContentOf(*db) == map);
    for (const auto& [snapshot, expected] : moments) {
      ASSERT_TRUE(support::ContentOf(*db, {.snapshot = &snapshot}) == expected);
    }
    if (moments.empty()) break;
    moments.erase(moments.begin());
  }
}

}  // namespace
}  // namespace amethyst::engine
