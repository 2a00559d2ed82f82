// Covers: order_bounds
#include "server/keyspace/order_bounds.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "base/random.h"
#include "tests/server/server_fixture.h"

namespace amethyst::server {
namespace {

TEST(OrderBounds, GoInAndOut) {
  OrderBounds bounds;
  bounds.Widen(1, "a");
  EXPECT_EQ(bounds.Find(1), nullptr) << "nothing is known of it";
  bounds.Narrow(1, OrderEnd::kLow, "c");
  EXPECT_EQ(bounds.Find(1)->low, std::string("c\0", 2));
  EXPECT_EQ(bounds.Find(1)->high, "");
  bounds.Narrow(1, OrderEnd::kHigh, "x");
  EXPECT_EQ(bounds.Find(1)->high, "x");
  bounds.Widen(1, "m");
  EXPECT_EQ(bounds.Find(1)->low, std::string("c\0", 2));
  EXPECT_EQ(bounds.Find(1)->high, "x");
  bounds.Widen(1, "b");
  bounds.Widen(1, "y");
  EXPECT_EQ(bounds.Find(1)->low, "b");
  EXPECT_EQ(bounds.Find(1)->high, std::string("y\0", 2));
  EXPECT_EQ(bounds.Find(2), nullptr);
}

TEST(OrderBounds, ForgetWhereThereAreManySets) {
  OrderBounds bounds;
  for (uint64_t id = 0; id < 100'000; ++id) bounds.Narrow(id, OrderEnd::kLow, "a");
  EXPECT_EQ(bounds.Find(0), nullptr);
  EXPECT_NE(bounds.Find(99'999), nullptr);
}

// Pops at both ends, additions anywhere, in transactions and alone, some of which are given up: what is left is always
// what a map says.
class PoppedSets : public ServerTest {
 protected:
  PoppedSets() { Configure("zset-max-listpack-entries", "0"); }

  void Add(int member, int score) {
    const auto at = scores_.find(member);
    if (at != scores_.end()) order_.erase({at->second, member});
    scores_[member] = score;
    order_.insert({score, member});
  }
  void Pop(bool lowest) {
    if (order_.empty()) return;
    const auto at = lowest ? order_.begin() : std::prev(order_.end());
    scores_.erase(at->second);
    order_.erase(at);
  }
  std::string Shown() const {
    std::string text = "[";
    for (const auto& [score, member] : order_) {
      if (text.size() > 1) text += ", ";
      text += fmt::format("\"{}\", \"{}\"", Name(member), score);
    }
    return text + "]";
  }
  static std::string Name(int member) { return fmt::format("m{:03}", member); }

  std::map<int, int> scores_;
  std::set<std::pair<int, int>> order_;
};

TEST_F(PoppedSets, HaveWhatWasNotTaken) {
  base::Random random(11);
  for (int step = 0; step < 3000; ++step) {
    const bool in_exec = random.Below(3) == 0;
    const bool fails = in_exec && random.Below(4) == 0;
    const auto scores = scores_;
    const auto order = order_;
    if (in_exec) EXPECT_EQ(Line("multi"), "OK");
    for (uint64_t left = in_exec ? 1 + random.Below(6) : 1; left > 0; --left) {
      const uint64_t draw = random.Below(10);
      if (draw < 4) {
        Line(draw % 2 == 0 ? "zpopmin z" : "zpopmax z");
        Pop(draw % 2 == 0);
      } else {
        const int member = static_cast<int>(random.Below(300));
        const int score = static_cast<int>(random.Below(100));
        Line(fmt::format("zadd z {} {}", score, Name(member)));
        Add(member, score);
      }
    }
    if (fails) {
      Line("config set maxmemory 36mb");  // At once: a batch has 1 MiB.
      Send({"set", "large", std::string(size_t{2} << 20, 'x')});
    }
    if (in_exec) {
      const std::string answer = Line("exec");
      if (fails) {
        ASSERT_TRUE(answer.starts_with("(error)")) << answer.substr(0, 100);
        scores_ = scores;
        order_ = order;
      }
    }
    if (step % 10 == 0) ASSERT_EQ(Line("zrange z 0 -1 withscores"), Shown()) << step;
    if (step == 1500) Restart();
  }
}

}  // namespace
}  // namespace amethyst::server
