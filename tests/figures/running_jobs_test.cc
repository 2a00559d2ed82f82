#include "figures/running_jobs.h"

#include <gtest/gtest.h>

#include <optional>

namespace amethyst::figures {
namespace {

TEST(RunningJobs, AreThoseThatHaveNotEnded) {
  RunningJobs jobs;
  EXPECT_TRUE(jobs.List().empty());
  {
    const auto merge = jobs.Begin({.kind = JobKind::kMerge, .from = 1, .to = 2, .bytes = 1000, .reason = "r"}, 50);
    const auto flush = jobs.Begin({.kind = JobKind::kFlush, .bytes = 10, .reason = ""}, 0);
    merge.entries_done() += 25;
    flush.entries_done() += 3;
    const std::vector<Job> list = jobs.List();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].bytes_done, 500u);
    EXPECT_EQ(list[0].reason, "r");
    EXPECT_EQ(list[1].bytes_done, 0u) << "nobody knows of how many";
    merge.entries_done() += 100;
    EXPECT_EQ(jobs.List()[0].bytes_done, 1000u) << "never more than all";
  }
  EXPECT_TRUE(jobs.List().empty());
}

}  // namespace
}  // namespace amethyst::figures
