// Covers: list_commands, list_pop_commands, key_checks, encoding_name, waiters
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// Both encodings: everything inline, and everything that has more than one element exploded.
class ListCommandsTest : public ServerTest, public testing::WithParamInterface<const char*> {
 protected:
  ListCommandsTest() { Configure("list-max-listpack-size", GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Encodings, ListCommandsTest, testing::Values("-2", "1"));

TEST_P(ListCommandsTest, PushPopAndShow) {
  EXPECT_EQ(Line("rpush l b c d"), "3");
  EXPECT_EQ(Line("lpush l a"), "4");
  EXPECT_EQ(Line("llen l"), "4");
  EXPECT_EQ(Line("lrange l 0 -1"), R"(["a", "b", "c", "d"])");
  EXPECT_EQ(Line("lrange l -3 1"), R"(["b"])");
  EXPECT_EQ(Line("lrange l 3 1"), "[]");
  EXPECT_EQ(Line("lrange l 5 9"), "[]");
  EXPECT_EQ(Line("lpop l"), "\"a\"");
  EXPECT_EQ(Line("rpop l 2"), R"(["d", "c"])");
  EXPECT_EQ(Line("lpop l 0"), "[]");
  EXPECT_EQ(Line("rpop l 9"), R"(["b"])");
  EXPECT_EQ(Line("exists l"), "0");
  EXPECT_EQ(Line("lpop l"), "(nil)");
  EXPECT_EQ(Line("lpop l 1"), "(nil array)");
  EXPECT_EQ(Line("lpushx l a"), "0");
  EXPECT_EQ(Line("rpush l a"), "1");
  EXPECT_EQ(Line("rpushx l b c"), "3");
  EXPECT_EQ(Line("object encoding l"), "\"quicklist\"");
  EXPECT_EQ(Line("type l"), "list");
}

TEST_P(ListCommandsTest, ChangeInPlace) {
  EXPECT_EQ(Line("rpush l a b c b a"), "5");
  EXPECT_EQ(Line("lset l -2 B"), "OK");
  EXPECT_EQ(Line("lindex l 3"), "\"B\"");
  EXPECT_EQ(Line("lindex l 5"), "(nil)");
  EXPECT_EQ(Line("lset l 5 x"), "(error) ERR index out of range");
  EXPECT_EQ(Line("lset none 0 x"), "(error) ERR no such key");
  EXPECT_EQ(Line("linsert l before c x"), "6");
  EXPECT_EQ(Line("linsert l after c y"), "7");
  EXPECT_EQ(Line("linsert l before a first"), "8");
  EXPECT_EQ(Line("linsert l after B z"), "9");
  EXPECT_EQ(Line("linsert l after nothing z"), "-1");
  EXPECT_EQ(Line("linsert none after nothing z"), "0");
  EXPECT_EQ(Line("lrange l 0 -1"), R"(["first", "a", "b", "x", "c", "y", "B", "z", "a"])");
  EXPECT_EQ(Line("lindex l 3"), "\"x\"");
  EXPECT_EQ(Line("lrem l -1 a"), "1");
  EXPECT_EQ(Line("lrem l 0 first"), "1");
  EXPECT_EQ(Line("lrem l 2 nothing"), "0");
  EXPECT_EQ(Line("lrange l 0 -1"), R"(["a", "b", "x", "c", "y", "B", "z"])");
  EXPECT_EQ(Line("rpush l end"), "8");
  EXPECT_EQ(Line("ltrim l 1 -2"), "OK");
  EXPECT_EQ(Line("lrange l 0 -1"), R"(["b", "x", "c", "y", "B", "z"])");
  EXPECT_EQ(Line("ltrim l 5 1"), "OK");
  EXPECT_EQ(Line("exists l"), "0");
}

TEST_P(ListCommandsTest, FindPositions) {
  EXPECT_EQ(Line("rpush l a b c 1 2 3 c c"), "8");
  EXPECT_EQ(Line("lpos l c"), "2");
  EXPECT_EQ(Line("lpos l c rank 2"), "6");
  EXPECT_EQ(Line("lpos l c rank -1"), "7");
  EXPECT_EQ(Line("lpos l c count 0"), "[2, 6, 7]");
  EXPECT_EQ(Line("lpos l c rank -1 count 2"), "[7, 6]");
  EXPECT_EQ(Line("lpos l c rank 2 count 0 maxlen 7"), "[6]");
  EXPECT_EQ(Line("lpos l x"), "(nil)");
  EXPECT_EQ(Line("lpos none x count 0"), "[]");
  EXPECT_EQ(Line("lpos l c count -1"), "(error) ERR COUNT can't be negative");
  EXPECT_THAT(Line("lpos l c rank 0"), HasSubstr("RANK can't be zero"));
}

TEST_P(ListCommandsTest, MoveBetweenLists) {
  EXPECT_EQ(Line("rpush a 1 2 3"), "3");
  EXPECT_EQ(Line("rpoplpush a b"), "\"3\"");
  EXPECT_EQ(Line("lmove a b left right"), "\"1\"");
  EXPECT_EQ(Line("lrange b 0 -1"), R"(["3", "1"])");
  EXPECT_EQ(Line("lmove b b left right"), "\"3\"");
  EXPECT_EQ(Line("lrange b 0 -1"), R"(["1", "3"])");
  EXPECT_EQ(Line("rpoplpush a a"), "\"2\"");
  EXPECT_EQ(Line("rpoplpush a b"), "\"2\"");
  EXPECT_EQ(Line("exists a"), "0");
  EXPECT_EQ(Line("rpoplpush a b"), "(nil)");
  EXPECT_EQ(Line("lmpop 2 a b right count 2"), R"(["b", ["3", "1"]])");
  EXPECT_EQ(Line("lmpop 1 a left"), "(nil array)");
  EXPECT_EQ(Line("lmpop 0 a left"), "(error) ERR numkeys should be greater than 0");
  EXPECT_EQ(Line("lmpop 1 a left count 0"), "(error) ERR count should be greater than 0");
  EXPECT_EQ(Line("lmpop 2 a left"), "(error) ERR syntax error");
}

TEST_P(ListCommandsTest, KeepTheExpiryAndGoWithIt) {
  EXPECT_EQ(Line("rpush l a b c"), "3");
  EXPECT_EQ(Line("pexpire l 100"), "1");
  EXPECT_EQ(Line("lpop l"), "\"a\"");
  EXPECT_EQ(Line("pttl l"), "100");
  clock_.Advance(milliseconds(100));
  EXPECT_EQ(Line("llen l"), "0");
  EXPECT_EQ(Line("rpush l x"), "1");
  EXPECT_EQ(Line("pttl l"), "-1");
}

TEST_P(ListCommandsTest, TellOfWhatHappens) {
  Configure("notify-keyspace-events", "KA");
  Client listener(*this, "127.0.0.1:50001");
  EXPECT_THAT(listener.Line("psubscribe *"), HasSubstr("psubscribe"));
  EXPECT_EQ(Line("rpush a 1"), "1");
  EXPECT_EQ(Line("rpoplpush a b"), "\"1\"");
  const std::string events = listener.Received();
  EXPECT_THAT(events, HasSubstr("a\", \"rpush\""));
  EXPECT_LT(events.find("b\", \"lpush\""), events.find("a\", \"rpop\""));
  EXPECT_LT(events.find("a\", \"rpop\""), events.find("a\", \"del\""));
}

TEST_P(ListCommandsTest, WaitInTheOrderInWhichTheyCame) {
  Client first(*this, "127.0.0.1:50001");
  Client second(*this, "127.0.0.1:50002");
  Client third(*this, "127.0.0.1:50003");
  EXPECT_EQ(first.Line("blpop x l 0"), "");
  EXPECT_EQ(second.Line("brpop l 0"), "");
  EXPECT_EQ(third.Line("blmpop 0 1 l left count 5"), "");
  EXPECT_EQ(Line("rpush l a b c d"), "4") << "the reply is of the moment before the others were served";
  EXPECT_EQ(first.Received(), R"(["l", "a"])");
  EXPECT_EQ(second.Received(), R"(["l", "d"])");
  EXPECT_EQ(third.Received(), R"(["l", ["b", "c"]])");
  EXPECT_EQ(Line("exists l"), "0");
  EXPECT_EQ(Line("rpush l e"), "1");
  EXPECT_EQ(Line("blpop x l 0"), R"(["l", "e"])");
}

TEST_P(ListCommandsTest, WaitUntilTheirTimeIsOver) {
  EXPECT_EQ(Line("blpop l 0.1"), "");
  Pass(milliseconds(99));
  EXPECT_EQ(client_->Received(), "");
  Pass(milliseconds(1));
  EXPECT_EQ(client_->Received(), "(nil array)");
  EXPECT_EQ(Line("blmove l m left right 0.1"), "");
  Pass(milliseconds(100));
  EXPECT_EQ(client_->Received(), "(nil array)");
  EXPECT_EQ(Line("blpop l -1"), "(error) ERR timeout is negative");
  EXPECT_EQ(Line("blpop l x"), "(error) ERR timeout is not a float or out of range");
  EXPECT_EQ(Line("blpop l 9223372036854775"), "");
  Pass(milliseconds(1000));
  EXPECT_EQ(client_->Received(), "");
}

TEST_P(ListCommandsTest, PassOverAKeyOfAnotherTypeWhileTheyWait) {
  Client waiting(*this, "127.0.0.1:50001");
  EXPECT_EQ(waiting.Line("blpop l m 0"), "");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("rpush l a"), "QUEUED");
  EXPECT_EQ(Line("set l x"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[1, OK]");
  EXPECT_EQ(waiting.Received(), "");
  EXPECT_EQ(Line("rpush m b"), "1");
  EXPECT_EQ(waiting.Received(), R"(["m", "b"])");
  EXPECT_EQ(waiting.Line("blpop l 0"), "(error) WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(waiting.Line("blmove n l left left 0"), "");
  EXPECT_EQ(Line("rpush n c"), "1");
  EXPECT_THAT(waiting.Received(), HasSubstr("WRONGTYPE"));
  EXPECT_EQ(Line("lrange n 0 -1"), R"(["c"])") << "it stays where it was";
}

TEST_P(ListCommandsTest, TakeFromTheKeyThatWasReadyFirst) {
  Client waiting(*this, "127.0.0.1:50001");
  EXPECT_EQ(waiting.Line("blpop l m 0"), "");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("rpush m 1"), "QUEUED");
  EXPECT_EQ(Line("rpush l 2"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[1, 1]");
  EXPECT_EQ(waiting.Received(), R"(["m", "1"])");
  EXPECT_EQ(Line("llen l"), "1");
}

TEST_P(ListCommandsTest, ServeChainsAndLeaveOutWhoIsGone) {
  Client third(*this, "127.0.0.1:50003");
  Client second(*this, "127.0.0.1:50002");
  Client first(*this, "127.0.0.1:50001");
  auto gone = std::make_unique<Client>(*this, "127.0.0.1:50004");
  EXPECT_EQ(gone->Line("blpop a 0"), "");
  EXPECT_EQ(third.Line("blpop c 0"), "");
  EXPECT_EQ(second.Line("blmove b c left right 0"), "");
  EXPECT_EQ(first.Line("brpoplpush a b 0"), "");
  gone.reset();
  EXPECT_EQ(server_->BlockedCount(), 3u);
  EXPECT_EQ(Line("rpush a 1"), "1");
  EXPECT_EQ(first.Received(), "\"1\"");
  EXPECT_EQ(second.Received(), "\"1\"");
  EXPECT_EQ(third.Received(), R"(["c", "1"])");
  EXPECT_EQ(Line("dbsize"), "0");
}

TEST_P(ListCommandsTest, ServeAllWhoWaitBeforeTheRequestsBehindThem) {
  Client first(*this, "127.0.0.1:50001");
  Client second(*this, "127.0.0.1:50002");
  EXPECT_EQ(first.Line("blmove a b left left 0"), "");
  EXPECT_EQ(first.Line("rpush c of-first"), "") << "it waits behind the other";
  EXPECT_EQ(first.Line("llen b"), "");
  EXPECT_EQ(second.Line("blpop b c 0"), "");
  EXPECT_EQ(Line("rpush a 1"), "1");
  EXPECT_EQ(first.Received(), "\"1\" 1 0");
  EXPECT_EQ(second.Received(), R"(["b", "1"])");
  EXPECT_EQ(Line("lrange c 0 -1"), R"(["of-first"])");
}

TEST_P(ListCommandsTest, WaitInTheirDatabaseWhateverIsSwapped) {
  Client first(*this, "127.0.0.1:50001");
  Client second(*this, "127.0.0.1:50002");
  EXPECT_EQ(first.Line("blpop a 0"), "");
  EXPECT_EQ(second.Line("blpop b 0"), "");
  EXPECT_EQ(Line("select 1"), "OK");
  EXPECT_EQ(Line("rpush a 1"), "1");
  EXPECT_EQ(first.Received(), "");
  EXPECT_EQ(Line("swapdb 0 1"), "OK");
  EXPECT_EQ(first.Received(), R"(["a", "1"])");
  EXPECT_EQ(Line("select 0"), "OK");
  EXPECT_EQ(Line("rpush b 2"), "1");
  EXPECT_EQ(second.Received(), R"(["b", "2"])");
}

TEST_P(ListCommandsTest, AnswerAtOnceWithinATransaction) {
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("blpop l 0"), "QUEUED");
  EXPECT_EQ(Line("blmove l m left left 0"), "QUEUED");
  EXPECT_EQ(Line("blmpop 0 1 l left"), "QUEUED");
  EXPECT_EQ(Line("rpush l a"), "QUEUED");
  EXPECT_EQ(Line("brpop l 0"), "QUEUED");
  EXPECT_EQ(Line("exec"), R"([(nil array), (nil), (nil array), 1, ["l", "a"]])");
  EXPECT_EQ(Line("exists l"), "0");
}

TEST_P(ListCommandsTest, RefuseAnotherType) {
  EXPECT_EQ(Line("set s x"), "OK");
  for (const char* const line : {"lpush s a", "lpop s", "llen s", "lrange s 0 1", "lindex s 0", "lset s 0 a",
                                 "linsert s before a b", "lrem s 0 a", "ltrim s 0 1", "lpos s a", "rpoplpush s t",
                                 "lmpop 1 s left", "blpop none s 0", "blmove s t left left 0"}) {
    EXPECT_EQ(Line(line), "(error) WRONGTYPE Operation against a key holding the wrong kind of value") << line;
  }
  const std::vector<std::string_view> request = {"blmpop", "0", "2", "a", "b", "left"};
  EXPECT_EQ(FindKeys(*FindCommand("blmpop"), request), (std::vector<int>{3, 4}));
}

}  // namespace
}  // namespace amethyst::server
