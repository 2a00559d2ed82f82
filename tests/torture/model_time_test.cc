#include "torture/model_time.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

TEST(ModelTime, IsTheGreatestWallTimeThatWasSeen) {
  ModelTime time(true);
  EXPECT_EQ(time.Observe(1000, 1000), "");
  EXPECT_EQ(time.Observe(1000, 500), "");
  EXPECT_NE(time.Observe(500, 500), "");
  EXPECT_EQ(time.Observe(2000, 2000), "");
  EXPECT_NE(time.Observe(2000, 3000), "");
}

TEST(ModelTime, MayBeForgottenByACrashDownToTheWallTime) {
  ModelTime time(true);
  EXPECT_EQ(time.Observe(2000, 2000), "");
  time.Crash(2000);
  EXPECT_EQ(time.Observe(1500, 1000), "");
  EXPECT_EQ(time.now_ms(), 1500u);
  EXPECT_NE(time.Observe(2000, 1000), "");
}

TEST(ModelTime, IsKeptOverACloseOnceAnEntryExpires) {
  ModelTime time(true);
  EXPECT_EQ(time.Observe(2000, 2000), "");
  time.Close(2500);
  EXPECT_EQ(time.Observe(1000, 1000), "");
  EXPECT_EQ(time.Observe(2000, 2000), "");
  time.Use();
  time.Close(2500);
  EXPECT_NE(time.Observe(1000, 1000), "");
}

TEST(ModelTime, OfRealFilesLetsTheDatabaseTellALittleMore) {
  const ModelEntry entry{.value = "a", .expires_ms = ModelTime::kRealStepMs};
  EXPECT_TRUE(TellsExpiryOf(entry, MomentOf(ModelTime::kRealStepMs + 1)));
  EXPECT_FALSE(TellsExpiryOf(entry, MomentOf(2 * ModelTime::kRealStepMs)));
  EXPECT_FALSE(TellsExpiryOf(entry, std::nullopt));
  EXPECT_FALSE(TellsExpiryOf({.value = "a", .expires_ms = 1001}, MomentOf(1002)));
  EXPECT_TRUE(TellsExpiryOf({.value = "a", .expires_ms = kModelNeverMs}, std::nullopt));
  EXPECT_TRUE(TellsExpiryOf({.value = "a"}, MomentOf(1002)));
}

}  // namespace
}  // namespace amethyst::torture
