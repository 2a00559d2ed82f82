// Covers: sorted_set_commands, sorted_set_range_commands, sorted_set_ranges, sorted_set_pop_commands
// Covers: sorted_set_replies, sorted_set_algebra_commands, scored_input
#include <gmock/gmock.h>

#include <set>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Both encodings: everything inline, and everything exploded.
class SortedSetCommandsTest : public ServerTest, public testing::WithParamInterface<const char*> {
 protected:
  SortedSetCommandsTest() { Configure("zset-max-listpack-entries", GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Encodings, SortedSetCommandsTest, testing::Values("128", "0"));

TEST_P(SortedSetCommandsTest, AddAndLookUp) {
  EXPECT_EQ(Line("zadd z 1 a 3 c 2 b"), "3");
  EXPECT_EQ(Line("zadd z 1 a 4 c 5 d"), "1");
  EXPECT_EQ(Line("zadd z ch 1 a 3 c 6 d"), "2");
  EXPECT_EQ(Line("zadd z nx 9 a 9 e"), "1");
  EXPECT_EQ(Line("zadd z xx ch 8 e 9 f"), "1");
  EXPECT_EQ(Line("zadd z gt ch 7 e 9 a"), "1");
  EXPECT_EQ(Line("zadd z lt ch 7 e 9 c"), "1");
  EXPECT_EQ(Line("zrange z 0 -1 withscores"), R"(["b", "2", "c", "3", "d", "6", "e", "7", "a", "9"])");
  EXPECT_EQ(Line("zadd z incr 0.5 a"), "\"9.5\"");
  EXPECT_EQ(Line("zadd z nx incr 1 a"), "(nil)");
  EXPECT_EQ(Line("zincrby z -1.5 a"), "\"8\"");
  EXPECT_EQ(Line("zscore z a"), "\"8\"");
  EXPECT_EQ(Line("zscore z x"), "(nil)");
  EXPECT_EQ(Line("zmscore z a x b"), R"(["8", (nil), "2"])");
  EXPECT_EQ(Line("zcard z"), "5");
  EXPECT_EQ(Line("zrank z d"), "2");
  EXPECT_EQ(Line("zrevrank z d"), "2");
  EXPECT_EQ(Line("zrevrank z b"), "4");
  EXPECT_EQ(Line("zrank z x"), "(nil)");
  EXPECT_EQ(Line("zrem z a x b"), "2");
  EXPECT_EQ(Line("zrem z c d e"), "3");
  EXPECT_EQ(Line("exists z"), "0");
  EXPECT_EQ(Line("zadd z -0 a"), "1");
  EXPECT_EQ(Line("zscore z a"), "\"0\"");
  EXPECT_EQ(Line("type z"), "zset");
}

TEST_P(SortedSetCommandsTest, RefuseAsRedisDoes) {
  EXPECT_EQ(Line("zadd z nx xx 1 a"), "(error) ERR XX and NX options at the same time are not compatible");
  EXPECT_EQ(Line("zadd z gt lt 1 a"), "(error) ERR GT, LT, and/or NX options at the same time are not compatible");
  EXPECT_EQ(Line("zadd z incr 1 a 2 b"), "(error) ERR INCR option supports a single increment-element pair");
  EXPECT_EQ(Line("zadd z 1 a x b"), "(error) ERR value is not a valid float");
  EXPECT_EQ(Line("exists z"), "0");
  EXPECT_EQ(Line("zadd z inf a"), "1");
  EXPECT_EQ(Line("zincrby z -inf a"), "(error) ERR resulting score is not a number (NaN)");
  EXPECT_EQ(Line("zcount z x 1"), "(error) ERR min or max is not a float");
  EXPECT_EQ(Line("zlexcount z x 1"), "(error) ERR min or max not valid string range item");
  EXPECT_EQ(Line("zpopmin z -1"), "(error) ERR value is out of range, must be positive");
  EXPECT_EQ(Line("zunion 0 z"), "(error) ERR at least 1 input key is needed for 'zunion' command");
  EXPECT_EQ(Line("zintercard 1 z limit -1"), "(error) ERR LIMIT can't be negative");
  EXPECT_EQ(Line("set s x"), "OK");
  for (const char* const line :
       {"zadd s 1 a", "zrem s a", "zscore s a", "zmscore s a", "zcard s", "zcount s 0 1", "zrank s a", "zrange s 0 1",
        "zrangestore d s 0 1", "zremrangebyrank s 0 1", "zpopmin s", "bzpopmin s 0", "zmpop 1 s min", "zrandmember s",
        "zscan s 0", "zunion 1 s", "zlexcount s - +"}) {
    EXPECT_EQ(Line(line), "(error) WRONGTYPE Operation against a key holding the wrong kind of value") << line;
  }
}

TEST_P(SortedSetCommandsTest, ShowRanges) {
  EXPECT_EQ(Line("zadd z 1 a 2 b 3 c 4 d 5 e"), "5");
  EXPECT_EQ(Line("zrange z 1 -2"), R"(["b", "c", "d"])");
  EXPECT_EQ(Line("zrange z 0 1 rev"), R"(["e", "d"])");
  EXPECT_EQ(Line("zrevrange z 3 9 withscores"), R"(["b", "2", "a", "1"])");
  EXPECT_EQ(Line("zrange z 7 9"), "[]");
  EXPECT_EQ(Line("zrange z 3 -1 limit -1 -1"), R"(["d", "e"])");
  EXPECT_EQ(Line("zrange z 3 -1 limit 0 1"),
            "(error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  EXPECT_EQ(Line("zrangebyscore z (1 4"), R"(["b", "c", "d"])");
  EXPECT_EQ(Line("zrangebyscore z -inf +inf limit 1 2 withscores"), R"(["b", "2", "c", "3"])");
  EXPECT_EQ(Line("zrangebyscore z 4 2"), "[]");
  EXPECT_EQ(Line("zrevrangebyscore z (4 2"), R"(["c", "b"])");
  EXPECT_EQ(Line("zrange z +inf 2 byscore rev limit 1 -1"), R"(["d", "c", "b"])");
  EXPECT_EQ(Line("zrange z -inf inf byscore limit -1 2"), "[]");
  EXPECT_EQ(Line("zcount z 2 (5"), "3");
  EXPECT_EQ(Line("zcount z (5 9"), "0");
  EXPECT_EQ(Line("zrangestore d z 1 3"), "3");
  EXPECT_EQ(Line("zrange d 0 -1 withscores"), R"(["b", "2", "c", "3", "d", "4"])");
  EXPECT_EQ(Line("zrangestore d none 1 3"), "0");
  EXPECT_EQ(Line("exists d"), "0");
  EXPECT_EQ(Line("zremrangebyrank z 0 0"), "1");
  EXPECT_EQ(Line("zremrangebyscore z (2 3"), "1");
  EXPECT_EQ(Line("zrange z 0 -1"), R"(["b", "d", "e"])");
  EXPECT_EQ(Line("zremrangebyscore z -inf +inf"), "3");
  EXPECT_EQ(Line("exists z"), "0");
}

TEST_P(SortedSetCommandsTest, ShowRangesByMember) {
  EXPECT_EQ(Line("zadd z 0 a 0 b 0 ba 0 c 0 d"), "5");
  EXPECT_EQ(Line("zrangebylex z - [b"), R"(["a", "b"])");
  EXPECT_EQ(Line("zrangebylex z (b +"), R"(["ba", "c", "d"])");
  EXPECT_EQ(Line("zrange z [b (d bylex limit 1 1"), R"(["ba"])");
  EXPECT_EQ(Line("zrevrangebylex z + (b"), R"(["d", "c", "ba"])");
  EXPECT_EQ(Line("zrangebylex z + -"), "[]");
  EXPECT_EQ(Line("zlexcount z - +"), "5");
  EXPECT_EQ(Line("zlexcount z (a (c"), "2");
  EXPECT_EQ(Line("zremrangebylex z [b [c"), "3");
  EXPECT_EQ(Line("zrange z 0 -1"), R"(["a", "d"])");
}

TEST_P(SortedSetCommandsTest, RangesByMemberOverSeveralScoresAreThoseOfRedis) {
  Line("zadd z 1 a 2 b 3 c 4 d");
  EXPECT_EQ(Line("zrange z [b [c bylex"), R"(["b", "c"])");
  EXPECT_EQ(Line("zrange z (b + bylex"), R"(["c", "d"])");
  EXPECT_EQ(Line("zrange z [e + bylex"), "[]");
  EXPECT_EQ(Line("zrange z - (a bylex"), "[]");
  EXPECT_EQ(Line("zrange z [c [b bylex rev"), R"(["c", "b"])");
  EXPECT_EQ(Line("zlexcount z [b [c"), "2");
  EXPECT_EQ(Line("zremrangebylex z [b [c"), "2");
}

TEST_P(SortedSetCommandsTest, Pop) {
  EXPECT_EQ(Line("zadd z 1 a 2 b 3 c 4 d 5 e"), "5");
  EXPECT_EQ(Line("zpopmin z"), R"(["a", "1"])");
  EXPECT_EQ(Line("zpopmax z 2"), R"(["e", "5", "d", "4"])");
  EXPECT_EQ(Line("zmpop 2 x z max"), R"(["z", [["c", "3"]]])");
  EXPECT_EQ(Line("bzpopmin x z 0"), R"(["z", "b", "2"])");
  EXPECT_EQ(Line("exists z"), "0");
  EXPECT_EQ(Line("zpopmin z 3"), "[]");
  EXPECT_EQ(Line("zmpop 1 z min"), "(nil array)");
}

TEST_P(SortedSetCommandsTest, AnswerInTheTermsOfTheNewProtocol) {
  EXPECT_THAT(Line("hello 3"), HasSubstr("proto"));
  EXPECT_EQ(Line("zadd z 1 a 2.5 b"), "2");
  EXPECT_EQ(Line("zscore z b"), ",2.5");
  EXPECT_EQ(Line("zscore z c"), "(null)");
  EXPECT_EQ(Line("zrange z 0 -1 withscores"), R"([["a", ,1], ["b", ,2.5]])");
  EXPECT_EQ(Line("zunion 1 z withscores"), R"([["a", ,1], ["b", ,2.5]])");
  EXPECT_EQ(Line("zscan z 0 match a"), R"(["0", ["a", "1"]])");
  EXPECT_EQ(Line("zpopmin z"), R"(["a", ,1])");
  EXPECT_EQ(Line("zpopmin z 1"), R"([["b", ,2.5]])");
  EXPECT_EQ(Line("bzmpop 0.1 1 z min"), "");
  Pass(milliseconds(100));
  EXPECT_EQ(client_->Received(), "(null)");
}

TEST_P(SortedSetCommandsTest, Combine) {
  EXPECT_EQ(Line("zadd one 1 a 2 b 3 c"), "3");
  EXPECT_EQ(Line("zadd other 10 b 20 c 30 d"), "3");
  EXPECT_EQ(Line("zunion 2 one other withscores"), R"(["a", "1", "b", "12", "c", "23", "d", "30"])");
  EXPECT_EQ(Line("zinter 2 one other weights 2 1 aggregate max withscores"), R"(["b", "10", "c", "20"])");
  EXPECT_EQ(Line("zdiff 2 one other withscores"), R"(["a", "1"])");
  EXPECT_EQ(Line("zintercard 2 one other"), "2");
  EXPECT_EQ(Line("zintercard 2 one other limit 1"), "1");
  EXPECT_EQ(Line("zunionstore one 2 one other aggregate min"), "4");
  EXPECT_EQ(Line("zrange one 0 -1 withscores"), R"(["a", "1", "b", "2", "c", "3", "d", "30"])");
  EXPECT_EQ(Line("zinterstore d 2 one none"), "0");
  EXPECT_EQ(Line("zdiffstore d 2 one other"), "1");
  EXPECT_EQ(Line("zinterstore d 2 one none"), "0");
  EXPECT_EQ(Line("exists d"), "0");
  EXPECT_EQ(Line("zadd i inf a"), "1");
  EXPECT_EQ(Line("zadd j -inf a"), "1");
  EXPECT_EQ(Line("zunion 2 i j withscores"), R"(["a", "0"])");
  EXPECT_EQ(Line("zadd i 5 a"), "0");
  EXPECT_EQ(Line("zinter 2 i j weights 1 0 withscores"), R"(["a", "0"])") << "as in Redis, which adds NaN to it";
  EXPECT_EQ(Line("zunion 2 i j weights 1 0 withscores"), R"(["a", "5"])");
  const std::vector<std::string_view> request = {"zunionstore", "d", "2", "a", "b"};
  EXPECT_EQ(FindKeys(*FindCommand("zunionstore"), request), (std::vector<int>{1, 3, 4}));
}

TEST_P(SortedSetCommandsTest, DrawAtRandom) {
  EXPECT_EQ(Line("zadd z 1 a 2 b 3 c"), "3");
  EXPECT_EQ(Line("zrandmember z 5 withscores"), R"(["a", "1", "b", "2", "c", "3"])");
  EXPECT_EQ(Line("zrandmember z 0"), "[]");
  EXPECT_EQ(Line("zrandmember none"), "(nil)");
  EXPECT_EQ(Line("zrandmember none 2"), "[]");
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(Line("zrandmember z"));
  EXPECT_EQ(seen, (std::set<std::string>{"\"a\"", "\"b\"", "\"c\""}));
  EXPECT_EQ(std::ranges::count(Line("zrandmember z -10"), ','), 9);
  EXPECT_EQ(std::ranges::count(Line("zrandmember z 2"), ','), 1);
}

TEST_P(SortedSetCommandsTest, ScanNothingBehindAllHashes) {
  Line("zadd z 1 a 2 b");
  const bool is_inline = Line("object encoding z") == "\"listpack\"";
  EXPECT_EQ(Line("zscan z 281474976710656"), is_inline ? Line("zscan z 0") : "[\"0\", []]");
}

TEST_P(SortedSetCommandsTest, ScanEachMemberOnce) {
  std::set<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Send({"zadd", "z", "1", "m" + std::to_string(i)}), "1");
    expected.insert("m" + std::to_string(i));
  }
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    std::string reply = Send({"zscan", "z", cursor});
    cursor = reply.substr(2, reply.find('"', 2) - 2);
    for (size_t at = reply.find("\"m"); at != std::string::npos; at = reply.find("\"m", at + 1)) {
      EXPECT_TRUE(seen.insert(reply.substr(at + 1, reply.find('"', at + 1) - at - 1)).second);
    }
  } while (cursor != "0");
  EXPECT_EQ(seen, expected);
}

TEST_P(SortedSetCommandsTest, WaitForMembers) {
  Client first(*this, "127.0.0.1:50001");
  Client second(*this, "127.0.0.1:50002");
  Client third(*this, "127.0.0.1:50003");
  EXPECT_EQ(first.Line("bzpopmax x z 0"), "");
  EXPECT_EQ(second.Line("bzpopmin z 0"), "");
  EXPECT_EQ(third.Line("bzmpop 0 1 z min count 3"), "");
  EXPECT_EQ(Line("lpush z element"), "1") << "a list is none of theirs";
  EXPECT_EQ(first.Received(), "");
  EXPECT_EQ(Line("del z"), "1");
  EXPECT_EQ(Line("zadd z 1 a 2 b 3 c 4 d"), "4");
  EXPECT_EQ(first.Received(), R"(["z", "d", "4"])");
  EXPECT_EQ(second.Received(), R"(["z", "a", "1"])");
  EXPECT_EQ(third.Received(), R"(["z", [["b", "2"], ["c", "3"]]])");
  EXPECT_EQ(first.Line("bzpopmin z 0"), "");
  EXPECT_EQ(Line("zadd y 1 a"), "1");
  EXPECT_EQ(Line("zunionstore z 1 y"), "1");
  EXPECT_EQ(first.Received(), R"(["z", "a", "1"])");
  EXPECT_EQ(Line("bzpopmin z 0.05"), "");
  Pass(milliseconds(50));
  EXPECT_EQ(client_->Received(), "(nil array)");
}

}  // namespace
}  // namespace amethyst::server
