#include "bench/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/stores.h"
#include "bench/text_report.h"

namespace amethyst::bench {
namespace {

using testing::HasSubstr;

TEST(Plan, NamesEnginesThatLackWhatAWorkloadNeeds) {
  if (FindEngine("leveldb") == nullptr) GTEST_SKIP() << "this build has no LevelDB";
  Plan plan;
  plan.engines = {"amethyst", "leveldb"};
  plan.workloads = {"readrandom", "rangepair", "counters"};
  const std::vector<LeftOut> left_out = WhoIsLeftOut(plan);
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out[0].engine, "leveldb");
  EXPECT_EQ(left_out[0].workload, "rangepair");
  EXPECT_EQ(left_out[1].workload, "counters");
  EXPECT_EQ(DescribeLeftOut(plan), "leveldb: not supported, left out: rangepair, counters\n");
}

TEST(Plan, AMixNeedsWhatItsActionsNeed) {
  if (FindEngine("leveldb") == nullptr) GTEST_SKIP() << "this build has no LevelDB";
  Plan plan;
  plan.engines = {"leveldb"};
  plan.workloads = {"mixed"};
  EXPECT_TRUE(WhoIsLeftOut(plan).empty());
  EXPECT_EQ(DescribeLeftOut(plan), "");
  plan.load.mix = ParseMix("read=50,deleterange=1").value();
  EXPECT_EQ(WhoIsLeftOut(plan).size(), 1u);
}

std::string StepsAsText(const Plan& plan) {
  std::string text;
  for (const Step& step : StepsOf(plan)) {
    text += step.workload->name + (step.state ? "." + StateName(*step.state) + " " : " ");
  }
  return text;
}

TEST(Plan, WhatOnlyReadsIsAllMeasuredSettledBeforeItIsMeasuredLive) {
  Plan plan;
  plan.workloads = {"fillseq", "seek10", "readseq", "ycsbb", "compact", "ycsbc"};
  EXPECT_EQ(StepsAsText(plan), "fillseq seek10.live readseq.live ycsbb compact ycsbc.live ");
  plan.states = {State::kLive, State::kSettled};
  EXPECT_EQ(StepsAsText(plan),
            "fillseq seek10.settled readseq.settled seek10.live readseq.live ycsbb compact ycsbc.settled ycsbc.live ");
}

TEST(Plan, AMixHasAStateIfItOnlyReads) {
  Plan plan;
  plan.workloads = {"mixed", "batchwalk"};
  EXPECT_EQ(StepsAsText(plan), "mixed batchwalk ");
  plan.load.mix = ParseMix("read=50,scan=1").value();
  EXPECT_EQ(StepsAsText(plan), "mixed.live batchwalk ");
}

}  // namespace
}  // namespace amethyst::bench
