// Transactions of every engine of the build that has them: they conflict where they must, and aborted ones are run
// again. Covers: transaction_trials, worker, stores
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/runner.h"
#include "bench/trials.h"
#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

class EveryTransactionalEngine : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] const Engine& engine() const { return *FindEngine(GetParam()); }
  [[nodiscard]] StoreSettings settings() const {
    StoreSettings settings;
    settings.directory = directory_.File("db");
    settings.cache_bytes = size_t{8} << 20;
    settings.write_buffer_bytes = size_t{2} << 20;
    return settings;
  }
  Measurement Run(const std::string& workload, const Load& load) {
    Runner runner(engine(), settings(), load);
    const auto measured = runner.Run(*FindWorkload(workload), 0);
    EXPECT_TRUE(measured) << workload << ": " << measured.error().ToString();
    EXPECT_TRUE(runner.Close());
    return measured ? *measured : Measurement();
  }

  support::TempDirectory directory_;
};

double FigureNamed(const Measurement& m, const std::string& name) {
  const auto figure = std::ranges::find(m.figures, name, &Figure::name);
  EXPECT_NE(figure, m.figures.end()) << m.workload << ": " << name;
  return figure == m.figures.end() ? -1 : figure->value;
}

Status ReadAndWrite(Transaction& transaction, std::string_view value) {
  const auto read = transaction.Get("key");
  if (!read) return std::unexpected(read.error());
  if (const Status put = transaction.Put("key", value); !put) return put;
  return transaction.Commit();
}

TEST_P(EveryTransactionalEngine, RefusesALostUpdateAndCommitsWhenRunAgain) {
  if (GetParam() == "null") GTEST_SKIP() << "nothing conflicts there";
  const auto store = engine().open(settings());
  ASSERT_TRUE(store);
  std::unique_ptr<Session> first = (*store)->NewSession(Durability::kBuffered);
  std::unique_ptr<Session> second = (*store)->NewSession(Durability::kBuffered);
  ASSERT_TRUE(first->Put("key", "0"));
  const auto slow = first->Begin();
  const auto quick = second->Begin();
  ASSERT_TRUE(slow && quick);
  ASSERT_TRUE(ReadAndWrite(**quick, "quick"));
  const Status refused = ReadAndWrite(**slow, "slow");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(first->Get("key").value(), "quick");

  const auto again = first->Begin();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->Get("key").value(), "quick");
  ASSERT_TRUE(ReadAndWrite(**again, "slow"));
  EXPECT_EQ(second->Get("key").value(), "slow");
  first.reset();
  second.reset();
  EXPECT_TRUE((*store)->Close());
}

TEST_P(EveryTransactionalEngine, OneThatIsBegunAnewHoldsNothingBack) {
  if (GetParam() == "null") GTEST_SKIP() << "it holds nothing";
  const auto store = engine().open(settings());
  ASSERT_TRUE(store);
  std::unique_ptr<Session> session = (*store)->NewSession(Durability::kBuffered);
  ASSERT_TRUE(session->Put("a", "0"));
  const auto left = session->Begin();
  ASSERT_TRUE(left && (*left)->Put("b", "1"));
  {
    const std::unique_ptr<Cursor> cursor = (*left)->NewCursor();
    cursor->Seek("b");
    EXPECT_TRUE(cursor->Valid()) << "its own writes are shown";
  }
  const auto begun = session->Begin();
  ASSERT_TRUE(begun && (*begun)->Commit());
  EXPECT_EQ(session->Get("b").value(), std::nullopt);
  session.reset();
  EXPECT_TRUE((*store)->Close());
}

TEST_P(EveryTransactionalEngine, CommitsAllThatWereAskedForHoweverManyAreAborted) {
  Load load;
  load.keys = 20;  // So that threads meet.
  load.operations = 4'000;
  load.threads = 4;
  load.settle = Settle::kNone;
  for (const char* workload : {"txn2r2wzipf", "txn10r2w", "txnscanzipf"}) {
    const Measurement m = Run(workload, load);
    EXPECT_EQ(m.operations, OperationsOf(*FindWorkload(workload), load)) << workload;
    if (GetParam() != "null") {
      EXPECT_EQ(m.found, m.lookups) << workload;
    }
    const double aborts = FigureNamed(m, "aborts");
    EXPECT_GE(aborts, 0) << workload;
    EXPECT_NEAR(FigureNamed(m, "aborts %"), 100 * aborts / (aborts + static_cast<double>(m.operations)), 1e-9);
  }
  EXPECT_TRUE(Run("txnplain2r2w", load).figures.empty());
}

TEST_P(EveryTransactionalEngine, ReadsAndWritesAsManyAsItSays) {
  Load load;
  load.keys = 2'000;
  load.settle = Settle::kNone;
  const Measurement two = Run("txn2r2w", load);
  EXPECT_EQ(two.operations, 500u);
  EXPECT_EQ(two.lookups, 2 * two.operations);
  EXPECT_EQ(two.user_bytes_written, two.operations * 2 * 116);
  EXPECT_EQ(FigureNamed(two, "aborts"), 0) << "one thread meets nobody";
  EXPECT_EQ(Run("txn10r2w", load).lookups, 10 * two.operations);
  EXPECT_EQ(Run("txnplain2r2w", load).user_bytes_written, two.user_bytes_written);
  const Measurement scans = Run("txnscan", load);
  EXPECT_EQ(scans.operations, 100u);
  EXPECT_LE(scans.entries, 100 * scans.operations);
  EXPECT_GT(scans.entries, 90 * scans.operations) << "some begin near the end";
}

TEST_P(EveryTransactionalEngine, TellsWhatATransactionCosts) {
  Load load;
  load.keys = 2'000;
  EXPECT_GT(FigureNamed(Run("txncost", load), "transaction : plain"), 0);
}

std::vector<std::string> NamesOfThoseWithTransactions() {
  std::vector<std::string> names;
  for (const Engine& engine : Engines()) {
    if (engine.Has(Feature::kTransactions)) names.push_back(engine.name);
  }
  return names;
}
INSTANTIATE_TEST_SUITE_P(Engines, EveryTransactionalEngine, testing::ValuesIn(NamesOfThoseWithTransactions()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace amethyst::bench
