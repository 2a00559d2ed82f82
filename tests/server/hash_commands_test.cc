// Covers: hash_commands, hash, lookup, scan_options, random_picks
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::string_view kWrongTypeShown =
    "(error) WRONGTYPE Operation against a key holding the wrong kind of value";

// Each test runs with hashes in their key's value, and with each one exploded.
class HashCommands : public ServerTest, public testing::WithParamInterface<std::string> {
 protected:
  HashCommands() { Configure("hash-max-listpack-entries", GetParam()); }
  [[nodiscard]] bool is_exploded() const { return GetParam() == "0"; }
};
INSTANTIATE_TEST_SUITE_P(Encodings, HashCommands, testing::Values("128", "0"),
                         [](const auto& instance) { return instance.param == "0" ? "Exploded" : "Inline"; });

// The elements of a reply with flat elements, in order.
std::multiset<std::string> ElementsOf(std::string_view shown) {
  std::multiset<std::string> elements;
  shown = shown.substr(1, shown.size() - 2);
  while (!shown.empty()) {
    const size_t end = std::min(shown.find(", "), shown.size());
    elements.emplace(shown.substr(0, end));
    shown.remove_prefix(std::min(end + 2, shown.size()));
  }
  return elements;
}

TEST_P(HashCommands, SetAndGetFields) {
  EXPECT_EQ(Line("hset h a 1 b 2 a 3"), "2");
  EXPECT_EQ(Line("hset h a 4"), "0");
  EXPECT_EQ(Line("hget h a"), "\"4\"");
  EXPECT_EQ(Line("hget h x"), "(nil)");
  EXPECT_EQ(Line("hget no a"), "(nil)");
  EXPECT_EQ(Line("hmget h a x b"), "[\"4\", (nil), \"2\"]");
  EXPECT_EQ(Line("hmget no a b"), "[(nil), (nil)]");
  EXPECT_EQ(Line("hmset h c 5"), "OK");
  EXPECT_EQ(Line("hsetnx h c 6"), "0");
  EXPECT_EQ(Line("hsetnx h d 7"), "1");
  EXPECT_EQ(Line("hlen h"), "4");
  EXPECT_EQ(Line("hlen no"), "0");
  EXPECT_EQ(Line("hexists h d"), "1");
  EXPECT_EQ(Line("hexists h x"), "0");
  EXPECT_EQ(Line("hstrlen h a"), "1");
  EXPECT_EQ(Line("hstrlen h x"), "0");
  EXPECT_EQ(Line("type h"), "hash");
  EXPECT_EQ(Line("object encoding h"), is_exploded() ? "\"hashtable\"" : "\"listpack\"");
  EXPECT_EQ(Send({"hset", "h", "", std::string("\0\r\n", 3)}), "1") << "an empty field, bytes of all kinds";
  EXPECT_EQ(Send({"hget", "h", ""}), "\"\\x00\\x0d\\x0a\"");
}

TEST_P(HashCommands, ShowAllFields) {
  EXPECT_EQ(Line("hgetall no"), "[]");
  EXPECT_EQ(Line("hkeys no"), "[]");
  EXPECT_EQ(Line("hvals no"), "[]");
  EXPECT_EQ(Line("hset h a 1 b 2 c 3"), "3");
  EXPECT_EQ(ElementsOf(Line("hgetall h")),
            (std::multiset<std::string>{"\"a\"", "\"b\"", "\"c\"", "\"1\"", "\"2\"", "\"3\""}));
  EXPECT_EQ(ElementsOf(Line("hkeys h")), (std::multiset<std::string>{"\"a\"", "\"b\"", "\"c\""}));
  EXPECT_EQ(ElementsOf(Line("hvals h")), (std::multiset<std::string>{"\"1\"", "\"2\"", "\"3\""}));
  EXPECT_EQ(Line("hdel h b c"), "2");
  EXPECT_THAT(Line("hello 3"), HasSubstr("proto"));
  EXPECT_EQ(Line("hgetall h"), "{\"a\": \"1\"}");
  EXPECT_EQ(Line("hgetall no"), "{}");
  EXPECT_EQ(Line("hrandfield h 5 withvalues"), "[[\"a\", \"1\"]]");
}

TEST_P(HashCommands, EndWithTheirLastField) {
  EXPECT_EQ(Line("hset h a 1 b 2"), "2");
  EXPECT_EQ(Line("hdel h x"), "0");
  EXPECT_EQ(Line("hdel h a a"), "1");
  EXPECT_EQ(Line("hdel h b"), "1");
  EXPECT_EQ(Line("exists h"), "0");
  EXPECT_EQ(Line("dbsize"), "0");
  EXPECT_EQ(Line("hdel h a"), "0");
}

