// Covers: set_commands, set_algebra
#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Each test runs with sets in their key's value, and with each one exploded.
class SetCommands : public ServerTest, public testing::WithParamInterface<std::string> {
 protected:
  SetCommands() {
    Configure("set-max-intset-entries", GetParam());
    Configure("set-max-listpack-entries", GetParam());
  }
  [[nodiscard]] bool is_exploded() const { return GetParam() == "0"; }
  // The reply's elements, sorted, with a space between.
  std::string Sorted(std::string_view line) {
    const std::string shown = Line(line);
    std::set<std::string> sorted;
    size_t count = 0;
    for (size_t at = shown.find('"'); at != std::string::npos; at = shown.find('"', at + 1)) {
      const size_t end = shown.find('"', at + 1);
      sorted.insert(shown.substr(at + 1, end - at - 1));
      ++count;
      at = end;
    }
    EXPECT_EQ(count, sorted.size()) << shown << " has one of them twice";
    std::string text;
    for (const std::string& element : sorted) text += (text.empty() ? "" : " ") + element;
    return text;
  }
};
INSTANTIATE_TEST_SUITE_P(Encodings, SetCommands, testing::Values("128", "0"),
                         [](const auto& instance) { return instance.param == "0" ? "Exploded" : "Inline"; });

TEST_P(SetCommands, AddAndRemove) {
  EXPECT_EQ(Line("sadd s a b a"), "2");
  EXPECT_EQ(Line("sadd s a c"), "1");
  EXPECT_EQ(Sorted("smembers s"), "a b c");
  EXPECT_EQ(Line("smembers no"), "[]");
  EXPECT_EQ(Line("scard s"), "3");
  EXPECT_EQ(Line("scard no"), "0");
  EXPECT_EQ(Line("sismember s a"), "1");
  EXPECT_EQ(Line("sismember s x"), "0");
  EXPECT_EQ(Line("smismember s a x c"), "[1, 0, 1]");
  EXPECT_EQ(Line("smismember no a x"), "[0, 0]");
  EXPECT_EQ(Line("type s"), "set");
  EXPECT_EQ(Line("object encoding s"), "\"hashtable\"");
  EXPECT_EQ(Line("srem s a x a"), "1");
  EXPECT_EQ(Line("srem no a"), "0");
  EXPECT_EQ(Line("srem s b c"), "2");
  EXPECT_EQ(Line("exists s"), "0");
  EXPECT_EQ(Line("sadd n 3 1 2"), "3");
  EXPECT_EQ(Line("object encoding n"), is_exploded() ? "\"hashtable\"" : "\"intset\"");
  EXPECT_THAT(Line("hello 3"), HasSubstr("proto"));
  EXPECT_EQ(Line("srem n 1 2"), "2");
  EXPECT_EQ(Line("smembers n"), "(\"3\")");
  EXPECT_EQ(Line("srandmember n 1"), "[\"3\"]");
  EXPECT_EQ(Line("sinter n n"), "(\"3\")");
  EXPECT_EQ(Line("spop n 1"), "(\"3\")");
  EXPECT_EQ(Line("spop n 1"), "()");
}

TEST_P(SetCommands, MoveMembers) {
  EXPECT_EQ(Line("sadd a 1 2"), "2");
  EXPECT_EQ(Line("smove a b 1"), "1");
  EXPECT_EQ(Line("smove a b 9"), "0");
  EXPECT_EQ(Line("smove no b 1"), "0");
  EXPECT_EQ(Line("smove a a 2"), "1");
  EXPECT_EQ(Line("smove a a 9"), "0");
  EXPECT_EQ(Line("sadd b 2"), "1");
  EXPECT_EQ(Line("smove a b 2"), "1");
  EXPECT_EQ(Line("exists a"), "0");
  EXPECT_EQ(Sorted("smembers b"), "1 2");
}

TEST_P(SetCommands, Pop) {
  EXPECT_EQ(Line("spop no"), "(nil)");
  EXPECT_EQ(Line("spop no 2"), "[]");
  EXPECT_EQ(Line("sadd s 1 2 3 4 5"), "5");
  EXPECT_EQ(Line("spop s 0"), "[]");
  const std::string first = Line("spop s");
  EXPECT_EQ(Line("sismember s " + first), "0");
  EXPECT_EQ(Line("scard s"), "4");
  EXPECT_EQ(Sorted("spop s 2").size(), 3u);
  EXPECT_EQ(Line("scard s"), "2");
  EXPECT_EQ(Sorted("spop s 9").size(), 3u);
  EXPECT_EQ(Line("exists s"), "0");
  EXPECT_EQ(Line("spop s -1"), "(error) ERR value is out of range, must be positive");
  EXPECT_EQ(Line("spop s x"), "(error) ERR value is out of range, must be positive");
  EXPECT_EQ(Line("spop s 1 2"), "(error) ERR syntax error");
}

