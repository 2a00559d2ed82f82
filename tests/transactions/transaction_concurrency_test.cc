// Transactions of several threads at once, with flushes and compactions beside them.
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "amethyst/transaction.h"
#include "base/coding.h"
#include "base/random.h"
#include "support/rounds.h"
#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::Text;

constexpr uint64_t kThreads = 4;
constexpr uint64_t kKeys = 8;
constexpr int64_t kEach = 1000;

class TransactionConcurrency : public TransactionTest {
 protected:
  TransactionConcurrency() {
    for (uint64_t key = 0; key < kKeys; ++key) EXPECT_TRUE(db_->Put(Name(key), Number(kEach)));
  }
  static std::string Name(uint64_t key) { return "account" + std::to_string(key); }
  static int64_t NumberIn(std::string_view bytes) { return base::LoadFixed<int64_t>(bytes.data()); }
  template <typename Readable>
  static int64_t Sum(Readable& of, bool forward) {
    int64_t sum = 0;
    Iterator iterator = of.NewIterator({.lower_bound = "account", .upper_bound = "accounu"});
    if (forward) {
      for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) sum += NumberIn(iterator.value());
    } else {
      for (iterator.SeekToLast(); iterator.Valid(); iterator.Prev()) sum += NumberIn(iterator.value());
    }
    EXPECT_EQ(Text(iterator.status()), "");
    return sum;
  }
  // Runs `work(thread, random)` in each thread, `rounds` times; tables are made beside.
  template <typename Work>
  void Run(uint64_t rounds, Work work) {
    std::atomic<uint64_t> running = kThreads;
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        base::Random random(thread);
        for (uint64_t round = 0; round < rounds; ++round) work(thread, random);
        --running;
      });
    }
    while (running > 0) {
      EXPECT_EQ(Text(db_->Flush()), "");
      EXPECT_EQ(Text(db_->CompactRange()), "");
    }
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_F(TransactionConcurrency, TransfersKeepTheSum) {
  Run(support::Rounds(400), [this](uint64_t thread, base::Random& random) {
    const std::string from = Name(random.Below(kKeys)), to = Name(random.Below(kKeys));
    const auto amount = static_cast<int64_t>(random.Below(10));
    const Status done = db_->Transact([&](Transaction& transaction) -> Status {
      if (random.OneIn(4)) EXPECT_EQ(Sum(transaction, thread % 2 == 0), kEach * int64_t{kKeys});
      if (from == to) return {};
      const auto there = transaction.Get(from), here = transaction.Get(to);
      if (!there || !here) return std::unexpected((there ? here : there).error());
      if (const Status put = transaction.Put(from, Number(NumberIn(**there) - amount)); !put) return put;
      return transaction.Put(to, Number(NumberIn(**here) + amount));
    });
    EXPECT_EQ(Text(done), "");
    if (random.OneIn(8)) {
      Transaction reader = db_->Begin();
      EXPECT_EQ(Sum(reader, false), kEach * int64_t{kKeys});
      EXPECT_EQ(Text(reader.Commit()), "");
    }
  });
  EXPECT_EQ(Sum(*db_, true), kEach * int64_t{kKeys});
}

// Nothing is lost: by reading and writing, by merges under both levels, on a condition.
TEST_F(TransactionConcurrency, CountersMissNothing) {
  constexpr uint64_t kRounds = support::Rounds(300);
  Run(kRounds, [this](uint64_t thread, base::Random&) {
    const auto count = [](Transaction& transaction) -> Status {
      const auto before = transaction.Get("counter");
      if (!before) return std::unexpected(before.error());
      return transaction.Put("counter", Number(*before ? NumberIn(**before) + 1 : 1));
    };
    EXPECT_EQ(Text(db_->Transact(count)), "");
    Transaction merges = db_->Begin({.isolation = thread % 2 == 0 ? Isolation::kSerializable : Isolation::kSnapshot});
    EXPECT_EQ(Text(merges.Merge("merged", Number(1))), "");
    EXPECT_EQ(Text(merges.Commit()), "");
    EXPECT_TRUE(db_->Increment("incremented", 1));
  });
  for (const char* const name : {"counter", "merged", "incremented"}) {
    EXPECT_EQ(ValueOf(*db_, name), Number(int64_t{kThreads} * int64_t{kRounds})) << name;
  }
}

// The order of bytes. One thread is held at its next comparison.
class Holding final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    if (holds && std::exchange(holds, false)) {
      is_held.release();
      may_go_on.acquire();
    }
    return a.compare(b);
  }
  [[nodiscard]] std::string_view Name() const override { return "test.holding"; }

  static thread_local bool holds;
  mutable std::binary_semaphore is_held{0};
  mutable std::binary_semaphore may_go_on{0};
};
thread_local bool Holding::holds = false;

// What another one commits while a commit looks at what came before it, with no lock.
TEST_F(TransactionConcurrency, ACommitWithinTheCheckOfAnotherIsSeen) {
  static const Holding order;
  const Family family = db_->CreateFamily("held", {.comparator = &order}).value();
  ASSERT_TRUE(family.Put("read", "1"));
  Transaction transaction = db_->Begin();
  EXPECT_EQ(transaction.Get(family, "read").value(), "1");
  ASSERT_TRUE(transaction.Put(family, "written", "1"));
  ASSERT_TRUE(family.Put("other", "1"));  // Something to be looked at.
  std::thread committer([&] {
    Holding::holds = true;
    ExpectConflict(transaction.Commit());
  });
  order.is_held.acquire();
  EXPECT_TRUE(family.Put("read", "2"));
  order.may_go_on.release();
  committer.join();
}

// Write skew: of two who are on call one stays. Each looks at both by a walk, and leaves by a delete of either kind.
TEST_F(TransactionConcurrency, OneOfTwoStays) {
  ASSERT_TRUE(db_->Put("on call 0", "1"));
  ASSERT_TRUE(db_->Put("on call 1", "1"));
  Run(support::Rounds(300), [this](uint64_t thread, base::Random& random) {
    const std::string me = thread % 2 == 0 ? "on call 0" : "on call 1";
    Transaction transaction = db_->Begin();
    uint64_t there = 0;
    {
      Iterator iterator = transaction.NewIterator({.lower_bound = "on call", .upper_bound = "on calm"});
      for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) ++there;
    }
    EXPECT_GE(there, 1u);
    if (there == 2) {
      EXPECT_TRUE(random.OneIn(2) ? transaction.Delete(me) : transaction.DeleteRange(me, me + "+"));
    } else {
      EXPECT_TRUE(transaction.Put(me, "1"));
    }
    const Status done = transaction.Commit();
    if (!done) EXPECT_EQ(done.error().code(), ErrorCode::kConflict);
  });
}

}  // namespace
}  // namespace amethyst
