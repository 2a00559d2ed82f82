// Covers: members, inline_members
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "server/members_fixture.h"
#include "server/types/hash.h"
#include "server/types/inline_members.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

TEST(InlineMembers, KeepTheirOrder) {
  InlineMembers members(true);
  EXPECT_TRUE(members.Put({.name = "b", .value = "1"}));
  EXPECT_TRUE(members.Put({.name = "a", .value = "2"}));
  EXPECT_TRUE(members.Put({.name = "", .value = ""}));
  EXPECT_FALSE(members.Put({.name = "b", .value = std::string(300, 'x')})) << "a longer value in its place";
  EXPECT_TRUE(members.Delete("a"));
  EXPECT_FALSE(members.Delete("a"));
  const std::string body = members.Encode();
  InlineMembers read(true);
  ASSERT_TRUE(read.Decode(body));
  EXPECT_EQ(read.count(), 2u);
  size_t offset = 0;
  EXPECT_EQ(read.TakeAt(&offset)->name, "b");
  EXPECT_EQ(read.TakeAt(&offset)->name, "");
  EXPECT_FALSE(read.TakeAt(&offset));
  EXPECT_EQ(read.Find("b")->value, std::string(300, 'x'));
}

TEST(InlineMembers, RefuseBytesThatAreNone) {
  InlineMembers members(true);
  EXPECT_TRUE(members.Put({.name = "field", .value = "value"}));
  const std::string body = members.Encode();
  for (size_t size = 0; size < body.size(); ++size) {
    InlineMembers read(true);
    EXPECT_FALSE(read.Decode(std::string_view(body).substr(0, size))) << size;
    EXPECT_EQ(read.count(), 0u);
  }
  InlineMembers read(true);
  EXPECT_FALSE(read.Decode(body + "x"));
  std::string miscounted = body;
  miscounted[0] = 2;
  EXPECT_FALSE(read.Decode(miscounted));
}

TEST_F(MembersTest, AreExplodedAtTheLimitsOfAHash) {
  Configure("hash-max-listpack-entries", "3");
  Configure("hash-max-listpack-value", "5");
  EXPECT_EQ(Line("hset h a 1 b 2 c 3"), "3");
  EXPECT_EQ(Encoding("h"), "\"listpack\"");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
  EXPECT_EQ(Line("hset h b 4 d 5"), "1");
  EXPECT_EQ(Encoding("h"), "\"hashtable\"");
  EXPECT_EQ(EntriesOf(Part::kData), 4u);
  EXPECT_EQ(Line("hmget h a b c d"), "[\"1\", \"4\", \"3\", \"5\"]");
  EXPECT_EQ(Line("hdel h a b c"), "3");
  EXPECT_EQ(Encoding("h"), "\"hashtable\"") << "it stays exploded";
  EXPECT_EQ(Line("hset value a 12345"), "1");
  EXPECT_EQ(Encoding("value"), "\"listpack\"");
  EXPECT_EQ(Line("hset value a 123456"), "0");
  EXPECT_EQ(Encoding("value"), "\"hashtable\"");
  EXPECT_EQ(Line("hgetall value"), "[\"a\", \"123456\"]");
  EXPECT_EQ(Line("hset field abcdef 1"), "1");
  EXPECT_EQ(Encoding("field"), "\"hashtable\"");
}

TEST_F(MembersTest, AreExplodedAtTwoKibibytesOrTheLongestValue) {
  Configure("hash-max-listpack-value", "2000");
  EXPECT_EQ(Send({"hset", "h", "a", std::string(1500, 'x')}), "1");
  EXPECT_EQ(Encoding("h"), "\"listpack\"");
  EXPECT_EQ(Send({"hset", "h", "b", std::string(600, 'x')}), "1");
  EXPECT_EQ(Encoding("h"), "\"hashtable\"");
  EXPECT_EQ(Line("hstrlen h a"), "1500");
  Configure("hash-max-listpack-value", "4096");
  EXPECT_EQ(Send({"hset", "larger", "a", std::string(1500, 'x'), "b", std::string(2500, 'x')}), "2");
  EXPECT_EQ(Encoding("larger"), "\"listpack\"");
  EXPECT_EQ(Send({"hset", "larger", "c", std::string(100, 'x')}), "1");
  EXPECT_EQ(Encoding("larger"), "\"hashtable\"");
}

