// The anomalies of the Hermitage list, each by its name: what no level may let happen, and what kSerializable alone
// keeps out. Each with what others wrote in memory, and in tables.
//
// Kleppmann, "Hermitage: Testing the 'I' in ACID", 2014; the names after Adya.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <tuple>
#include <vector>

#include "amethyst/transaction.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::Text;

class Hermitage : public TransactionTest, public testing::WithParamInterface<std::tuple<Isolation, bool>> {
 protected:
  Hermitage() {
    options_.families["default"].merge_operator = Append(",");
    Reopen();
    EXPECT_TRUE(db_->Put("a", "10"));
    EXPECT_TRUE(db_->Put("b", "20"));
  }
  [[nodiscard]] static bool Serializable() { return std::get<Isolation>(GetParam()) == Isolation::kSerializable; }
  [[nodiscard]] Transaction Begin() { return db_->Begin({.isolation = std::get<Isolation>(GetParam())}); }
  // It must, and what it wrote goes to tables in half of the tests.
  void Commit(Transaction& transaction) {
    ASSERT_EQ(Text(transaction.Commit()), "");
    Settle(std::get<bool>(GetParam()));
  }
  // What others have done is no anomaly under kSnapshot, and one under kSerializable.
  static void ExpectConflictIfSerializable(Transaction& transaction) {
    if (Serializable()) return ExpectConflict(transaction.Commit());
    EXPECT_EQ(Text(transaction.Commit()), "");
  }
};
INSTANTIATE_TEST_SUITE_P(
    , Hermitage, testing::Combine(testing::Values(Isolation::kSerializable, Isolation::kSnapshot), testing::Bool()),
    [](const auto& chosen) {
      return std::string(std::get<0>(chosen.param) == Isolation::kSerializable ? "Serializable" : "Snapshot") +
             (std::get<1>(chosen.param) ? "InTables" : "InMemory");
    });

// Writes of two transactions never stand mixed: the later commit wins all, or is refused.
TEST_P(Hermitage, G0WriteCycles) {
  Transaction first = Begin(), second = Begin();
  ASSERT_TRUE(first.Put("a", "11"));
  ASSERT_TRUE(second.Put("a", "12"));
  ASSERT_TRUE(first.Put("b", "21"));
  Commit(first);
  EXPECT_EQ(Contents(*db_), "a 11 b 21");
  ASSERT_TRUE(second.Put("b", "22"));
  if (Serializable()) {  // Neither has read: they come one after the other.
    Commit(second);
    EXPECT_EQ(Contents(*db_), "a 12 b 22");
  } else {
    ExpectConflict(second.Commit());
    EXPECT_EQ(Contents(*db_), "a 11 b 21");
  }
}

TEST_P(Hermitage, G0WriteCyclesOfRangeDeletesAndMerges) {
  Transaction first = Begin(), second = Begin();
  ASSERT_TRUE(first.DeleteRange("a", "c"));
  ASSERT_TRUE(second.Merge("a", "m"));
  ASSERT_TRUE(first.Put("b", "21"));
  ASSERT_TRUE(second.Merge("b", "m"));
  Commit(first);
  Commit(second);  // Merges are not checked under kSnapshot either.
  EXPECT_EQ(Contents(*db_), "a m b 21,m");
}

TEST_P(Hermitage, G1aAbortedReads) {
  Transaction first = Begin();
  ASSERT_TRUE(first.Put("a", "101"));
  ASSERT_TRUE(first.Merge("b", "m"));
  ASSERT_TRUE(first.DeleteRange("b", {}));
  Transaction second = Begin();
  EXPECT_EQ(Contents(second), "a 10 b 20");
  ASSERT_TRUE(first.Rollback());
  EXPECT_EQ(ValueOf(second, "a"), "10");
  EXPECT_EQ(Contents(second), "a 10 b 20");
  ASSERT_TRUE(second.Put("out", "1"));
  Commit(second);
}

// What a conflict refused was never there, and what a savepoint took back neither.
TEST_P(Hermitage, G1aRefusedAndTakenBackReads) {
  Transaction refused = Begin(), partly = Begin();
  EXPECT_EQ(refused.GetForUpdate("a").value(), "10");
  ASSERT_TRUE(refused.Put("b", "refused"));
  ASSERT_TRUE(partly.SetSavepoint());
  ASSERT_TRUE(partly.Put("b", "taken back"));
  ASSERT_TRUE(partly.RollbackToSavepoint());
  ASSERT_TRUE(partly.Put("a", "12"));
  Commit(partly);
  ExpectConflict(refused.Commit());
  EXPECT_EQ(Contents(*db_), "a 12 b 20");
}