TEST_P(HashCommands, CountUpAndDown) {
  EXPECT_EQ(Line("hincrby h n 5"), "5");
  EXPECT_EQ(Line("hincrby h n -7"), "-2");
  EXPECT_EQ(Line("hset h max 9223372036854775807 word x space ' 1'"), "3");
  EXPECT_EQ(Line("hincrby h max 1"), "(error) ERR increment or decrement would overflow");
  EXPECT_EQ(Line("hincrby h word 1"), "(error) ERR hash value is not an integer");
  EXPECT_EQ(Line("hincrby h space 1"), "(error) ERR hash value is not an integer");
  EXPECT_EQ(Line("hincrby h n x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("hset h f 10.50"), "1");
  EXPECT_EQ(Line("hincrbyfloat h f 0.1"), "\"10.6\"");
  EXPECT_EQ(Line("hincrbyfloat h new 5.0e3"), "\"5000\"");
  EXPECT_EQ(Line("hincrbyfloat h word 1"), "(error) ERR hash value is not a float");
  EXPECT_EQ(Line("hincrbyfloat h f x"), "(error) ERR value is not a valid float");
  EXPECT_EQ(Line("hincrbyfloat h f inf"), "(error) ERR value is NaN or Infinity");
  EXPECT_EQ(Line("hget h f"), "\"10.6\"");
}

TEST_P(HashCommands, PickRandomFields) {
  EXPECT_EQ(Line("hrandfield no"), "(nil)");
  EXPECT_EQ(Line("hrandfield no 3"), "[]");
  EXPECT_EQ(Line("hset h a 1 b 2 c 3"), "3");
  EXPECT_THAT(Line("hrandfield h"), testing::AnyOf("\"a\"", "\"b\"", "\"c\""));
  EXPECT_EQ(Line("hrandfield h 0"), "[]");
  EXPECT_EQ(ElementsOf(Line("hrandfield h 9")), (std::multiset<std::string>{"\"a\"", "\"b\"", "\"c\""}));
  const auto two = ElementsOf(Line("hrandfield h 2"));
  EXPECT_EQ(std::set<std::string>(two.begin(), two.end()).size(), 2u);
  EXPECT_EQ(ElementsOf(Line("hrandfield h -20")).size(), 20u);
  EXPECT_EQ(ElementsOf(Line("hrandfield h -20 withvalues")).size(), 40u);
  EXPECT_EQ(Line("hrandfield h x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("hrandfield h 1 x"), "(error) ERR syntax error");
  EXPECT_EQ(Line("hrandfield h 1 withvalues x"), "(error) ERR syntax error");
  EXPECT_EQ(Line("hrandfield h -5000000000000000000 withvalues"), "(error) ERR value is out of range");
  EXPECT_EQ(Line("hrandfield h -9223372036854775808"),
            "(error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
}

TEST_P(HashCommands, RefuseAsRedisDoes) {
  EXPECT_EQ(Line("hset h a"), "(error) ERR wrong number of arguments for 'hset' command");
  EXPECT_EQ(Line("hset h a 1 b"), "(error) ERR wrong number of arguments for 'hset' command");
  EXPECT_EQ(Line("hmset h a 1 b"), "(error) ERR wrong number of arguments for 'hmset' command");
  EXPECT_EQ(Line("hscan h x"), "(error) ERR invalid cursor");
  EXPECT_EQ(Line("hscan h 0 x"), "[\"0\", []]") << "nobody reads the options where there is no key";
  EXPECT_EQ(Line("set s 1"), "OK");
  for (const std::string_view line : {"hset s a 1", "hmset s a 1", "hsetnx s a 1", "hget s a", "hmget s a", "hgetall s",
                                      "hkeys s", "hvals s", "hdel s a", "hlen s", "hexists s a", "hstrlen s a",
                                      "hincrby s a 1", "hincrbyfloat s a 1", "hrandfield s", "hscan s 0"}) {
    EXPECT_EQ(Line(line), kWrongTypeShown) << line;
  }
  EXPECT_EQ(Line("hset h a 1"), "1");
  EXPECT_EQ(Line("hscan h 0 count 0"), "(error) ERR syntax error");
  EXPECT_EQ(Line("hscan h 0 type hash"), "(error) ERR syntax error");
  EXPECT_EQ(Line("get h"), kWrongTypeShown);
  EXPECT_THAT(Send({"hset", "h", std::string(70'000, 'f'), "1"}), HasSubstr("longer than 65,472 bytes"));
  EXPECT_EQ(Send({"hget", "h", std::string(70'000, 'f')}), "(nil)");
  EXPECT_EQ(Line("hlen h"), "1");
}

TEST_P(HashCommands, CountHitsAndMissesAndTellOfEvents) {
  Configure("notify-keyspace-events", "KA");
  Client listener(*this, "127.0.0.1:50001");
  EXPECT_THAT(listener.Line("psubscribe __keyspace@0__:h"), HasSubstr("psubscribe"));
  const Server::Counters before = server_->counters();
  (void)Line("hget h a");
  (void)Line("hset h a 1 b 2");
  (void)Line("hget h a");
  (void)Line("hsetnx h a 1");
  (void)Line("hincrby h a 1");
  (void)Line("hincrbyfloat h a 1");
  (void)Line("hdel h x");
  (void)Line("hdel h a b");
  EXPECT_EQ(server_->counters().lookups.hits - before.lookups.hits, 1u);
  EXPECT_EQ(server_->counters().lookups.misses - before.lookups.misses, 1u);
  std::string events;
  for (const std::string_view event : {"hset", "hincrby", "hincrbyfloat", "hdel", "del"}) {
    if (!events.empty()) events += " ";
    events += "[\"pmessage\", \"__keyspace@0__:h\", \"__keyspace@0__:h\", \"" + std::string(event) + "\"]";
  }
  server_->EndTurn();
  EXPECT_EQ(listener.Received(), events);
}

TEST_P(HashCommands, AreWatched) {
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(Line("hset h a 1"), "1");
  for (const std::string_view change : {"hset h a 2", "hset h a 2", "hset h b 2", "hdel h a"}) {
    EXPECT_EQ(Line("watch h"), "OK");
    (void)other.Line(change);
    EXPECT_EQ(Line("multi"), "OK");
    EXPECT_EQ(Line("hlen h"), "QUEUED");
    EXPECT_EQ(Line("exec"), "(nil array)") << change;
  }
  EXPECT_EQ(Line("watch h"), "OK");
  EXPECT_EQ(other.Line("hdel h x"), "0");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("hset h c 3 d 4"), "QUEUED");
  EXPECT_EQ(Line("hdel h b c"), "QUEUED");
  EXPECT_EQ(Line("hgetall h"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[2, 2, [\"d\", \"4\"]]");
}

TEST_P(HashCommands, KeepTheirExpiry) {
  EXPECT_EQ(Line("hset h a 1 b 2"), "2");
  EXPECT_EQ(Line("pexpire h 1000"), "1");
  EXPECT_EQ(Line("hset h c 3"), "1");
  EXPECT_EQ(Line("hset h c 4"), "0");
  EXPECT_EQ(Line("hdel h a"), "1");
  EXPECT_EQ(Line("pttl h"), "1000");
  clock_.Advance(milliseconds(1000));
  EXPECT_EQ(Line("hlen h"), "0");
  EXPECT_EQ(Line("hset h d 4"), "1") << "written over what has expired, and is not reaped";
  EXPECT_EQ(Line("pttl h"), "-1");
  EXPECT_EQ(Line("hgetall h"), "[\"d\", \"4\"]");
  Pass(milliseconds(100));
  EXPECT_EQ(Line("hgetall h"), "[\"d\", \"4\"]");
}

TEST_P(HashCommands, AreScanned) {
  std::vector<std::string> words = {"hset", "h"};
  for (int i = 0; i < 100; ++i) words.insert(words.end(), {"field" + std::to_string(i), std::to_string(i)});
  EXPECT_EQ(Send(words), "100");
  std::map<std::string, int> seen;
  std::string cursor = "0";
  int replies = 0;
  do {
    const std::string reply = Send({"hscan", "h", cursor, "count", "7", "match", "field*"});
    cursor = reply.substr(2, reply.find('"', 2) - 2);
    const size_t list = reply.find('[', 1);
    for (const std::string& element : ElementsOf(reply.substr(list, reply.size() - 1 - list))) ++seen[element];
    ++replies;
  } while (cursor != "0" && replies < 1000);
  EXPECT_EQ(seen.size(), 200u);
  for (const auto& [element, times] : seen) EXPECT_EQ(times, 1) << element;
  EXPECT_EQ(replies, is_exploded() ? 15 : 1);
  EXPECT_EQ(Line("hscan h 281474976710656"), is_exploded() ? "[\"0\", []]" : Line("hscan h 0")) << "behind all hashes";
  EXPECT_EQ(Line("hscan h 0 count 1000 match field42"), "[\"0\", [\"field42\", \"42\"]]");
}

TEST_P(HashCommands, AreScannedWhileTheyChange) {
  std::vector<std::string> words = {"hset", "h"};
  for (int i = 0; i < 50; ++i) words.insert(words.end(), {"stays" + std::to_string(i), "v"});
  EXPECT_EQ(Send(words), "50");
  std::map<std::string, int> seen;
  std::string cursor = "0";
  int replies = 0;
  do {
    const std::string reply = Send({"hscan", "h", cursor, "count", "5"});
    cursor = reply.substr(2, reply.find('"', 2) - 2);
    const size_t list = reply.find('[', 1);
    for (const std::string& element : ElementsOf(reply.substr(list, reply.size() - 1 - list))) ++seen[element];
    const std::string number = std::to_string(replies++);
    EXPECT_EQ(Send({"hset", "h", "comes" + number, "v", "stays" + number, "changed"}), "1");
    if (replies > 1) EXPECT_EQ(Send({"hdel", "h", "comes" + std::to_string(replies - 2)}), "1");
  } while (cursor != "0" && replies < 50);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(seen["\"stays" + std::to_string(i) + "\""], 1) << i;
}

}  // namespace
}  // namespace amethyst::server
