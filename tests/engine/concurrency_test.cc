// Everything at once: writers, readers, iterators, snapshots, flush, compaction, Close and reopen. Meant for the thread
// sanitizer, and checked for sense as well.
// Covers: engine, stats_of, db_iterator, db_iterator_steps, point_lookup, background
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/random.h"
#include "io/system_environment.h"
#include "support/database.h"
#include "support/perturbed_environment.h"
#include "support/temp_directory.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::OpenOrFail;
using support::Text;

constexpr uint64_t kWriters = 3;
constexpr uint64_t kKeysOfAWriter = 400;

// Every key has a counter that only grows, written as a pair in one batch: left and right must always be the same.
class Stress {
 public:
  explicit Stress(uint64_t seed, bool perturbed = false) : seed_(seed) {
    if (perturbed) perturbed_.emplace(*environment_, seed);
  }

  void Run(uint64_t rounds, uint64_t writes_a_round) {
    for (uint64_t round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
      db_ = OpenOrFail(directory_.path(), support::SmallOptions(),
                       perturbed_ ? support::Over(*perturbed_) : Components());
      ASSERT_NE(db_, nullptr);
      CheckAfterOpen();
      if (held_) held_->Check(true);
      held_.reset();
      writes_.store(0);
      std::vector<std::thread> threads;
      for (uint64_t i = 0; i < kWriters; ++i)
        threads.emplace_back([this, i, round] { Write(i, seed_ + 10 * round + i); });
      threads.emplace_back([this, round] { ReadKeys(seed_ + 1000 + round); });
      threads.emplace_back([this, round] { Scan(seed_ + 2000 + round, false); });
      threads.emplace_back([this, round] { Scan(seed_ + 3000 + round, true); });
      threads.emplace_back([this, round] { HoldSnapshots(seed_ + 4000 + round); });
      threads.emplace_back([this, round] { HoldIterators(seed_ + 6000 + round); });
      threads.emplace_back([this, round] { Maintain(seed_ + 5000 + round); });
      while (writes_.load() < writes_a_round && !testing::Test::HasFailure()) std::this_thread::yield();
      EXPECT_EQ(Text(db_->Close()), "");
      for (std::thread& thread : threads) thread.join();
      db_.reset();
    }
  }

 private:
  static std::string Left(uint64_t key) { return fmt::format("left{:06}", key); }
  static std::string Right(uint64_t key) { return fmt::format("right{:06}", key); }
  static uint64_t Number(std::string_view value) { return std::stoull(std::string(value.substr(0, 12))); }
  static std::string Value(uint64_t number, uint64_t padding) {
    return fmt::format("{:012}", number) + std::string(padding, 'p');
  }

  static bool EndsWith(const Status& status) {
    if (status) return false;
    EXPECT_EQ(CodeOf(status), ErrorCode::kClosed) << status.error().ToString();
    return true;
  }

  void Write(uint64_t writer, uint64_t seed) {
    base::Random random(seed);
    for (;;) {
      const uint64_t key = writer * kKeysOfAWriter + random.Below(kKeysOfAWriter);
      const uint64_t number = acknowledged_[key].load() + 1;
      WriteBatch batch;
      const std::string value = Value(number, random.OneIn(50) ? 5000 : random.Below(200));
      batch.Put(Left(key), value);
      batch.Put(Right(key), value);
      const auto durability = random.OneIn(100) ? Durability::kSync : Durability::kBuffered;
      if (EndsWith(db_->Write(batch, {.durability = durability}))) return;
      acknowledged_[key].store(number);
      writes_.fetch_add(1);
    }
  }

  void ReadKeys(uint64_t seed) {
    base::Random random(seed);
    std::string value;
    for (;;) {
      const uint64_t key = random.Below(kWriters * kKeysOfAWriter);
      const uint64_t at_least = acknowledged_[key].load();
      const auto left = db_->GetInto(Left(key), &value);
      if (!left) {
        EXPECT_EQ(CodeOf(left), ErrorCode::kClosed);
        return;
      }
      if (*left) {
        EXPECT_GE(Number(value), at_least);
      } else {
        EXPECT_EQ(at_least, 0);
      }
      const std::string keys[] = {Left(key), Right(key)};
      const std::vector<std::string_view> views(std::begin(keys), std::end(keys));
      const auto both = db_->MultiGet(views);
      if (!both[0] || !both[1]) return;
      EXPECT_EQ(*both[0], *both[1]);
      const auto pinned = db_->GetPinned(Right(key));
      if (pinned && *pinned) {
        EXPECT_GE(Number((*pinned)->view()), at_least);
      }
    }
  }

