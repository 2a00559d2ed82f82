#include "base/fork.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace amethyst::base {
namespace {

TEST(Fork, AChildIsOfAnotherGeneration) {
  const uint32_t mine = ForkGeneration();
  const pid_t child = fork();
  if (child == 0) _exit(ForkGeneration() != mine ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ForkGeneration(), mine);
}

int before = 0;
int in_parent = 0;
int in_child = 0;

TEST(Fork, HandlersRunOnTheirSide) {
  AddForkHandlers({.before = [] { ++before; }, .in_parent = [] { ++in_parent; }, .in_child = [] { ++in_child; }});
  const pid_t child = fork();
  if (child == 0) _exit(before == 1 && in_parent == 0 && in_child == 1 ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(before == 1 && in_parent == 1 && in_child == 0);
}

}  // namespace
}  // namespace amethyst::base
