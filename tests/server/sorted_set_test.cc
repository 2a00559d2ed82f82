// Covers: sorted_set
#include <map>
#include <set>

#include "base/random.h"
#include "server/server_fixture.h"
#include "server/types/sorted_set.h"

namespace amethyst::server {
namespace {

class SortedSetTest : public ServerTest {
 protected:
  [[nodiscard]] uint64_t CountEntries(Part part) {
    uint64_t count = 0;
    Iterator entries = space_->family(part).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
  [[nodiscard]] bool HasExploded(std::string_view name) {
    server_->access().Begin(0, server_->NowMs());
    return StoredKey(server_->access(), name).record().is_exploded;
  }
};

TEST_F(SortedSetTest, LeavesItsKeyAtTheLimits) {
  EXPECT_EQ(Send({"zadd", "value", "1", std::string(64, 'x')}), "1");
  EXPECT_FALSE(HasExploded("value"));
  EXPECT_EQ(Line("object encoding value"), "\"listpack\"");
  EXPECT_EQ(Send({"zadd", "value", "1", std::string(65, 'x')}), "1");
  EXPECT_TRUE(HasExploded("value"));
  EXPECT_EQ(Line("object encoding value"), "\"skiplist\"");
  EXPECT_EQ(CountEntries(Part::kData), 2U);
  EXPECT_EQ(CountEntries(Part::kOrder), 2U);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(Send({"zadd", "bytes", "1", std::string(50, 'x') + std::to_string(i)}), "1");
  EXPECT_TRUE(HasExploded("bytes"));
  Configure("zset-max-listpack-entries", "3");
  EXPECT_EQ(Line("zadd count 1 a 2 b 3 c"), "3");
  EXPECT_FALSE(HasExploded("count"));
  EXPECT_EQ(Line("zadd count 4 d"), "1");
  EXPECT_TRUE(HasExploded("count"));
  EXPECT_EQ(Line("zpopmin count 3"), R"(["a", "1", "b", "2", "c", "3"])");
  EXPECT_TRUE(HasExploded("count")) << "it does not go back";
}

TEST_F(SortedSetTest, LeavesNothingBehind) {
  Configure("zset-max-listpack-entries", "0");
  for (const char* const key : {"deleted", "emptied", "popped", "overwritten", "stored", "renamed"}) {
    EXPECT_EQ(Send({"zadd", key, "1", "a", "2", "b", "3", "c"}), "3");
  }
  EXPECT_EQ(CountEntries(Part::kData), 18U);
  EXPECT_EQ(CountEntries(Part::kOrder), 18U);
  EXPECT_EQ(Line("del deleted"), "1");
  EXPECT_EQ(Line("zrem emptied a b c"), "3");
  EXPECT_EQ(Line("zremrangebyrank popped 0 -1"), "3");
  EXPECT_EQ(Line("set overwritten x"), "OK");
  EXPECT_EQ(Line("zunionstore stored 1 none"), "0");
  EXPECT_EQ(Line("rename renamed other"), "OK");
  EXPECT_EQ(Line("zrange other 0 -1"), R"(["a", "b", "c"])");
  EXPECT_EQ(CountEntries(Part::kData), 3U);
  EXPECT_EQ(CountEntries(Part::kOrder), 3U);
  EXPECT_EQ(Line("zadd other 5 a"), "0");
  EXPECT_EQ(CountEntries(Part::kOrder), 3U);
  EXPECT_EQ(Line("del other"), "1");
  EXPECT_EQ(CountEntries(Part::kData), 0U);
  EXPECT_EQ(CountEntries(Part::kOrder), 0U);
}

TEST_F(SortedSetTest, RefusesAMemberThatIsTooLong) {
  EXPECT_EQ(Send({"zadd", "z", "1", std::string(70'000, 'x')}), "(error) ERR member is longer than 65,472 bytes");
  EXPECT_EQ(Send({"zscore", "z", std::string(70'000, 'x')}), "(nil)");
  EXPECT_EQ(Line("exists z"), "0");
}

TEST_F(SortedSetTest, DrawsFromALargeSetWithoutReadingItWhole) {
  std::vector<std::string> request = {"zadd", "z"};
  for (int i = 0; i < 1100; ++i) request.insert(request.end(), {"1", "m" + std::to_string(i)});
  EXPECT_EQ(Send(request), "1100");
  std::set<std::string> drawn;
  for (int i = 0; i < 200; ++i) drawn.insert(Line("zrandmember z"));
  EXPECT_GT(drawn.size(), 150U);
  EXPECT_LE(drawn.size(), 200U);
  EXPECT_EQ(std::ranges::count(Line("zrandmember z -50 withscores"), ','), 99);
  EXPECT_EQ(std::ranges::count(Line("zrandmember z 1000"), ','), 999);
}

// A map of scores and a set in order, beside the one in the server.
class SortedModel {
 public:
  void Put(const std::string& member, int score) {
    Remove(member);
    scores_[member] = score;
    order_.insert({score, member});
  }
  bool Remove(const std::string& member) {
    const auto at = scores_.find(member);
    if (at == scores_.end()) return false;
    order_.erase({at->second, member});
    scores_.erase(at);
    return true;
  }
  [[nodiscard]] bool Has(const std::string& member) const { return scores_.contains(member); }
  [[nodiscard]] int Score(const std::string& member) const { return scores_.at(member); }
  [[nodiscard]] const std::set<std::pair<int, std::string>>& order() const { return order_; }
  [[nodiscard]] std::string Shown(int low, int high, bool backwards) const {
    std::vector<std::string> members;
    for (const auto& [score, member] : order_) {
      if (score >= low && score <= high) members.push_back("\"" + member + "\"");
    }
    if (backwards) std::ranges::reverse(members);
    std::string text = "[";
    for (const std::string& member : members) text += (text.size() > 1 ? ", " : "") + member;
    return text + "]";
  }

 private:
  std::map<std::string, int> scores_;
  std::set<std::pair<int, std::string>> order_;
};

TEST_F(SortedSetTest, BehavesAsAMapAndASetInBothEncodings) {
  for (const char* const limit : {"128", "8", "0"}) {
    Configure("zset-max-listpack-entries", limit);
    EXPECT_EQ(Line("flushall"), "OK");
    base::Random random(11);
    SortedModel model;
    for (int i = 0; i < 3000; ++i) {
      const std::string member = "m" + std::to_string(random.Below(40));
      const int score = static_cast<int>(random.Below(20)) - 10;
      switch (random.Below(6)) {
        case 0:
        case 1:
          ASSERT_EQ(Send({"zadd", "z", std::to_string(score), member}), model.Has(member) ? "0" : "1");
          model.Put(member, score);
          break;
        case 2: ASSERT_EQ(Send({"zrem", "z", member}), model.Remove(member) ? "1" : "0"); break;
        case 3: {
          const std::string low = std::to_string(score);
          ASSERT_EQ(Send({"zrangebyscore", "z", low, "5"}), model.Shown(score, 5, false));
          ASSERT_EQ(Send({"zrevrangebyscore", "z", "5", low}), model.Shown(score, 5, true));
          break;
        }
        case 4: {
          const std::string shown = model.Has(member) ? std::to_string(model.Score(member)) : "";
          ASSERT_EQ(Send({"zscore", "z", member}), shown.empty() ? "(nil)" : "\"" + shown + "\"");
          break;
        }
        default: {
          if (!model.Has(member)) break;
          const auto at = model.order().find({model.Score(member), member});
          const auto rank = std::distance(model.order().begin(), at);
          ASSERT_EQ(Send({"zrank", "z", member}), std::to_string(rank));
          ASSERT_EQ(Send({"zrange", "z", std::to_string(rank), std::to_string(rank)}), "[\"" + member + "\"]");
        }
      }
      ASSERT_EQ(Line("zcard z"), std::to_string(model.order().size()));
      if (i % 500 == 499) Restart();
    }
    ASSERT_EQ(Line("zrange z 0 -1"), model.Shown(-100, 100, false));
    ASSERT_EQ(Line("zrange z 0 -1 rev"), model.Shown(-100, 100, true));
  }
}

}  // namespace
}  // namespace amethyst::server