TEST_P(Hermitage, G1bIntermediateReads) {
  Transaction first = Begin();
  ASSERT_TRUE(first.Put("a", "101"));
  Transaction second = Begin();
  EXPECT_EQ(ValueOf(second, "a"), "10");
  ASSERT_TRUE(first.Put("a", "11"));
  ASSERT_TRUE(first.Merge("a", "m"));
  Commit(first);
  EXPECT_EQ(ValueOf(second, "a"), "10");
  EXPECT_EQ(Contents(second), "a 10 b 20");
  EXPECT_EQ(ValueOf(*db_, "a"), "11,m");
}

TEST_P(Hermitage, G1cCircularInformationFlow) {
  Transaction first = Begin(), second = Begin();
  ASSERT_TRUE(first.Put("a", "11"));
  ASSERT_TRUE(second.Put("b", "22"));
  EXPECT_EQ(ValueOf(first, "b"), "20");
  EXPECT_EQ(ValueOf(second, "a"), "10");
  Commit(first);
  ExpectConflictIfSerializable(second);  // Neither has seen the other: write skew, which kSnapshot lets pass.
}

TEST_P(Hermitage, OtvObservedTransactionVanishes) {
  Transaction first = Begin(), second = Begin(), reader = Begin();
  ASSERT_TRUE(first.Put("a", "11"));
  ASSERT_TRUE(first.Put("b", "19"));
  ASSERT_TRUE(second.Put("a", "12"));
  Commit(first);
  Transaction later = Begin();
  EXPECT_EQ(ValueOf(later, "a"), "11");
  ASSERT_TRUE(second.Put("b", "18"));
  const bool committed = second.Commit().has_value();
  EXPECT_EQ(committed, Serializable());
  Settle(std::get<bool>(GetParam()));
  EXPECT_EQ(Contents(later), "a 11 b 19");
  EXPECT_EQ(Contents(reader), "a 10 b 20");
  EXPECT_EQ(Contents(*db_), committed ? "a 12 b 18" : "a 11 b 19");
}

// A predicate is a walk: what is put into its range later does not show, in any way it is put there.
TEST_P(Hermitage, PmpPredicateManyPreceders) {
  Transaction reader = Begin();
  EXPECT_EQ(Contents(reader, {.lower_bound = "c", .upper_bound = "e"}), "");
  Transaction writer = Begin();
  ASSERT_TRUE(writer.Put("c", "30"));
  ASSERT_TRUE(writer.Merge("d", "40"));
  Commit(writer);
  EXPECT_EQ(Contents(reader, {.lower_bound = "c", .upper_bound = "e"}), "");
  EXPECT_EQ(Backwards(reader), "b 20 a 10");
  ASSERT_TRUE(reader.Put("out", "1"));
  ExpectConflictIfSerializable(reader);
}

TEST_P(Hermitage, PmpPredicateManyPrecedersForWrites) {
  Transaction first = Begin(), second = Begin();
  ASSERT_TRUE(first.Put("a", "20"));
  ASSERT_TRUE(first.Put("b", "30"));
  EXPECT_EQ(Contents(second), "a 10 b 20");
  ASSERT_TRUE(second.DeleteRange("a", "c"));
  Commit(first);
  ExpectConflict(second.Commit());
  EXPECT_EQ(Contents(*db_), "a 20 b 30");
}

// Each way to write what another has written since.
using Change = std::function<Status(Transaction&)>;
const std::vector<Change>& WaysToWrite() {
  static const std::vector<Change> changes = {
      [](Transaction& t) { return t.Put("a", "11"); }, [](Transaction& t) { return t.Delete("a"); },
      [](Transaction& t) { return t.DeleteRange("a", "b"); },
      [](Transaction& t) { return t.Put("a", "11", ExpiresAfter(std::chrono::hours(1))); }};
  return changes;
}

TEST_P(Hermitage, P4LostUpdate) {
  for (const Change& other : WaysToWrite()) {
    for (const Change& mine : WaysToWrite()) {
      ASSERT_TRUE(db_->Put("a", "10"));
      Transaction first = Begin(), second = Begin();
      EXPECT_EQ(ValueOf(first, "a"), "10");
      EXPECT_EQ(ValueOf(second, "a"), "10");
      ASSERT_TRUE(other(first));
      ASSERT_TRUE(mine(second));
      Commit(first);
      ExpectConflict(second.Commit());
    }
  }
}

