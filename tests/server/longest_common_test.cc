// Covers: longest_common
#include "server/commands/longest_common.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

// The obvious way, which takes exponential time.
size_t LongestSlowly(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return 0;
  if (a[0] == b[0]) return 1 + LongestSlowly(a.substr(1), b.substr(1));
  return std::max(LongestSlowly(a.substr(1), b), LongestSlowly(a, b.substr(1)));
}

TEST(LongestCommon, AgreesWithTheObviousWay) {
  base::Random random(5);
  for (int round = 0; round < 500; ++round) {
    std::string a;
    std::string b;
    for (uint64_t i = random.Below(9); i > 0; --i) a += static_cast<char>('a' + random.Below(3));
    for (uint64_t i = random.Below(9); i > 0; --i) b += static_cast<char>('a' + random.Below(3));
    std::string out;
    Reply reply(&out);
    ReplyWithLongestCommon(reply, a, b, {.only_length = true});
    EXPECT_EQ(TakeReply(&out), std::to_string(LongestSlowly(a, b))) << a << " and " << b;
  }
}

class LongestCommonCommand : public ServerTest {};

TEST_F(LongestCommonCommand, AnswersAsRedisDoes) {
  EXPECT_EQ(Line("mset a ohmytext b mynewtext"), "OK");
  EXPECT_EQ(Line("lcs a b"), "\"mytext\"");
  EXPECT_EQ(Line("lcs a b len"), "6");
  EXPECT_EQ(Line("lcs a b idx"), R"(["matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], "len", 6])");
  EXPECT_EQ(Line("lcs a b idx minmatchlen 4 withmatchlen"), R"(["matches", [[[4, 7], [5, 8], 4]], "len", 6])");
  EXPECT_EQ(Line("lcs a absent"), "\"\"");
  EXPECT_EQ(Line("lcs a b len idx"), "(error) ERR If you want both the length and indexes, please just use IDX.");
}

}  // namespace
}  // namespace amethyst::server
