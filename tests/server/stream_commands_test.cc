// Covers: stream_commands, stream_arguments, stream_layout
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "server/members_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;

class StreamCommands : public MembersTest {
 protected:
  // Entries 1-0 to count-0 with the field f and their number.
  void FillStream(const std::string& key, int count) {
    for (int i = 1; i <= count; ++i) {
      const std::string id = std::to_string(i) + "-0";
      ASSERT_EQ(Send({"xadd", key, id, "f", std::to_string(i)}), "\"" + id + "\"");
    }
  }
};

TEST_F(StreamCommands, AppendUnderIdsThatGrow) {
  EXPECT_EQ(Line("xadd s * a 1"), "\"1700000000000-0\"");
  EXPECT_EQ(Line("xadd s * a 2"), "\"1700000000000-1\"");
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(Line("xadd s * a 3"), "\"1700000000001-0\"");
  EXPECT_EQ(Line("xadd s 1700000000001-* a 4"), "\"1700000000001-1\"");
  EXPECT_EQ(Line("xadd s 1700000000009-* a 5"), "\"1700000000009-0\"");
  EXPECT_EQ(Line("xadd s 1800000000000 a 6 b 7"), "\"1800000000000-0\"");
  EXPECT_EQ(Line("xadd s * a 8"), "\"1800000000000-1\"") << "the clock is behind the last entry";
  EXPECT_EQ(Line("xlen s"), "7");
  EXPECT_EQ(Line("xrange s 1800000000000 +"),
            "[[\"1800000000000-0\", [\"a\", \"6\", \"b\", \"7\"]], [\"1800000000000-1\", [\"a\", \"8\"]]]");
  EXPECT_EQ(Line("type s"), "stream");
  EXPECT_EQ(Line("object encoding s"), "\"stream\"");
  EXPECT_EQ(Line("xadd t 0-* a 1"), "\"0-1\"");
  EXPECT_EQ(Line("xadd no nomkstream * a 1"), "(nil)");
  EXPECT_EQ(Line("exists no"), "0");
}

