#include "engine/error_latch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amethyst::engine {
namespace {

TEST(ErrorLatch, KeepsTheFirstErrorAndSaysWhatItMeans) {
  ErrorLatch latch;
  EXPECT_FALSE(latch.IsSet());
  EXPECT_TRUE(latch.status());
  EXPECT_TRUE(latch.Set(Error(ErrorCode::kIo, "000003.wal: sync failed")));
  EXPECT_FALSE(latch.Set(Error(ErrorCode::kCorruption, "another")));
  EXPECT_TRUE(latch.IsSet());
  EXPECT_TRUE(latch.flag().load());
  EXPECT_EQ(latch.status().error().code(), ErrorCode::kIo);
  EXPECT_THAT(latch.status().error().message(), testing::HasSubstr("000003.wal: sync failed"));
  EXPECT_THAT(latch.status().error().message(), testing::HasSubstr("reopen it"));
}

}  // namespace
}  // namespace amethyst::engine
