// Covers: history_content, history_plain, history_steps, history_transaction, history_walk, history_writes
#include "torture/histories.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/rounds.h"

namespace amethyst::torture {
namespace {

TEST(Histories, AreExplainedByTheOrderOfTheirCommits) {
  HistoryReport all;
  constexpr uint64_t kHistories = support::Rounds(24);
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    const HistoryReport report = RunHistory({.seed = seed});
    ASSERT_EQ(report.violation, "");
    EXPECT_GE(report[HistoryCounter::kTransactions], 100u);
    all += report;
  }
  const uint64_t transactions = all[HistoryCounter::kTransactions];
  EXPECT_GE(5 * all[HistoryCounter::kConflicts], transactions * 9 / 10);
  EXPECT_GE(5 * all[HistoryCounter::kCommitted], transactions * 9 / 10);
  EXPECT_GT(all[HistoryCounter::kFlushes], kHistories);
  EXPECT_GT(all[HistoryCounter::kCompactions], kHistories);
  // Each has a reason that is documented; more would be a loss to users.
  const uint64_t falsely = all[HistoryCounter::kFalseInRange] + all[HistoryCounter::kFalseOwnWrite] +
                           all[HistoryCounter::kFalseExpired] + all[HistoryCounter::kFalseWrittenKey] +
                           all[HistoryCounter::kFalseCoarse];
  EXPECT_LE(10 * falsely, all[HistoryCounter::kConflicts]);
  RecordProperty("transactions", static_cast<int>(transactions));
}

TEST(Histories, OfARunAreShortAndFewAreLong) {
  HistoryReport all;
  uint64_t longest = 0;
  for (uint64_t seed = 193; seed <= 256; ++seed) {
    const HistoryReport report = RunHistory(SettingsOf(seed));
    ASSERT_EQ(report.violation, "");
    const uint64_t transactions = report[HistoryCounter::kTransactions];
    EXPECT_EQ(report.least_transactions, transactions);
    EXPECT_GE(transactions, 24u);
    EXPECT_EQ(transactions > 48, seed == 256) << transactions;
    longest = std::max(longest, transactions);
    all += report;
  }
  EXPECT_GE(longest, 300u);
  EXPECT_EQ(all[HistoryCounter::kHistories], 64u);
  EXPECT_GE(all[HistoryCounter::kWithConflicts], 60u);
  EXPECT_LE(all[HistoryCounter::kWithConflicts], 64u);
  EXPECT_GE(ConflictsOf1000(all), 180u);
  EXPECT_EQ(ShortfallOf(all), "");
}

TEST(Histories, ThatProveTooLittleAreAShortfall) {
  HistoryReport totals;
  totals.Count(HistoryCounter::kHistories, 10'000);
  totals.Count(HistoryCounter::kTransactions, 400'000);
  totals.Count(HistoryCounter::kConflicts, 80'000);
  totals.least_transactions = 20;
  EXPECT_EQ(ShortfallOf(totals), "");
  totals.least_transactions = 19;
  EXPECT_EQ(ShortfallOf(totals), "a history has 19 transactions, fewer than 20");
  totals.least_transactions = 20;
  totals.Count(HistoryCounter::kTransactions, 5000);
  EXPECT_EQ(ShortfallOf(totals), "of 405000 transactions 80000 met a conflict, less than a fifth");
}

TEST(Histories, AreRepeatedByTheirSeed) {
  const HistoryReport first = RunHistory({.seed = 7}), second = RunHistory({.seed = 7});
  EXPECT_EQ(first.violation, "");
  EXPECT_EQ(first.counters, second.counters);
  EXPECT_EQ(RunHistory(SettingsOf(7)).counters, RunHistory(SettingsOf(7)).counters);
}

TEST(HistoryTransaction, IsHeldAgainstWhatOthersWrote) {
  HistoryFamilies families;
  for (HistoryFamily& family : families) family.keys = {"a", "b", "c"};
  HistoryContent content;
  for (auto& cells : content) cells.resize(3);
  content[0][0].Put("1", kModelNeverMs);
  const HistoryMoment begin{.content = std::make_shared<const HistoryContent>(content)};
  HistoryTransaction reads("t", Isolation::kSerializable, begin);
  const HistoryRange range{.begin = "a", .end = "c"};
  reads.AddRead(families, {.family = 0, .range = range, .is_point = false, .own = reads.own()}, true);
  EXPECT_EQ(reads.Changed(families, content, 0), "");
  content[0][2].Put("behind the range", kModelNeverMs);
  EXPECT_EQ(reads.Changed(families, content, 0), "");
  content[0][1].Put("2", kModelNeverMs);
  EXPECT_NE(reads.Changed(families, content, 0), "");
  content[0][1] = ModelCell();
  content[0][0].Put("1", 5);
  EXPECT_EQ(reads.Changed(families, content, 4), "");
  EXPECT_NE(reads.Changed(families, content, 5), "");

  HistoryTransaction writes("w", Isolation::kSnapshot, begin);
  writes.Write({{{0, 0}, {{.kind = ChangeKind::kMerge, .value = "1"}}}}, {.family = 0, .range = RangeOf("a")});
  content[0][0].Put("2", kModelNeverMs);
  EXPECT_EQ(writes.Changed(families, content, 0), "");
  writes.Write({{{0, 0}, {{.kind = ChangeKind::kDelete}}}}, {.family = 0, .range = RangeOf("a")});
  EXPECT_NE(writes.Changed(families, content, 0), "");
}

}  // namespace
}  // namespace amethyst::torture
