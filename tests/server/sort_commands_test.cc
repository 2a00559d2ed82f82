// Covers: sort_commands
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

// Both encodings: everything inline, and everything exploded.
class SortCommandsTest : public ServerTest, public testing::WithParamInterface<const char*> {
 protected:
  SortCommandsTest() {
    for (const char* const name : {"zset-max-listpack-entries", "set-max-listpack-entries", "set-max-intset-entries",
                                   "hash-max-listpack-entries"}) {
      Configure(name, GetParam());
    }
    Configure("list-max-listpack-size", std::string_view(GetParam()) == "0" ? "1" : "128");
  }
};
INSTANTIATE_TEST_SUITE_P(Encodings, SortCommandsTest, testing::Values("128", "0"));

TEST_P(SortCommandsTest, SortNumbersAndBytes) {
  EXPECT_EQ(Line("rpush l 3 10 2 1"), "4");
  EXPECT_EQ(Line("sort l"), R"(["1", "2", "3", "10"])");
  EXPECT_EQ(Line("sort_ro l desc"), R"(["10", "3", "2", "1"])");
  EXPECT_EQ(Line("sort l alpha"), R"(["1", "10", "2", "3"])");
  EXPECT_EQ(Line("sort l limit 1 2"), R"(["2", "3"])");
  EXPECT_EQ(Line("sort l limit -4 1"), R"(["1"])");
  EXPECT_EQ(Line("sort l limit 2 -7"), R"(["3", "10"])");
  EXPECT_EQ(Line("sort l limit 9 1"), "[]");
  EXPECT_EQ(Line("sadd s 5 -1 2.5"), "3");
  EXPECT_EQ(Line("sort s"), R"(["-1", "2.5", "5"])");
  EXPECT_EQ(Line("zadd z 1 7 2 5 3 6"), "3");
  EXPECT_EQ(Line("sort z"), R"(["5", "6", "7"])");
  EXPECT_EQ(Line("sort none"), "[]");
}

TEST_P(SortCommandsTest, SortByOtherKeysAndGetThem) {
  EXPECT_EQ(Line("rpush l a b c"), "3");
  EXPECT_EQ(Line("mset w_a 3 w_b 1 w_c 2 v_a x v_c z"), "OK");
  EXPECT_EQ(Line("hset h_a n 1 name ann"), "2");
  EXPECT_EQ(Line("hset h_b n 3"), "1");
  EXPECT_EQ(Line("sort l by w_*"), R"(["b", "c", "a"])");
  EXPECT_EQ(Line("sort l by w_* get # get v_*"), R"(["b", (nil), "c", "z", "a", "x"])");
  EXPECT_EQ(Line("sort l by h_*->n get h_*->name"), R"([(nil), "ann", (nil)])");
  EXPECT_EQ(Line("sort l by v_* alpha desc"), R"(["c", "a", "b"])");
  EXPECT_EQ(Line("sort l by w_* get const get h_* get w_*->n get v_*->"),
            R"([(nil), (nil), (nil), (nil), (nil), (nil), (nil), (nil), (nil), (nil), (nil), (nil)])");
}

TEST_P(SortCommandsTest, LeaveTheOrderAlone) {
  EXPECT_EQ(Line("rpush l c a b"), "3");
  EXPECT_EQ(Line("sort l by nosort"), R"(["c", "a", "b"])");
  EXPECT_EQ(Line("sort l by nosort desc limit 0 2"), R"(["b", "a"])");
  EXPECT_EQ(Line("sort l by nosort limit 5 2"), "[]");
  EXPECT_EQ(Line("sort l by nosort by *"), R"(["c", "a", "b"])");
  EXPECT_EQ(Line("zadd z 1 c 2 a 3 b"), "3");
  EXPECT_EQ(Line("sort z by nosort limit 1 2"), R"(["a", "b"])");
  EXPECT_EQ(Line("sort z by nosort desc limit 0 2"), R"(["b", "a"])");
  EXPECT_EQ(Line("sadd s c a b"), "3");
  EXPECT_EQ(Line("sort s by nosort store d"), "3");
  EXPECT_EQ(Line("lrange d 0 -1"), R"(["a", "b", "c"])");
}

TEST_P(SortCommandsTest, StoreAndTellOfIt) {
  Client listener(*this, "listener");
  EXPECT_EQ(Line("config set notify-keyspace-events KEA"), "OK");
  listener.Line("psubscribe __keyevent*");
  EXPECT_EQ(Line("sadd s 2 1"), "2");
  EXPECT_EQ(Line("set v_1 x"), "OK");
  listener.Received();
  EXPECT_EQ(Line("sort s store d"), "2");
  EXPECT_THAT(listener.Received(), testing::HasSubstr(R"("__keyevent@0__:sortstore", "d")"));
  EXPECT_EQ(Line("lrange d 0 -1"), R"(["1", "2"])");
  EXPECT_EQ(Line("sort s get v_* store s"), "2");
  EXPECT_EQ(Line("lrange s 0 -1"), R"(["x", ""])");
  listener.Received();
  EXPECT_EQ(Line("sort none store d"), "0");
  EXPECT_THAT(listener.Received(), testing::HasSubstr(R"("__keyevent@0__:del", "d")"));
  EXPECT_EQ(Line("exists d"), "0");
  EXPECT_EQ(Line("sort none store d"), "0");
  EXPECT_EQ(listener.Received(), "");
}

TEST_P(SortCommandsTest, RefuseAsRedisDoes) {
  EXPECT_EQ(Line("rpush l a 1"), "2");
  EXPECT_EQ(Line("set x 1"), "OK");
  EXPECT_EQ(Line("sort l"), "(error) ERR One or more scores can't be converted into double");
  EXPECT_EQ(Line("sort x"), "(error) WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(Line("sort l limit 1"), "(error) ERR syntax error");
  EXPECT_EQ(Line("sort l limit a 1"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("sort l by"), "(error) ERR syntax error");
  EXPECT_EQ(Line("sort_ro l store d"), "(error) ERR syntax error");
}

TEST_P(SortCommandsTest, ReadNumbersAsTheCLibraryDoes) {
  EXPECT_EQ(Line("rpush l 0x10 1e1 inf -inf"), "4");
  EXPECT_EQ(Send({"rpush", "l", " 3", ""}), "6");
  EXPECT_EQ(Line("sort l"), R"(["-inf", "", " 3", "1e1", "0x10", "inf"])");
}

TEST_P(SortCommandsTest, KnowTheirKeys) {
  EXPECT_EQ(Line("command getkeys sort a by x get store store b store c"), R"(["a", "c"])");
  EXPECT_EQ(Line("command getkeys sort a limit 0 store"), R"(["a"])");
  EXPECT_EQ(Line("command getkeys sort_ro a by x"), R"(["a"])");
}

}  // namespace
}  // namespace amethyst::server