  // All left and all right values that the iterator shows, which must be the same.
  void Scan(uint64_t seed, bool backward) {
    base::Random random(seed);
    for (;;) {
      std::map<std::string, uint64_t> seen;
      Iterator it = db_->NewIterator();
      for (backward ? it.SeekToLast() : it.SeekToFirst(); it.Valid(); backward ? it.Prev() : it.Next()) {
        seen.emplace(it.key(), Number(it.value()));
        if (random.OneIn(2000)) it.Seek(it.key());  // Onto a newer view, with the same content.
      }
      if (EndsWith(it.status())) return;
      uint64_t pairs = 0;
      for (const auto& [key, number] : seen) {
        if (!key.starts_with("left")) continue;
        ++pairs;
        const auto right = seen.find("right" + key.substr(4));
        ASSERT_TRUE(right != seen.end()) << key;
        ASSERT_EQ(right->second, number) << key;
      }
      ASSERT_EQ(2 * pairs, seen.size());
    }
  }

  void HoldSnapshots(uint64_t seed) {
    base::Random random(seed);
    for (;;) {
      const Snapshot snapshot = db_->GetSnapshot();
      ReadOptions options;
      options.snapshot = &snapshot;
      std::map<uint64_t, std::string> first;
      for (int i = 0; i < 40; ++i) {
        const uint64_t key = random.Below(kWriters * kKeysOfAWriter);
        const auto left = db_->Get(Left(key), options);
        if (!left) return;
        if (*left) first[key] = **left;
      }
      for (const auto& [key, value] : first) {
        const auto left = db_->Get(Left(key), options);
        const auto right = db_->Get(Right(key), options);
        if (!left || !right) return;
        ASSERT_EQ(*left, value);
        ASSERT_EQ(*right, value);
      }
    }
  }

  // An iterator that stands somewhere while the tables under it go, and what it showed at first.
  struct Held {
    Iterator iterator;
    std::string key{iterator.key()};
    std::string value{iterator.value()};

    void Check(bool is_closed) {
      ASSERT_TRUE(iterator.Valid());
      EXPECT_EQ(iterator.key(), key);
      EXPECT_EQ(iterator.value(), value);
      iterator.Next();
      if (is_closed) {
        EXPECT_TRUE(EndsWith(iterator.status()));
      }
    }
  };

  // The last of them is held past Close, until the next open.
  void HoldIterators(uint64_t seed) {
    base::Random random(seed);
    for (;;) {
      Iterator iterator = db_->NewIterator();
      iterator.Seek(Left(random.Below(kWriters * kKeysOfAWriter)));
      if (EndsWith(iterator.status())) return;
      if (!iterator.Valid()) continue;
      held_.emplace(std::move(iterator));
      for (const uint64_t until = writes_.load() + 50; writes_.load() < until;) {
        if (!db_->Get("")) return;  // Closed.
        std::this_thread::yield();
      }
      held_->Check(false);
      held_.reset();  // It has moved.
    }
  }

  void Maintain(uint64_t seed) {
    base::Random random(seed);
    for (;;) {
      Status done;
      switch (random.Below(5)) {
        case 0: done = db_->Flush(); break;
        case 1: done = db_->CompactRange(); break;
        case 2: done = db_->CompactRange(Left(random.Below(500)), Right(random.Below(500))); break;
        case 3: done = db_->SyncWal(); break;
        default:
          static_cast<void>(db_->GetStats());
          if (const auto size = db_->ApproximateSize("a", "z"); !size) done = std::unexpected(size.error());
      }
      if (EndsWith(done)) return;
    }
  }

  void CheckAfterOpen() {
    for (uint64_t key = 0; key < kWriters * kKeysOfAWriter; ++key) {
      const auto left = db_->Get(Left(key)).value();
      ASSERT_EQ(left, db_->Get(Right(key)).value());
      // A write that Close turned away was never begun; so there is nothing beyond what was acknowledged.
      ASSERT_EQ(left ? Number(*left) : 0, acknowledged_[key].load());
    }
  }

  const uint64_t seed_;
  const support::TempDirectory directory_;
  const std::shared_ptr<io::Environment> environment_ = io::DefaultEnvironment();
  std::optional<support::PerturbedEnvironment> perturbed_;
  std::unique_ptr<DB> db_;
  std::optional<Held> held_;  // Of the thread that holds iterators; between rounds, of none.
  std::atomic<uint64_t> writes_{0};
  std::array<std::atomic<uint64_t>, kWriters * kKeysOfAWriter> acknowledged_{};
};

TEST(Concurrency, EverythingAtOnceStaysConsistentOverManyReopens) { Stress(1).Run(4, 4000); }
TEST(Concurrency, EverythingAtOnceStaysConsistentWhenClosedEarly) { Stress(2).Run(12, 200); }

class PerturbedConcurrency : public testing::TestWithParam<uint64_t> {};
TEST_P(PerturbedConcurrency, EverythingAtOnceStaysConsistent) { Stress(GetParam(), true).Run(4, 300); }
INSTANTIATE_TEST_SUITE_P(Seed, PerturbedConcurrency, testing::Range<uint64_t>(10, 14));

}  // namespace
}  // namespace amethyst::engine
