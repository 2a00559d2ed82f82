#include "torture/ledger.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

LedgerEntry Entry(const std::string& suite, uint64_t first_seed, uint64_t images) {
  return {.commit = "abc",
          .suite = suite,
          .first_seed = first_seed,
          .rounds = 10,
          .seconds = 1800,
          .figures = {{"images", images},
                      {"deepest level", images % 7, Total::kGreatest},
                      {"shortest", images, Total::kLeast}},
          .violations = 0};
}

TEST(Ledger, AddsUpTheRunsOfEachSuiteAndTakesTheGreatestOrTheLeastOfOthers) {
  const support::TempDirectory directory;
  const Ledger ledger(directory.path() + "/ledger");
  ASSERT_TRUE(ledger.Append(Entry("power", 1, 12)));
  ASSERT_TRUE(ledger.Append(Entry("faults", 1, 3)));
  ASSERT_TRUE(ledger.Append(Entry("power", 11, 30)));
  EXPECT_EQ(ledger.Totals().value(),
            "| suite | runs | commits | hours | figures | violations |\n|---|---|---|---|---|---|\n"
            "| `faults` | 1 | 1 | 0.5 | 10 seeds, 3 images, deepest level 3, shortest 3 | 0 |\n"
            "| `power` | 2 | 1 | 1.0 | 20 seeds, 42 images, deepest level 5, shortest 12 | 0 |\n");
}

TEST(Ledger, GivesTheFirstSeedThatNoRunOfTheSuiteHasUsed) {
  const support::TempDirectory directory;
  const Ledger ledger(directory.path() + "/ledger");
  EXPECT_EQ(ledger.NextSeed("power").value(), 1u);
  ASSERT_TRUE(ledger.Append(Entry("power", 5, 1)));
  ASSERT_TRUE(ledger.Append(Entry("faults", 100, 1)));
  EXPECT_EQ(ledger.NextSeed("power").value(), 15u);
}

TEST(Ledger, NamesTheLineThatIsNoEntry) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/ledger";
  ASSERT_TRUE(Ledger(path).Append(Entry("power", 1, 1)));
  std::ofstream(path, std::ios::app) << "{\"suite\": \"power\"}\n";
  const auto read = Ledger(path).Read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(read.error().message().find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace amethyst::torture
