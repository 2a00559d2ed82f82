// Covers: access
#include "server/keyspace/access.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/server/server_fixture.h"

namespace amethyst::server {
namespace {

// A batch is 1 MiB at the most.
class LargeResults : public ServerTest {
 protected:
  static constexpr int kElements = 300;  // Of 10 KiB each.

  LargeResults() {
    EXPECT_EQ(Line("config set maxmemory 36mb"), "OK");
    for (int i = 0; i < kElements; ++i) EXPECT_EQ(Send({"rpush", "l", Element(i)}), std::to_string(i + 1));
  }
  static std::string Element(int number) { return std::to_string(number) + std::string(10'240, 'x'); }
  int CountData() {
    int count = 0;
    Iterator entries = space_->family(Part::kData).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
};

TEST_F(LargeResults, AreStoredInParts) {
  EXPECT_EQ(Line("set m old"), "OK");
  EXPECT_EQ(Line("copy l m replace"), "1");
  EXPECT_EQ(Line("llen m"), std::to_string(kElements));
  EXPECT_EQ(Line("lindex m 299"), "\"" + Element(299) + "\"");
  EXPECT_EQ(CountData(), 2 * kElements);
  EXPECT_EQ(Line("del l m"), "2");
  Pass(std::chrono::seconds(1));
  EXPECT_EQ(CountData(), 0);
}

TEST_F(LargeResults, HaveNoPartsBehindAnotherWriteOfATransaction) {
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("copy l m"), "QUEUED");
  EXPECT_TRUE(Line("exec").starts_with("(error)"));
  EXPECT_EQ(Line("exists a m"), "0") << "whole or absent";
  EXPECT_EQ(CountData(), kElements);
}

TEST_F(LargeResults, LeaveNothingWhereTheCommandIsGivenUp) {
  {
    Access access(*space_);
    access.Begin(0, server_->NowMs());
    const uint64_t id = access.NewId(KeysKey(0, "m"));
    for (int i = 0; i < kElements; ++i) access.Put(Part::kData, MemberKey(id, Element(i)), "");
    std::string value;
    EXPECT_TRUE(access.Get(Part::kData, MemberKey(id, Element(0)), &value)) << "a part is read as the batch is";
    EXPECT_TRUE(access.Get(Part::kData, MemberKey(id, Element(kElements - 1)), &value));
    EXPECT_GT(CountData(), kElements) << "a part is there";
    access.Begin(0, server_->NowMs());
  }
  EXPECT_EQ(Line("exists m"), "0");
  Pass(std::chrono::seconds(1));
  EXPECT_EQ(CountData(), kElements);
  EXPECT_EQ(Line("llen l"), std::to_string(kElements));
}

}  // namespace
}  // namespace amethyst::server
