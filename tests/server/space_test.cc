// Covers: space
#include "server/keyspace/space.h"

#include <gtest/gtest.h>

#include <set>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

class SpaceTest : public ServerTest {};

TEST_F(SpaceTest, CountsTheSameAfterACloseAndAfterACrash) {
  EXPECT_EQ(Line("mset a 1 b 2 c 3"), "OK");
  EXPECT_EQ(Line("expire a 100"), "1");
  EXPECT_EQ(Line("select 5"), "OK");
  EXPECT_EQ(Line("set a 1 ex 100"), "OK");
  for (int round = 0; round < 3; ++round) {
    if (round == 1) {
      Crash();
    } else {
      Restart();
    }
    EXPECT_EQ(Line("dbsize"), "3");
    EXPECT_EQ(space_->KeyCount(0), 3);
    EXPECT_EQ(space_->ExpiringCount(0), 1);
    EXPECT_EQ(space_->KeyCount(5), 1);
    EXPECT_EQ(space_->ExpiringCount(5), 1);
  }
  EXPECT_EQ(Line("set d 1"), "OK");
  Crash();
  EXPECT_EQ(Line("dbsize"), "4") << "what a clean close kept was not believed a second time";
}

TEST_F(SpaceTest, NeverGivesAnIdTwice) {
  std::set<uint64_t> ids;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 10; ++i) {
      const auto id = space_->NewId();
      ASSERT_TRUE(id);
      EXPECT_GT(*id, 0U);
      EXPECT_TRUE(ids.insert(*id).second);
    }
    if (round % 2 == 0) {
      Crash();
    } else {
      Restart();
    }
  }
}

TEST_F(SpaceTest, RefusesADatabaseOfSomebodyElse) {
  Components components;
  components.environment = environment_;
  {
    auto db = DB::Open("theirs", {}, components);
    ASSERT_TRUE(db);
    ASSERT_TRUE((*db)->Put("a", "1"));
  }
  const auto space = Space::Open("theirs", {}, components);
  ASSERT_FALSE(space);
  EXPECT_EQ(space.error().code(), ErrorCode::kInvalidArgument);
  auto db = DB::Open("theirs", {}, components);
  ASSERT_TRUE(db);
  EXPECT_EQ((*db)->FamilyNames().size(), 1U) << "nothing was made in it";
}

TEST_F(SpaceTest, TellsOfEntriesThatAreNoneOfItsOwn) {
  ASSERT_TRUE(space_->family(Part::kKeys).Put("short", "x"));
  client_.reset();
  server_.reset();
  space_.reset();
  Components components;
  components.environment = environment_;
  const auto space = Space::Open("db", {}, components);
  ASSERT_FALSE(space);
  EXPECT_EQ(space.error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::server