TEST_F(MembersTest, AreExplodedAtOneMebibyteWhateverTheLimits) {
  Configure("hash-max-listpack-value", "1000000000");
  EXPECT_EQ(Send({"hset", "h", "a", std::string(900'000, 'x')}), "1");
  EXPECT_EQ(Encoding("h"), "\"listpack\"");
  EXPECT_EQ(Send({"hset", "h", "b", std::string(200'000, 'x')}), "1");
  EXPECT_EQ(Encoding("h"), "\"hashtable\"");
}

TEST_F(MembersTest, AreReleasedWithTheirKey) {
  Configure("hash-max-listpack-entries", "0");
  const std::vector<std::string> ends = {"del h",      "unlink h",       "set h 1",
                                         "hdel h a b", "rename other h", "copy other h replace"};
  for (const std::string& end : ends) {
    (void)Line("del h");
    EXPECT_EQ(Line("hset h a 1 b 2"), "2");
    EXPECT_EQ(EntriesOf(Part::kData), 2u);
    EXPECT_EQ(RegisteredIds(), 1u);
    (void)Line("set other 1");
    (void)Line(end);
    EXPECT_EQ(EntriesOf(Part::kData), 0u) << end;
    EXPECT_EQ(RegisteredIds(), 0u) << end;
  }
  (void)Line("del h");
  EXPECT_EQ(Line("hset h a 1 b 2"), "2");
  EXPECT_EQ(Line("rename h g"), "OK");
  EXPECT_EQ(Line("hget g b"), "\"2\"");
  EXPECT_EQ(Line("copy g h"), "1");
  EXPECT_EQ(Line("hset g a 3"), "0");
  EXPECT_EQ(Line("hget h a"), "\"1\"");
  EXPECT_EQ(EntriesOf(Part::kData), 4u);
  EXPECT_EQ(Line("pexpire g 10"), "1");
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(Line("hset g z 1"), "1");
  EXPECT_EQ(EntriesOf(Part::kData), 3u);
  EXPECT_EQ(Line("pexpire g 10"), "1");
  Pass(milliseconds(10));
  Pass(milliseconds(100));
  EXPECT_EQ(EntriesOf(Part::kData), 2u);
  EXPECT_EQ(Line("multi"), "OK");
  for (const std::string_view line : {"hset m a 1 b 2", "del m", "hset m c 3", "hgetall m"}) (void)Line(line);
  EXPECT_EQ(Line("exec"), "[2, 1, 1, [\"c\", \"3\"]]");
  EXPECT_EQ(EntriesOf(Part::kData), 3u);
}

TEST_F(MembersTest, WriteTheHeadOnceForACommand) {
  Access access(*space_);
  access.Begin(0, server_->NowMs());
  Config config;
  ASSERT_TRUE(config.Set({{"hash-max-listpack-entries", "0"}}, true));
  Hash hash(access, "h", config.values());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(hash.Set("f" + std::to_string(i), "v"));
  EXPECT_FALSE(access.touched().size() > 0);
  hash.Finish();
  EXPECT_EQ(access.touched().size(), 1u);
  ASSERT_TRUE(access.Commit());
  EXPECT_EQ(Line("hlen h"), "10");
}

TEST_F(MembersTest, ThatAreDamagedAreAnError) {
  Access access(*space_);
  access.Begin(0, server_->NowMs());
  StoredKey(access, "h").Put({.type = Type::kHash, .body = "\x02\x01"});
  ASSERT_TRUE(access.Commit());
  EXPECT_THAT(Line("hget h a"), testing::HasSubstr("MISCONF"));
  EXPECT_EQ(Line("del h"), "1");
}

class MembersModel : public MembersTest {
 protected:
  // Draws commands for a hash, and compares each answer with a map.
  void Compare(uint64_t seed, int steps) {
    base::Random random(seed);
    for (int step = 0; step < steps; ++step) {
      const std::string field = "f" + std::to_string(random.Below(40));
      const uint64_t kind = random.Below(16);
      if (kind < 6) {
        const std::string value = std::to_string(random.Below(1000));
        ASSERT_EQ(Send({"hset", "h", field, value}), model_.contains(field) ? "0" : "1");
        model_[field] = value;
      } else if (kind < 10) {
        ASSERT_EQ(Send({"hdel", "h", field}), std::to_string(model_.erase(field)));
      } else if (kind < 14) {
        ASSERT_EQ(Send({"hget", "h", field}), model_.contains(field) ? '"' + model_[field] + '"' : "(nil)");
      } else if (kind < 15) {
        ASSERT_EQ(Line("hlen h"), std::to_string(model_.size()));
      } else if (random.OneIn(8)) {
        Restart();
      } else if (random.OneIn(8)) {
        (void)Line("del h");
        model_.clear();
      }
    }
  }

  std::map<std::string, std::string> model_;
};

TEST_F(MembersModel, AreThoseOfAMapWhateverHappens) {
  for (const std::string entries : {"0", "128", "12"}) {
    Configure("hash-max-listpack-entries", entries);
    Compare(7, 1500);
    for (const auto& [field, value] : model_) EXPECT_EQ(Send({"hget", "h", field}), '"' + value + '"');
    EXPECT_EQ(Line("hlen h"), std::to_string(model_.size()));
    (void)Line("del h");
    model_.clear();
    EXPECT_EQ(EntriesOf(Part::kData), 0u);
  }
}

}  // namespace
}  // namespace amethyst::server