TEST_P(SetCommands, PickRandomMembers) {
  EXPECT_EQ(Line("srandmember no"), "(nil)");
  EXPECT_EQ(Line("srandmember no -2"), "[]");
  EXPECT_EQ(Line("sadd s a b c"), "3");
  EXPECT_THAT(Line("srandmember s"), testing::AnyOf("\"a\"", "\"b\"", "\"c\""));
  EXPECT_EQ(Sorted("srandmember s 2").size(), 3u);
  EXPECT_EQ(Sorted("srandmember s 7"), "a b c");
  EXPECT_EQ(Line("srandmember s 0"), "[]");
  EXPECT_EQ(Line("srandmember s -9").size(), std::string("[\"a\"]").size() + 8 * std::string(", \"a\"").size());
  EXPECT_EQ(Line("srandmember s x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("srandmember s 1 2"), "(error) ERR syntax error");
}

TEST_P(SetCommands, Combine) {
  EXPECT_EQ(Line("sadd a 1 2 3 4"), "4");
  EXPECT_EQ(Line("sadd b 3 4 5"), "3");
  EXPECT_EQ(Line("sadd c 4 x"), "2");
  EXPECT_EQ(Sorted("sinter a b"), "3 4");
  EXPECT_EQ(Sorted("sinter a b c"), "4");
  EXPECT_EQ(Sorted("sinter a a"), "1 2 3 4");
  EXPECT_EQ(Line("sinter a no"), "[]");
  EXPECT_EQ(Sorted("sunion a b c no"), "1 2 3 4 5 x");
  EXPECT_EQ(Sorted("sunion a a"), "1 2 3 4");
  EXPECT_EQ(Line("sunion no"), "[]");
  EXPECT_EQ(Sorted("sdiff a b"), "1 2");
  EXPECT_EQ(Sorted("sdiff a no c"), "1 2 3");
  EXPECT_EQ(Line("sdiff a a"), "[]");
  EXPECT_EQ(Line("sdiff no a"), "[]");
  EXPECT_EQ(Line("sintercard 2 a b"), "2");
  EXPECT_EQ(Line("sintercard 2 a b limit 1"), "1");
  EXPECT_EQ(Line("sintercard 2 a b limit 0"), "2");
  EXPECT_EQ(Line("sintercard 2 a no"), "0");
}

TEST_P(SetCommands, StoreWhatTheyCombine) {
  EXPECT_EQ(Line("sadd a 1 2 3 4"), "4");
  EXPECT_EQ(Line("sadd b 3 4 5"), "3");
  EXPECT_EQ(Line("set d 1 ex 100"), "OK");
  EXPECT_EQ(Line("sinterstore d a b"), "2") << "whatever it held";
  EXPECT_EQ(Sorted("smembers d"), "3 4");
  EXPECT_EQ(Line("ttl d"), "-1");
  EXPECT_EQ(Line("sunionstore a a b"), "5") << "one of the sources";
  EXPECT_EQ(Sorted("smembers a"), "1 2 3 4 5");
  EXPECT_EQ(Line("sdiffstore d a b"), "2");
  EXPECT_EQ(Sorted("smembers d"), "1 2");
  EXPECT_EQ(Line("sdiffstore d a a"), "0");
  EXPECT_EQ(Line("exists d"), "0");
  EXPECT_EQ(Line("sinterstore a a no"), "0");
  EXPECT_EQ(Line("exists a"), "0");
  EXPECT_EQ(Line("sadd s 1"), "1");
  EXPECT_EQ(Line("pexpire s 1000"), "1");
  clock_.Advance(milliseconds(1000));
  EXPECT_EQ(Line("sunionstore d s b"), "3");
  EXPECT_EQ(Line("sadd s 9"), "1");
  EXPECT_EQ(Sorted("smembers s"), "9");
}

TEST_P(SetCommands, RefuseAsRedisDoes) {
  EXPECT_EQ(Line("sintercard 0 a"), "(error) ERR numkeys should be greater than 0");
  EXPECT_EQ(Line("sintercard x a"), "(error) ERR numkeys should be greater than 0");
  EXPECT_EQ(Line("sintercard 2 a"), "(error) ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(Line("sintercard 1 a b"), "(error) ERR syntax error");
  EXPECT_EQ(Line("sintercard 1 a limit"), "(error) ERR syntax error");
  EXPECT_EQ(Line("sintercard 1 a limit -1"), "(error) ERR LIMIT can't be negative");
  EXPECT_EQ(Line("sintercard 1 a limit x"), "(error) ERR LIMIT can't be negative");
  EXPECT_EQ(Line("sscan s x"), "(error) ERR invalid cursor");
  EXPECT_EQ(Line("set s 1"), "OK");
  EXPECT_EQ(Line("sadd a 1"), "1");
  for (const std::string_view line : {"sadd s a",          "srem s a",        "smembers s",       "sismember s a",
                                      "smismember s a",    "scard s",         "spop s",           "spop s 1",
                                      "srandmember s",     "srandmember s 1", "smove s a 1",      "smove a s 1",
                                      "sinter a s",        "sinter no s",     "sunion s",         "sdiff no s",
                                      "sinterstore a a s", "sunionstore a s", "sdiffstore a a s", "sintercard 2 a s",
                                      "sscan s 0"}) {
    EXPECT_EQ(Line(line), "(error) WRONGTYPE Operation against a key holding the wrong kind of value") << line;
  }
  EXPECT_EQ(Sorted("smembers a"), "1");
  EXPECT_THAT(Send({"sadd", "a", std::string(70'000, 'm')}), HasSubstr("longer than 65,472 bytes"));
  EXPECT_EQ(FindKeys(*FindCommand("sintercard"), std::vector<std::string_view>{"sintercard", "2", "a", "b", "limit"}),
            (std::vector<int>{2, 3}));
  EXPECT_EQ(FindKeys(*FindCommand("sintercard"), std::vector<std::string_view>{"sintercard", "3", "a", "b"}),
            (std::vector<int>{}));
}

TEST_P(SetCommands, TellOfEvents) {
  Configure("notify-keyspace-events", "EA");
  Client listener(*this, "127.0.0.1:50001");
  EXPECT_THAT(listener.Line("psubscribe *"), HasSubstr("psubscribe"));
  for (const std::string_view line :
       {"sadd a 1 2", "sadd a 1", "srem a 9", "smove a b 1", "srem a 2", "sunionstore d b", "sinterstore d b no",
        "sinterstore d no", "sdiffstore e b", "spop b"}) {
    (void)Line(line);
  }
  server_->EndTurn();
  const std::string received = listener.Received();
  std::string events;
  const std::string mark = "__keyevent@0__:";
  for (size_t at = received.find(mark); at != std::string::npos; at = received.find(mark, at + 1)) {
    const size_t name = at + mark.size();
    events += received.substr(name, received.find('"', name) - name);
    const size_t key = received.find(", \"", name) + 3;
    events += ":" + received.substr(key, received.find('"', key) - key) + " ";
  }
  EXPECT_EQ(events, "sadd:a srem:a sadd:b srem:a del:a sunionstore:d del:d sdiffstore:e spop:b del:b ");
}

TEST_P(SetCommands, AreScanned) {
  std::vector<std::string> words = {"sadd", "s"};
  for (int i = 0; i < 100; ++i) words.push_back("member" + std::to_string(i));
  EXPECT_EQ(Send(words), "100");
  std::multiset<std::string> seen;
  std::string cursor = "0";
  int replies = 0;
  do {
    const std::string reply = Send({"sscan", "s", cursor});
    cursor = reply.substr(2, reply.find('"', 2) - 2);
    for (size_t at = reply.find("\"m"); at != std::string::npos; at = reply.find("\"m", at + 1)) {
      seen.insert(reply.substr(at + 1, reply.find('"', at + 1) - at - 1));
    }
    ++replies;
  } while (cursor != "0" && replies < 1000);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), std::set<std::string>(words.begin() + 2, words.end()));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(replies, is_exploded() ? 10 : 1);
}

// Draws commands, and compares each answer with three sets of the library.
TEST_P(SetCommands, AreThoseOfTheLibraryWhateverHappens) {
  base::Random random(5);
  std::map<std::string, std::set<std::string>> model;
  const auto joined = [](const std::set<std::string>& members) {
    std::string text;
    for (const std::string& member : members) text += (text.empty() ? "" : " ") + member;
    return text;
  };
  for (int step = 0; step < 1500; ++step) {
    const auto key = [&] { return std::string(1, static_cast<char>('a' + random.Below(3))); };
    const std::string one = key();
    const std::string other = key();
    const std::string member =
        random.OneIn(2) ? std::to_string(random.Below(20)) : "m" + std::to_string(random.Below(9));
    std::set<std::string> result;
    switch (random.Below(7)) {
      case 0:
      case 1: ASSERT_EQ(Send({"sadd", one, member}), model[one].insert(member).second ? "1" : "0"); break;
      case 2: ASSERT_EQ(Send({"srem", one, member}), std::to_string(model[one].erase(member))); break;
      case 3:
        std::ranges::set_union(model[one], model[other], std::inserter(result, result.end()));
        ASSERT_EQ(Sorted("sunion " + one + " " + other), joined(result));
        break;
      case 4:
        std::ranges::set_intersection(model[one], model[other], std::inserter(result, result.end()));
        ASSERT_EQ(Sorted("sinter " + one + " " + other), joined(result));
        break;
      case 5:
        std::ranges::set_difference(model[one], model[other], std::inserter(result, result.end()));
        ASSERT_EQ(Sorted("sdiff " + one + " " + other), joined(result));
        break;
      default:
        if (random.OneIn(20)) {
          Restart();
        } else if (random.OneIn(4)) {
          std::ranges::set_difference(model[one], model[other], std::inserter(result, result.end()));
          ASSERT_EQ(Line("sdiffstore c " + one + " " + other), std::to_string(result.size()));
          model["c"] = result;
        }
    }
  }
}

}  // namespace
}  // namespace amethyst::server
