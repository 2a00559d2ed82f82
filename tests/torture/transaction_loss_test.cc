// Covers: transaction_loss, transaction_loss_images
#include "torture/transaction_loss.h"

#include <gtest/gtest.h>

#include "base/sanitizer.h"

namespace amethyst::torture {
namespace {

// Runs seeds from `seed` on until so many distinct images were checked.
TransactionLossReport LosePower(uint64_t distinct_images, uint64_t seed) {
  TransactionLossReport report;
  for (; report.violation.empty() && report.distinct_images < distinct_images; ++seed) {
    TransactionLossSuite({.seed = seed}).Run(&report);
  }
  return report;
}

TEST(TransactionLoss, AtAnyOperationLeavesEachTransactionWholeOrNotAtAllAndAllThatWereDurable) {
  const bool is_slow = AMETHYST_THREAD_SANITIZER || AMETHYST_ADDRESS_SANITIZER;
  const TransactionLossReport report = LosePower(is_slow ? 300 : 1500, 1);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.recovery_images, report.images / 20);
  EXPECT_GT(report.within_a_commit, report.images / 20);
  EXPECT_GT(report.order_checks, 100u);
  EXPECT_GT(report.committed, report.transactions / 3);
  EXPECT_GT(report.refused, 0u);
  EXPECT_GT(report.left_open, 0u);
  EXPECT_GT(report.other_writes, 0u);
}

TEST(TransactionLoss, AfterAFailedSyncLeavesEachTransactionWholeOrNotAtAll) {
  TransactionLossReport report;
  for (uint64_t seed = 3; report.violation.empty() && report.failed_syncs < 2; seed += 3) {
    TransactionLossSuite({.seed = seed}).Run(&report);
  }
  EXPECT_EQ(report.violation, "");
}

}  // namespace
}  // namespace amethyst::torture
