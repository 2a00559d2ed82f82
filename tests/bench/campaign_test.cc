// Whole campaigns with engines in processes of their own. Covers: engine_process, measurement, json_report,
// html_report, svg
#include "bench/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/engine_process.h"
#include "bench/html_report.h"
#include "bench/json_report.h"
#include "bench/svg.h"
#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Plan SmallPlan(const support::TempDirectory& directory) {
  Plan plan;
  plan.engines = {"amethyst", "null"};
  plan.workloads = {"fillrandom", "readwhilewriting", "seek10"};
  plan.states = {State::kLive, State::kSettled};
  plan.rounds = 2;
  plan.compare = true;
  plan.load.keys = 500;
  plan.settings.directory = directory.path();
  plan.settings.cache_bytes = size_t{8} << 20;
  plan.settings.write_buffer_bytes = size_t{2} << 20;
  return plan;
}

std::vector<Measurement> Measured(const Plan& plan) {
  std::vector<Measurement> measurements;
  const Status status = RunCampaign(plan, [&](const Measurement& m) { measurements.push_back(m); });
  EXPECT_TRUE(status) << status.error().ToString();
  return measurements;
}

TEST(Campaign, EnginesTakeTurnsAtEachWorkloadOfEachRound) {
  const support::TempDirectory directory;
  const std::vector<Measurement> measurements = Measured(SmallPlan(directory));
  ASSERT_EQ(measurements.size(), 16u);
  for (size_t i = 0; i < measurements.size(); i += 2) {
    EXPECT_EQ(measurements[i].workload, measurements[i + 1].workload);
    EXPECT_NE(measurements[i].engine, measurements[i + 1].engine);
    EXPECT_EQ(measurements[i].round, i / 8);
  }
  EXPECT_EQ(measurements[3].state, std::nullopt);
  EXPECT_EQ(measurements[4].state, State::kSettled);
  EXPECT_EQ(measurements[6].state, State::kLive);
  EXPECT_NE(measurements[0].engine, measurements[2].engine) << "the other one begins next";
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "databases are removed";
}

TEST(Campaign, KeepsTheDatabasesIfTold) {
  const support::TempDirectory directory;
  Plan plan = SmallPlan(directory);
  plan.keep_files = true;
  plan.rounds = 1;
  Measured(plan);
  EXPECT_FALSE(std::filesystem::is_empty(directory.path()));
}

TEST(Campaign, ADirectoryThatCannotBeMadeIsAnArgumentError) {
  const support::TempDirectory directory;
  Plan plan = SmallPlan(directory);
  plan.settings.directory = "/proc/nowhere";
  const Status status = RunCampaign(plan, [](const Measurement&) { FAIL(); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kInvalidArgument);
}

TEST(EngineProcess, AnErrorOfTheEngineComesOverWithItsName) {
  StoreSettings settings;
  settings.directory = "/proc/nowhere";
  EngineProcess process(*FindEngine("amethyst"), settings, Load(), 0);
  const auto measured = process.Run({FindWorkload("fillrandom")}, 0);
  ASSERT_FALSE(measured);
  EXPECT_THAT(measured.error().message(), HasSubstr("amethyst: "));
}

TEST(Measurement, ComesBackFromItsJson) {
  const support::TempDirectory directory;
  for (const Measurement& m : Measured(SmallPlan(directory))) {
    const auto copy = MeasurementFromJson(json::parse(ToJson(m).dump()));
    ASSERT_TRUE(copy) << copy.error().ToString();
    EXPECT_EQ(ToJson(*copy), ToJson(m));
  }
}

TEST(Measurement, WhatIsNoMeasurementIsRefused) {
  EXPECT_FALSE(MeasurementFromJson(json::object()));
  EXPECT_FALSE(MeasurementFromJson(json::parse(R"({"engine": 5})")));
  EXPECT_FALSE(MeasurementFromJson(json::array()));
}

TEST(JsonReport, ParsesAndHoldsEveryMeasurement) {
  const support::TempDirectory directory;
  const Plan plan = SmallPlan(directory);
  const std::vector<Measurement> measurements = Measured(plan);
  const json report = json::parse(JsonReport(plan, measurements, Compare(measurements, plan.engines)));
  ASSERT_EQ(report.at("measurements").size(), measurements.size());
  const json& first = report.at("measurements")[0];
  EXPECT_EQ(first.at("workload"), "fillrandom");
  for (const char* field : {"operations_per_second", "cpu_us_per_operation", "write_amplification",
                            "space_amplification", "peak_memory_bytes", "stalls"}) {
    EXPECT_TRUE(first.at(field).is_number()) << field;
  }
  EXPECT_GE(first.at("latency").at("p99_ns"), first.at("latency").at("p50_ns"));
  EXPECT_EQ(report.at("comparison").at("peers")[0].at("engine"), "null");
}

TEST(Svg, ACurveHasThreePoints) {
  Chart chart;
  chart.series.resize(2);
  chart.series[0].name = "two";
  chart.series[0].points = {{0, 1}, {1, 9}};
  chart.series[1].name = "three";
  chart.series[1].points = {{0, 1}, {1, 2}, {2, 3}};
  EXPECT_THAT(DrawChart(chart), HasSubstr("three"));
  EXPECT_THAT(DrawChart(chart), Not(HasSubstr("two")));
  chart.series.pop_back();
  EXPECT_EQ(DrawChart(chart), "");
}

TEST(HtmlReport, IsOnePageWithPlotsAndNothingFromElsewhere) {
  const support::TempDirectory directory;
  const Plan plan = SmallPlan(directory);
  const std::vector<Measurement> measurements = Measured(plan);
  const std::string page = HtmlReport(plan, measurements, Compare(measurements, plan.engines));
  EXPECT_THAT(page, HasSubstr("<h2>seek10</h2>"));
  EXPECT_THAT(page, HasSubstr("<h3>live</h3>"));
  EXPECT_THAT(page, HasSubstr("<h3>settled</h3>"));
  EXPECT_THAT(page, HasSubstr("<polyline"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  for (const char* foreign : {"http:", "https:", "<script", "<link", "src=", "@import", "url(", "nan", "inf,"}) {
    EXPECT_THAT(page, Not(HasSubstr(foreign))) << foreign;
  }
}

}  // namespace
}  // namespace amethyst::bench
