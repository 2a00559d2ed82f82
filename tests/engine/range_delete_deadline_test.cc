// What range deletes hide leaves tables and log by the deadline, counted from the range delete.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::Text;

const std::string kSecret = "the secret that must go";
constexpr int kDeadlineS = 100;

class RangeDeleteDeadline : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(Text(world_.Open()), ""); }
  static Options MadeOptions() {
    Options options = support::SmallOptions();
    options.compression = Compression::kNone;
    options.delete_deadline_s = kDeadlineS;
    return options;
  }
  void Pass(int seconds) {
    for (int second = 0; second < seconds; ++second) {
      world_.serial().clock().Advance(std::chrono::seconds(1));
      world_.RunJobs();
    }
  }
  // A table of the last level, with the secret in its middle.
  void Fill() {
    for (uint64_t i = 0; i < 2'000; ++i) {
      ASSERT_TRUE(world_.db().Put(Key(i), i == 1'000 ? kSecret : std::string(100, 'v')));
    }
    Settle();
  }
  void Settle() {
    ASSERT_EQ(Text(world_.db().Flush()), "");
    ASSERT_EQ(Text(world_.db().CompactRange()), "");
  }
  // The files that hold the secret.
  std::string Where() {
    std::string where;
    const std::vector<std::string> names = world_.serial().files().List("/db").value();
    for (const std::string& name : names) {
      if (io::ReadFile(world_.serial().files(), "/db/" + name).value().contains(kSecret)) where += name + " ";
    }
    return where;
  }
  DB& db() { return world_.db(); }

  World world_{1, MadeOptions()};
};

TEST_F(RangeDeleteDeadline, TakesAValueOutOfATable) {
  Fill();
  ASSERT_NE(Where(), "");
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  Pass(kDeadlineS + 30);
  EXPECT_EQ(Where(), "");
  EXPECT_EQ(support::ContentOf(db()).size(), 1'800u);
}

TEST_F(RangeDeleteDeadline, TakesAValueOutOfMemoryAndLog) {
  ASSERT_TRUE(db().Put(Key(1'000), kSecret));
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  ASSERT_NE(Where(), "");
  Pass(kDeadlineS + 30);
  EXPECT_EQ(Where(), "");
}

TEST_F(RangeDeleteDeadline, IsCountedAcrossOpens) {
  Fill();
  ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
  for (int open = 0; open < 6; ++open) {
    Pass(kDeadlineS / 4);
    ASSERT_NO_FATAL_FAILURE(world_.Reopen());
  }
  EXPECT_EQ(Where(), "");
}

TEST_F(RangeDeleteDeadline, TakesItOnceTheLastSnapshotHasGone) {
  Fill();
  {
    const Snapshot snapshot = db().GetSnapshot();
    ASSERT_TRUE(db().DeleteRange(Key(900), Key(1'100)));
    Pass(kDeadlineS + 30);
    EXPECT_NE(Where(), "") << "the snapshot sees it";
    EXPECT_EQ(db().Get(Key(1'000), {.snapshot = &snapshot}).value(), kSecret);
  }
  Pass(kDeadlineS / 2);
  EXPECT_EQ(Where(), "");
}

}  // namespace
}  // namespace amethyst::engine