TEST_P(Hermitage, P4LostUpdateOfAMerge) {
  Transaction second = Begin();
  EXPECT_EQ(ValueOf(second, "a"), "10");
  ASSERT_TRUE(second.Put("a", "11"));
  Transaction first = Begin();
  ASSERT_TRUE(first.Merge("a", "m"));
  Commit(first);
  ExpectConflict(second.Commit());
  EXPECT_EQ(ValueOf(*db_, "a"), "10,m");
}

TEST_P(Hermitage, P4LostUpdateOfAKeyThatWasNotThere) {
  Transaction first = Begin(), second = Begin();
  EXPECT_EQ(ValueOf(first, "c"), "nothing");
  EXPECT_EQ(ValueOf(second, "c"), "nothing");
  ASSERT_TRUE(first.Put("c", "1"));
  ASSERT_TRUE(second.Put("c", "2"));
  Commit(first);
  ExpectConflict(second.Commit());
}

TEST_P(Hermitage, P4LostUpdateOverAGetForUpdate) {
  Transaction second = Begin();
  EXPECT_EQ(second.GetForUpdate("a").value(), "10");
  ASSERT_TRUE(second.Put("b", "depends on a"));
  ASSERT_TRUE(db_->Put("a", "11"));  // By nobody's transaction.
  ExpectConflict(second.Commit());
}

TEST_P(Hermitage, GSingleReadSkew) {
  Transaction reader = Begin(), writer = Begin();
  EXPECT_EQ(ValueOf(reader, "a"), "10");
  ASSERT_TRUE(writer.Put("a", "12"));
  ASSERT_TRUE(writer.Put("b", "18"));
  Commit(writer);
  EXPECT_EQ(ValueOf(reader, "b"), "20");
  EXPECT_EQ(Text(reader.Commit()), "");  // It only read.
}

TEST_P(Hermitage, GSingleReadSkewOfAPredicate) {
  Transaction reader = Begin(), writer = Begin();
  EXPECT_EQ(Contents(reader, {.upper_bound = "b"}), "a 10");
  ASSERT_TRUE(writer.DeleteRange({}, {}));
  ASSERT_TRUE(writer.Put("ab", "12"));
  Commit(writer);
  EXPECT_EQ(Contents(reader), "a 10 b 20");
  EXPECT_EQ(Backwards(reader, {.upper_bound = "b"}), "a 10");
  EXPECT_EQ(Text(reader.Commit()), "");
}

TEST_P(Hermitage, GSingleReadSkewWithAWrite) {
  Transaction second = Begin(), writer = Begin();
  EXPECT_EQ(ValueOf(second, "a"), "10");
  ASSERT_TRUE(writer.Put("a", "12"));
  ASSERT_TRUE(writer.Put("b", "18"));
  Commit(writer);
  ASSERT_TRUE(second.Delete("b"));  // As of its begin.
  ExpectConflict(second.Commit());
  EXPECT_EQ(Contents(*db_), "a 12 b 18");
}

TEST_P(Hermitage, G2ItemWriteSkew) {
  Transaction first = Begin(), second = Begin();
  for (Transaction* each : {&first, &second}) {
    EXPECT_EQ(ValueOf(*each, "a"), "10");
    EXPECT_EQ(ValueOf(*each, "b"), "20");
  }
  ASSERT_TRUE(first.Put("a", "11"));
  ASSERT_TRUE(second.Put("b", "21"));
  Commit(first);
  ExpectConflictIfSerializable(second);
}

TEST_P(Hermitage, G2ItemWriteSkewOfDeletesAndMerges) {
  Transaction first = Begin(), second = Begin(), third = Begin();
  EXPECT_EQ(ValueOf(first, "b"), "20");
  EXPECT_EQ(ValueOf(second, "a"), "10");
  EXPECT_EQ(ValueOf(third, "a"), "10");
  ASSERT_TRUE(first.Delete("a"));
  ASSERT_TRUE(second.Merge("b", "m"));
  ASSERT_TRUE(third.DeleteRange("c", "d"));
  Commit(first);
  ExpectConflictIfSerializable(second);
  ExpectConflictIfSerializable(third);
}

TEST_P(Hermitage, G2ItemIsKeptOutByGetForUpdate) {
  Transaction first = Begin(), second = Begin();
  EXPECT_EQ(first.GetForUpdate("b").value(), "20");
  EXPECT_EQ(second.GetForUpdate("a").value(), "10");
  ASSERT_TRUE(first.Put("a", "11"));
  ASSERT_TRUE(second.Put("b", "21"));
  Commit(first);
  ExpectConflict(second.Commit());
}