TEST_F(StreamCommands, RefuseAsRedisDoes) {
  const std::string invalid = "(error) ERR Invalid stream ID specified as stream command argument";
  const std::string smaller =
      "(error) ERR The ID specified in XADD is equal or smaller than the target stream top item";
  EXPECT_EQ(Line("xadd s 5-5 a 1"), "\"5-5\"");
  EXPECT_EQ(Line("xadd s 5-5 a 1"), smaller);
  EXPECT_EQ(Line("xadd s 4-* a 1"), smaller);
  EXPECT_EQ(Line("xadd s 0-0 a 1"), "(error) ERR The ID specified in XADD must be greater than 0-0");
  for (const std::string_view line : {"xadd s x a 1", "xadd s 1-x a 1", "xadd s - a 1", "xadd s 1-1-* a 1",
                                      "xrange s x +", "xrange s (- +", "xdel s 1 x", "xtrim s minid x"}) {
    EXPECT_EQ(Line(line), invalid) << line;
  }
  EXPECT_EQ(Line("xadd s * a 1 b"), "(error) ERR wrong number of arguments for 'xadd' command");
  EXPECT_EQ(Line("xadd s maxlen 1 nomkstream limit"), invalid);
  EXPECT_EQ(Line("xadd s maxlen -1 * a 1"), "(error) ERR The MAXLEN argument must be >= 0.");
  EXPECT_EQ(Line("xtrim s maxlen ~ 1 limit -1"), "(error) ERR The LIMIT argument must be >= 0.");
  EXPECT_EQ(Line("xtrim s maxlen 1 limit 1"),
            "(error) ERR syntax error, LIMIT cannot be used without the special ~ option");
  EXPECT_EQ(Line("xtrim s limit 1"),
            "(error) ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
  EXPECT_EQ(Line("xtrim s maxlen 1 minid 1"),
            "(error) ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
  EXPECT_EQ(Line("xrange s (18446744073709551615-18446744073709551615 +"),
            "(error) ERR invalid start ID for the interval");
  EXPECT_EQ(Line("xrange s - (0-0"), "(error) ERR invalid end ID for the interval");
  EXPECT_EQ(Line("xrange s - + count"), "(error) ERR syntax error");
  EXPECT_EQ(Line("xadd m 18446744073709551615-18446744073709551615 a 1"),
            "\"18446744073709551615-18446744073709551615\"");
  EXPECT_THAT(Line("xadd m * a 1"), HasSubstr("The stream has exhausted the last possible ID"));
  EXPECT_EQ(Line("set text 1"), "OK");
  for (const std::string_view line :
       {"xadd text * a 1", "xlen text", "xrange text - +", "xdel text 1", "xtrim text maxlen 1", "xsetid text 1"}) {
    EXPECT_THAT(Line(line), HasSubstr("WRONGTYPE")) << line;
  }
}

TEST_F(StreamCommands, ShowRanges) {
  FillStream("s", 5);
  EXPECT_EQ(Line("xrange s 2 3"), "[[\"2-0\", [\"f\", \"2\"]], [\"3-0\", [\"f\", \"3\"]]]");
  EXPECT_EQ(Line("xrange s (2-0 (4-0"), "[[\"3-0\", [\"f\", \"3\"]]]");
  EXPECT_EQ(Line("xrevrange s + - count 2"), "[[\"5-0\", [\"f\", \"5\"]], [\"4-0\", [\"f\", \"4\"]]]");
  EXPECT_EQ(Line("xrevrange s 2 1"), "[[\"2-0\", [\"f\", \"2\"]], [\"1-0\", [\"f\", \"1\"]]]");
  EXPECT_EQ(Line("xrange s 9 +"), "[]");
  EXPECT_EQ(Line("xrange s 4 2"), "[]");
  EXPECT_EQ(Line("xrange no - +"), "[]");
  EXPECT_EQ(Line("xrange s - + count 0"), "(nil array)");
}

TEST_F(StreamCommands, TrimExactlyAndByNodes) {
  Configure("stream-node-max-entries", "10");
  FillStream("s", 35);
  EXPECT_EQ(Line("xtrim s maxlen ~ 34"), "0");
  EXPECT_EQ(Line("xtrim s maxlen ~ 20"), "10");
  EXPECT_EQ(Line("xtrim s minid ~ 20"), "0") << "an entry of the node is kept";
  EXPECT_EQ(Line("xtrim s minid ~ 21"), "10");
  EXPECT_EQ(Line("xtrim s minid 25"), "4");
  EXPECT_EQ(Line("xtrim s maxlen = 10"), "1");
  EXPECT_EQ(Line("xtrim s maxlen ~ 5"), "5") << "a node that was cut is smaller";
  EXPECT_EQ(Line("xadd s maxlen 2 40 f v"), "\"40-0\"");
  EXPECT_EQ(Line("xrange s - +"), "[[\"35-0\", [\"f\", \"35\"]], [\"40-0\", [\"f\", \"v\"]]]");
  EXPECT_EQ(EntriesOf(Part::kData), 2u);
  EXPECT_EQ(Line("xadd s maxlen 0 41 f v"), "\"41-0\"");
  EXPECT_EQ(Line("xlen s"), "0");
  EXPECT_EQ(Line("exists s"), "1");
  EXPECT_EQ(Line("xadd s 41 f v"),
            "(error) ERR The ID specified in XADD is equal or smaller than the target stream top item");
  FillStream("t", 100);
  EXPECT_EQ(Line("xadd t maxlen ~ 55 limit 30 * f v").substr(0, 4), "\"170");
  EXPECT_EQ(Line("xlen t"), "71");
}

TEST_F(StreamCommands, DeleteEntries) {
  FillStream("s", 4);
  EXPECT_EQ(Line("xdel s 1 3 3 9"), "2");
  EXPECT_EQ(Line("xrange s - +"), "[[\"2-0\", [\"f\", \"2\"]], [\"4-0\", [\"f\", \"4\"]]]");
  EXPECT_EQ(Line("xdel s 4 2"), "2");
  EXPECT_EQ(Line("xlen s"), "0");
  EXPECT_EQ(Line("xrevrange s + -"), "[]");
  EXPECT_EQ(Line("xadd s 4 f v"),
            "(error) ERR The ID specified in XADD is equal or smaller than the target stream top item");
  EXPECT_EQ(Line("xdel no 1"), "0");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
}

TEST_F(StreamCommands, SetTheLastId) {
  EXPECT_EQ(Line("xsetid s 1"), "(error) ERR no such key");
  FillStream("s", 3);
  EXPECT_EQ(Line("xsetid s 2"), "(error) ERR The ID specified in XSETID is smaller than the target stream top item");
  EXPECT_EQ(Line("xsetid s 9 entriesadded 2"),
            "(error) ERR The entries_added specified in XSETID is smaller than the target stream length");
  EXPECT_EQ(Line("xsetid s 9 entriesadded -1"), "(error) ERR entries_added must be positive");
  EXPECT_EQ(Line("xsetid s 9 maxdeletedid 10"),
            "(error) ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
  EXPECT_EQ(Line("xsetid s 9 other"), "(error) ERR syntax error");
  EXPECT_EQ(Line("xsetid s 9 entriesadded 7 maxdeletedid 5"), "OK");
  EXPECT_EQ(Line("xadd s 9-* f v"), "\"9-1\"");
}

TEST_F(StreamCommands, SurviveARestartAndLeaveNothingBehind) {
  FillStream("s", 3);
  Restart();
  EXPECT_EQ(Line("xlen s"), "3");
  EXPECT_EQ(Line("copy s t"), "1");
  EXPECT_EQ(Line("rename t u"), "OK");
  EXPECT_EQ(Line("xadd u 3-* f v"), "\"3-1\"");
  EXPECT_EQ(Line("xlen s"), "3");
  EXPECT_EQ(Line("xlen u"), "4");
  EXPECT_EQ(Line("del s u"), "2");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
  EXPECT_EQ(RegisteredIds(), 0u);
}

}  // namespace
}  // namespace amethyst::server
