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

}  // namespace
}  // namespace amethyst::bench
