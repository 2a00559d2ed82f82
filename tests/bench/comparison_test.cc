#include "bench/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "bench/text_report.h"

namespace amethyst::bench {
namespace {

using testing::HasSubstr;

Measurement Made(const char* engine, const char* workload, uint32_t round, double seconds, double settle_seconds = 0) {
  Measurement m;
  m.engine = engine;
  m.workload = workload;
  m.round = round;
  m.operations = 1'000;
  m.seconds = seconds;
  m.settle_seconds = settle_seconds;
  m.user_bytes_written = settle_seconds > 0 ? 1 : 0;
  return m;
}

TEST(Comparison, SpreadHasTheMedianAndTheEnds) {
  EXPECT_DOUBLE_EQ(SpreadOf({3, 1, 2}).median, 2);
  EXPECT_DOUBLE_EQ(SpreadOf({4, 1, 2, 3}).median, 2.5);
  EXPECT_DOUBLE_EQ(SpreadOf({4, 1, 2, 3}).least, 1);
  EXPECT_DOUBLE_EQ(SpreadOf({4, 1, 2, 3}).most, 4);
}

TEST(Comparison, RatiosAreTakenRoundByRound) {
  // The machine was ten times as slow in the second round, for both.
  const Comparison comparison = Compare({Made("ours", "read", 0, 1), Made("theirs", "read", 0, 3),
                                         Made("theirs", "read", 1, 40), Made("ours", "read", 1, 10)},
                                        {"ours", "theirs"});
  ASSERT_EQ(comparison.rows.size(), 1u);
  ASSERT_EQ(comparison.rows[0].cells.size(), 2u);
  EXPECT_FALSE(comparison.rows[0].cells[0].live->ratio);
  const Spread ratio = comparison.rows[0].cells[1].live->ratio.value();
  EXPECT_DOUBLE_EQ(ratio.median, 3.5);
  EXPECT_DOUBLE_EQ(ratio.least, 3);
  EXPECT_DOUBLE_EQ(ratio.most, 4);
}

TEST(Comparison, TheVerdictIsTheGeometricMeanAndTheWorst) {
  const Comparison comparison =
      Compare({Made("ours", "read", 0, 1), Made("theirs", "read", 0, 8), Made("ours", "write", 0, 1, 1),
               Made("theirs", "write", 0, 2, 1), Made("ours", "scan", 0, 1)},
              {"ours", "theirs"});
  ASSERT_EQ(comparison.verdicts.size(), 1u);
  const Verdict& verdict = comparison.verdicts[0];
  EXPECT_NEAR(verdict.geometric_mean, std::sqrt(8 * 1.5), 1e-9) << "with the time to settle";
  EXPECT_NEAR(verdict.live_geometric_mean, 4, 1e-9);
  EXPECT_NEAR(verdict.settled_geometric_mean, 1.5, 1e-9);
  EXPECT_EQ(verdict.worst_workload, "write");
  EXPECT_DOUBLE_EQ(verdict.worst_ratio, 1.5);
}

// Read live in `seconds`, and settled in twice that.
std::vector<Measurement> InBothStates(const char* engine, double seconds) {
  std::vector<Measurement> made = {Made(engine, "read", 0, seconds), Made(engine, "read", 0, 2 * seconds)};
  made[0].state = State::kLive;
  made[1].state = State::kSettled;
  return made;
}

TEST(Comparison, AWorkloadThatOnlyReadsCountsInEachStateAndAWriterOnce) {
  std::vector<Measurement> measurements = InBothStates("ours", 1);
  measurements[1].seconds = 1;
  const std::vector<Measurement> theirs = InBothStates("theirs", 2);
  measurements.insert(measurements.end(), theirs.begin(), theirs.end());
  measurements.push_back(Made("ours", "write", 0, 1, 1));
  measurements.push_back(Made("theirs", "write", 0, 30, 2));
  const Comparison comparison = Compare(measurements, {"ours", "theirs"});
  ASSERT_EQ(comparison.rows.size(), 2u);
  EXPECT_DOUBLE_EQ(comparison.rows[0].cells[1].live->ratio->median, 2);
  EXPECT_DOUBLE_EQ(comparison.rows[0].cells[1].settled->ratio->median, 4);
  const Verdict& verdict = comparison.verdicts[0];
  EXPECT_NEAR(verdict.geometric_mean, std::cbrt(2 * 4 * 16), 1e-9);
  EXPECT_NEAR(verdict.live_geometric_mean, std::sqrt(2 * 30), 1e-9);
  EXPECT_NEAR(verdict.settled_geometric_mean, std::sqrt(4 * 16), 1e-9);
  EXPECT_EQ(verdict.worst_workload, "read");
  EXPECT_DOUBLE_EQ(verdict.worst_ratio, 2);
}

TEST(TextReport, BothStatesHaveARow) {
  std::vector<Measurement> measurements = InBothStates("ours", 0.001);
  measurements.push_back(InBothStates("theirs", 0.002)[0]);
  const std::string table = ComparisonTable(Compare(measurements, {"ours", "theirs"}));
  EXPECT_THAT(table, HasSubstr("| read | 1,000 | 500.0 | 2.00x (2.00..2.00) |"));
  EXPECT_THAT(table, HasSubstr("| read, settled | 500.0 | not supported | |"));
  EXPECT_THAT(TableLine(measurements[0]), HasSubstr("read live "));
}

TEST(Comparison, ARoundThatOneEngineLacksCountsForNone) {
  const Comparison comparison = Compare(
      {Made("ours", "read", 0, 1), Made("theirs", "read", 0, 2), Made("ours", "read", 1, 1)}, {"ours", "theirs"});
  EXPECT_DOUBLE_EQ(comparison.rows[0].cells[1].live->ratio->most, 2);
  EXPECT_TRUE(Compare({}, {"ours", "theirs"}).rows.empty());
}

TEST(TextReport, TheTableShowsRatesRatiosAndTheVerdict) {
  const std::string table = ComparisonTable(Compare(
      {Made("ours", "write", 0, 0.0005, 0.0005), Made("theirs", "write", 0, 0.002, 0.001)}, {"ours", "theirs"}));
  EXPECT_THAT(table, HasSubstr("| workload | ours, k op/s | theirs, k op/s | ours : theirs |"));
  EXPECT_THAT(table, HasSubstr("| write | 2,000 | 500.0 | 4.00x (4.00..4.00) |"));
  EXPECT_THAT(table, HasSubstr("| write, settled | 1,000 | 333.3 | 3.00x (3.00..3.00) |"));
  EXPECT_THAT(table, HasSubstr("geometric mean 3.00x (live 4.00x, settled 3.00x), least 3.00x (write)"));
}

std::vector<Measurement> WithFigures() {
  std::vector<Measurement> made = {Made("ours", "trial", 0, 1), Made("theirs", "trial", 0, 2),
                                   Made("ours", "trial", 1, 1), Made("theirs", "trial", 1, 2),
                                   Made("ours", "read", 0, 1)};
  made[0].figures = {{"first us", 2}, {"asked for", 0}};
  made[1].figures = {{"first us", 20}, {"asked for", 1}};
  made[2].figures = {{"first us", 3}, {"asked for", 0}};
  made[3].figures = {{"first us", 60}, {"asked for", 1}};
  return made;
}

TEST(Comparison, AFigureIsTheBetterTheLessOfItThereIs) {
  const Comparison comparison = Compare(WithFigures(), {"ours", "theirs"});
  ASSERT_EQ(comparison.figures.size(), 2u);
  const FigureRow& first = comparison.figures[0];
  EXPECT_EQ(first.workload, "trial");
  EXPECT_EQ(first.name, "first us");
  ASSERT_EQ(first.cells.size(), 2u);
  EXPECT_DOUBLE_EQ(first.cells[0].value.median, 2.5);
  EXPECT_FALSE(first.cells[0].ratio);
  EXPECT_DOUBLE_EQ(first.cells[1].ratio.value().least, 10);
  EXPECT_DOUBLE_EQ(first.cells[1].ratio.value().most, 20);
  EXPECT_FALSE(comparison.figures[1].cells[1].ratio) << "nothing is so many times 0";
}

TEST(TextReport, TheTableShowsFiguresAndWhoDoesNotTakePart) {
  const std::string table = ComparisonTable(Compare(WithFigures(), {"ours", "theirs"}));
  EXPECT_THAT(table, HasSubstr("| trial: first us | 2.5 | 40 | 15.00x (10.00..20.00) |"));
  EXPECT_THAT(table, HasSubstr("| read | 1.0 | not supported | |"));
}

TEST(TextReport, CommasPartThousands) {
  EXPECT_EQ(WithCommas(0), "0.0");
  EXPECT_EQ(WithCommas(999.94), "999.9");
  EXPECT_EQ(WithCommas(1'000), "1,000");
  EXPECT_EQ(WithCommas(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace amethyst::bench
