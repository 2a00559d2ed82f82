// Records of other kinds in the log. Covers: log_kinds
#include <gtest/gtest.h>

#include "support/database.h"
#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

TEST(LogKinds, AnIngestUsesItsNumbersAndComesBackInItsOrder) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(1);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 20)));
  ASSERT_TRUE(harness.log().AppendIngest(key::SequenceNumber{2}, 3, "tables"));
  const std::string batch = SomeBatch(random, 20);
  ASSERT_TRUE(harness.log().Append(key::SequenceNumber{5}, 1, batch));
  ASSERT_TRUE(harness.log().SyncAll());
  const Recovered recovered = harness.Recover(harness.TakeImage());
  ASSERT_EQ(support::Text(recovered.status), "");
  ASSERT_EQ(recovered.batches.size(), 3u);
  EXPECT_EQ(recovered.batches[1], (Logged{.first = 2, .count = 3, .payload = "tables"}));
  EXPECT_EQ(recovered.batches[2], (Logged{.first = 5, .count = 1, .payload = batch}));
  EXPECT_EQ(recovered.report.cut.last_sequence, key::SequenceNumber{5});
}

TEST(LogKinds, OfWhichBuildsOfBeforeKnowNothingStandInSegmentsThatTheyRefuse) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(1);
  ASSERT_TRUE(harness.Append(SomeBatch(random, 20)));
  ASSERT_EQ(harness.log().segments().size(), 1u);
  ASSERT_TRUE(harness.log().AppendIngest(key::SequenceNumber{2}, 1, "tables"));
  EXPECT_EQ(harness.log().segments().size(), 2u);
  ASSERT_TRUE(harness.log().AppendFamilyChange("family"));
  EXPECT_EQ(harness.log().segments().size(), 2u);
}

}  // namespace
}  // namespace amethyst::wal
