// Covers: set, set_algebra, encoding_name
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/members_fixture.h"

namespace amethyst::server {
namespace {

class SetTest : public MembersTest {};

TEST_F(SetTest, IsExplodedAtItsLimits) {
  std::vector<std::string> words = {"sadd", "s"};
  for (int i = 0; i < 512; ++i) words.push_back(std::to_string(i));
  EXPECT_EQ(Send(words), "512");
  EXPECT_EQ(Encoding("s"), "\"intset\"");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
  EXPECT_EQ(Line("sadd s 5 5"), "0");
  EXPECT_EQ(Line("sadd s 512"), "1");
  EXPECT_EQ(Encoding("s"), "\"hashtable\"");
  EXPECT_EQ(EntriesOf(Part::kData), 513u);
  words.resize(2 + 200);
  words[1] = "mixed";
  EXPECT_EQ(Send(words), "200");
  EXPECT_EQ(Encoding("mixed"), "\"intset\"");
  EXPECT_EQ(EntriesOf(Part::kData), 513u);
  EXPECT_EQ(Line("sadd mixed word"), "1");
  EXPECT_EQ(Encoding("mixed"), "\"hashtable\"");
  EXPECT_EQ(EntriesOf(Part::kData), 513u + 201);
  EXPECT_EQ(Line("sadd few 1 2 word"), "3");
  EXPECT_EQ(Encoding("few"), "\"hashtable\"") << "as Redis would have it, though it is inline";
  EXPECT_EQ(EntriesOf(Part::kData), 513u + 201);
}

TEST_F(SetTest, ReleasesTheCollectionThatItReplaces) {
  Configure("set-max-intset-entries", "0");
  Configure("hash-max-listpack-entries", "0");
  EXPECT_EQ(Line("sadd x 1 2"), "2");
  EXPECT_EQ(Line("hset h a 1 b 2"), "2");
  EXPECT_EQ(Line("sunionstore h x"), "2");
  EXPECT_EQ(EntriesOf(Part::kData), 4u);
  EXPECT_EQ(Line("sunionstore x x h"), "2");
  EXPECT_EQ(EntriesOf(Part::kData), 4u);
  EXPECT_EQ(Line("sdiffstore h x x"), "0");
  EXPECT_EQ(EntriesOf(Part::kData), 2u);
  EXPECT_EQ(Line("smembers x").size(), std::string("[\"1\", \"2\"]").size());
  EXPECT_EQ(Line("spop x 2").size(), std::string("[\"1\", \"2\"]").size());
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
  EXPECT_EQ(RegisteredIds(), 0u);
}

}  // namespace
}  // namespace amethyst::server