TEST_P(Hermitage, G2AntiDependencyCycles) {
  Transaction first = Begin(), second = Begin();
  EXPECT_EQ(Contents(first, {.lower_bound = "c"}), "");
  EXPECT_EQ(Contents(second, {.lower_bound = "c"}), "");
  ASSERT_TRUE(first.Put("c", "30"));
  ASSERT_TRUE(second.Put("d", "42"));
  Commit(first);
  ExpectConflictIfSerializable(second);
}

TEST_P(Hermitage, G2AntiDependencyCyclesOfRangeDeletes) {
  ASSERT_TRUE(db_->Put("c", "30"));
  Transaction first = Begin(), second = Begin();
  EXPECT_EQ(Contents(first, {.lower_bound = "b"}), "b 20 c 30");
  EXPECT_EQ(Backwards(second, {.upper_bound = "b"}), "a 10");
  ASSERT_TRUE(first.DeleteRange({}, "b"));
  ASSERT_TRUE(second.DeleteRange("b", {}));
  Commit(first);
  ExpectConflictIfSerializable(second);
}

// Fekete, O'Neil and O'Neil 2004: one that only reads sees what no order of all three explains.
TEST_P(Hermitage, G2ReadOnlyAnomaly) {
  Transaction first = Begin(), second = Begin();
  EXPECT_EQ(ValueOf(first, "a"), "10");
  EXPECT_EQ(ValueOf(first, "b"), "20");
  EXPECT_EQ(ValueOf(second, "b"), "20");
  ASSERT_TRUE(second.Put("b", "25"));
  Commit(second);
  Transaction reader = Begin();
  EXPECT_EQ(Contents(reader), "a 10 b 25");
  EXPECT_EQ(Text(reader.Commit()), "");
  ASSERT_TRUE(first.Put("a", "0"));
  ExpectConflictIfSerializable(first);
}

// Two that meet in a third.
TEST_P(Hermitage, G2TwoEdges) {
  Transaction first = Begin();
  EXPECT_EQ(Contents(first), "a 10 b 20");
  Transaction second = Begin();
  ASSERT_TRUE(second.Merge("b", "5"));
  Commit(second);
  Transaction third = Begin();
  EXPECT_EQ(Contents(third), "a 10 b 20,5");
  Commit(third);
  ASSERT_TRUE(first.Put("a", "0"));
  ExpectConflictIfSerializable(first);
}

// Expiry is a delete by nobody, at a known time.
class HermitageExpiry : public TransactionTest {
 protected:
  HermitageExpiry() { db_ = support::OpenOrFail("/db", options_, support::Over(environment_)); }
  ~HermitageExpiry() override { db_.reset(); }

  void Pass(std::chrono::milliseconds time) { environment_.clock().Advance(time); }

  static constexpr std::chrono::milliseconds kLife{30};
  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
};

TEST_F(HermitageExpiry, G2ItemOverAValueThatExpires) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = kLife}));
  Transaction reads = db_->Begin(), walks = db_->Begin(), looks = db_->Begin();
  ASSERT_EQ(ValueOf(reads, "a"), "1");
  ASSERT_EQ(Contents(walks), "a 1");
  ASSERT_EQ(ValueOf(looks, "a"), "1");
  for (Transaction* each : {&reads, &walks}) ASSERT_TRUE(each->Put("out", "a was there"));
  Pass(kLife);
  EXPECT_EQ(ValueOf(reads, "a"), "1");  // As of its begin.
  ExpectConflict(reads.Commit());
  ExpectConflict(walks.Commit());
  EXPECT_EQ(Text(looks.Commit()), "");
  EXPECT_EQ(Contents(*db_), "");
}

TEST_F(HermitageExpiry, P4LostUpdateOverAGetForUpdateThatExpires) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = kLife}));
  Transaction reads = db_->Begin({.isolation = Isolation::kSnapshot});
  ASSERT_EQ(reads.GetForUpdate("a").value(), "1");
  ASSERT_TRUE(reads.Put("out", "a was there"));
  Pass(kLife);
  ExpectConflict(reads.Commit());
}

TEST_F(HermitageExpiry, G2ItemWithAnOperandThatExpires) {
  ASSERT_TRUE(db_->Put("n", Number(1)));
  ASSERT_TRUE(db_->Merge("n", Number(2), {.ttl = kLife}));
  Transaction reads = db_->Begin();
  ASSERT_EQ(ValueOf(reads, "n"), Number(3));
  ASSERT_TRUE(reads.Put("out", "n was 3"));
  Pass(kLife);
  ExpectConflict(reads.Commit());
}

}  // namespace
}  // namespace amethyst
