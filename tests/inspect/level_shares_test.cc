#include "inspect/level_shares.h"

#include <gtest/gtest.h>

namespace amethyst::inspect {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kLevel0Full = 128 * kMiB;  // Four write buffers of 32 MiB.
constexpr key::FamilyId kOther{7};

// A manifest with tables of these sizes; keys do not matter to sizes.
class LevelSharesTest : public testing::Test {
 protected:
  void Add(key::Level level, uint64_t mib, key::FamilyId family = {}) {
    tree::AddedTable table;
    table.family = family;
    table.info.file_bytes = mib * kMiB;
    state_.levels[level].push_back(table);
  }
  [[nodiscard]] LevelShares Shares(key::FamilyId family = {}) const { return SharesOf(state_, family, {}); }

  ManifestState state_;
};

TEST_F(LevelSharesTest, OfAnEmptyTreeAreNone) {
  const LevelShares shares = Shares();
  EXPECT_EQ(shares.all, 0u);
  EXPECT_EQ(shares.read_amplification, 0u);
  EXPECT_EQ(shares.space_amplification, 0);
  EXPECT_EQ(shares.filled, (std::array<double, key::kLevels>{}));
}

TEST_F(LevelSharesTest, MeasureTheBaseWithTheRoomThatLevel0Leaves) {
  Add(5, 100);
  Add(6, 10'000);
  const LevelShares shares = Shares();
  EXPECT_EQ(shares.target[5], 1000 * kMiB);  // A tenth: another level above it is to open.
  EXPECT_EQ(shares.target[4], 100 * kMiB + kLevel0Full);
  EXPECT_DOUBLE_EQ(shares.filled[5], 0.1);
  EXPECT_DOUBLE_EQ(shares.filled[6], 1);
}

// Tens of the last level would say that level 5 holds its share once over.
TEST_F(LevelSharesTest, GiveALevelAboveASmallTreeNoTenth) {
  Add(5, 10);
  Add(6, 100);
  const LevelShares shares = Shares();
  EXPECT_EQ(shares.target[5], 0u) << "level 0 is merged to level 6 until that has four times its size";
  EXPECT_EQ(shares.filled[5], 0);
}

TEST_F(LevelSharesTest, FillLevel0ByTablesOrByBytes) {
  Add(0, 1);
  Add(0, 1);
  EXPECT_DOUBLE_EQ(Shares().filled[0], 0.5) << "two of four tables";
  Add(0, 254);
  EXPECT_DOUBLE_EQ(Shares().filled[0], 2) << "twice the bytes";
  EXPECT_EQ(Shares().target[0], kLevel0Full);
}

TEST_F(LevelSharesTest, CountWhatAReadLooksAtAndWhatSpaceAndWritesCost) {
  Add(0, 10);
  Add(0, 10);
  Add(6, 256);
  Add(6, 256);
  Add(6, 999, kOther);
  const LevelShares shares = Shares();
  EXPECT_EQ(shares.read_amplification, 3u) << "two tables of level 0, and one level";
  EXPECT_DOUBLE_EQ(shares.space_amplification, 532.0 / 512);
  EXPECT_DOUBLE_EQ(shares.write_amplification, 1 + 1 + 512.0 / 128) << "as level 0, then with all of the last level";
  EXPECT_EQ(Shares(kOther).all, 999 * kMiB);
}

}  // namespace
}  // namespace amethyst::inspect
