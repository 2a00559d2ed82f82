// Which stretch of keys an iterator tells. Covers: walk, db_iterator_walk
#include "engine/walk.h"

#include <gtest/gtest.h>

namespace amethyst::engine {
namespace {

class Told final : public ReadListener {
 public:
  void Saw(key::FamilyId /*family*/, SeenRange range) override {
    shown = (range.begin ? *range.begin : "-") + ".." + (range.end ? *range.end : "-") + (range.holds_end ? "]" : ")");
  }
  void SawExpiry(uint64_t /*expires_ms*/) override {}
  void Began(DbIterator& /*iterator*/) override {}
  void Ended(DbIterator& /*iterator*/) noexcept override {}

  std::string shown = "nothing";
};

class WalkTest : public testing::Test {
 protected:
  std::string Tell() {
    told_.shown = "nothing";
    walk_.Tell(key::kDefaultFamily);
    return told_.shown;
  }

  const key::Order order_{};
  Told told_;
  Walk walk_{told_};
};

TEST_F(WalkTest, NothingBeforeASeek) { EXPECT_EQ(Tell(), "nothing"); }

TEST_F(WalkTest, ForwardToAKeyOrToItsBound) {
  walk_.Begin("b", true, false);
  EXPECT_EQ(Tell(), "nothing");
  walk_.Reach("d", order_);
  EXPECT_EQ(Tell(), "b..d]");
  walk_.ReachEnd(true, "f");
  EXPECT_EQ(Tell(), "b..f)");
  walk_.ReachEnd(true, std::nullopt);
  EXPECT_EQ(Tell(), "b..-)");
}

TEST_F(WalkTest, BackwardToAKeyOrToItsBound) {
  walk_.Begin("m", false, true);
  walk_.Reach("k", order_);
  EXPECT_EQ(Tell(), "k..m]");
  walk_.ReachEnd(false, "a");
  EXPECT_EQ(Tell(), "a..m]");
  walk_.Begin("m", false, false);
  walk_.ReachEnd(false, std::nullopt);
  EXPECT_EQ(Tell(), "-..m)");
}

TEST_F(WalkTest, FromTheFirstAndFromTheLast) {
  walk_.Begin(std::nullopt, true, false);
  walk_.Reach("c", order_);
  EXPECT_EQ(Tell(), "-..c]");
  walk_.Begin(std::nullopt, false, false);
  walk_.Reach("x", order_);
  EXPECT_EQ(Tell(), "x..-)");
}

TEST_F(WalkTest, TurningWidensBothSides) {
  walk_.Begin("f", true, false);
  walk_.Reach("h", order_);
  walk_.Reach("c", order_);
  walk_.Reach("e", order_);
  EXPECT_EQ(Tell(), "c..h]");
}

}  // namespace
}  // namespace amethyst::engine
