// Covers: stream_group_commands, stream_pending_commands, stream_info_commands, stream_read_commands
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "server/members_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;

class StreamGroupCommands : public MembersTest {
 protected:
  // A stream s with entries 1-0 to 3-0 that the group g reads from its beginning.
  void Prepare() {
    for (const std::string_view line : {"xadd s 1 f a", "xadd s 2 f b", "xadd s 3 f c"}) (void)Line(line);
    ASSERT_EQ(Line("xgroup create s g 0"), "OK");
  }
};

TEST_F(StreamGroupCommands, CreateAndDestroyGroups) {
  EXPECT_THAT(Line("xgroup create s g $"), HasSubstr("ERR The XGROUP subcommand requires the key to exist."));
  EXPECT_EQ(Line("xgroup create s g $ mkstream"), "OK");
  EXPECT_EQ(Line("xlen s"), "0");
  EXPECT_EQ(Line("xgroup create s g $"), "(error) BUSYGROUP Consumer Group name already exists");
  EXPECT_EQ(Line("xgroup create s h 0 entriesread -2"), "(error) ERR value for ENTRIESREAD must be positive or -1");
  EXPECT_EQ(Line("xgroup create s h 0 other"),
            "(error) ERR unknown subcommand or wrong number of arguments for 'create'. Try XGROUP HELP.");
  EXPECT_EQ(Line("xgroup setid s no 0"), "(error) NOGROUP No such consumer group 'no' for key name 's'");
  EXPECT_EQ(Line("xgroup createconsumer s g ann"), "1");
  EXPECT_EQ(Line("xgroup createconsumer s g ann"), "0");
  EXPECT_EQ(Line("xgroup delconsumer s g bob"), "0");
  EXPECT_EQ(Line("xgroup destroy s g"), "1");
  EXPECT_EQ(Line("xgroup destroy s g"), "0");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
}

TEST_F(StreamGroupCommands, DeliverEachEntryOnce) {
  Prepare();
  EXPECT_EQ(Line("xreadgroup group g ann count 2 streams s >"),
            "[[\"s\", [[\"1-0\", [\"f\", \"a\"]], [\"2-0\", [\"f\", \"b\"]]]]]");
  EXPECT_EQ(Line("xreadgroup group g bob streams s >"), "[[\"s\", [[\"3-0\", [\"f\", \"c\"]]]]]");
  EXPECT_EQ(Line("xreadgroup group g bob streams s >"), "(nil array)");
  EXPECT_EQ(Line("xpending s g"), "[3, \"1-0\", \"3-0\", [[\"ann\", \"2\"], [\"bob\", \"1\"]]]");
  EXPECT_EQ(Line("xack s g 1 1 9"), "1");
  EXPECT_EQ(Line("xdel s 2"), "1");
  EXPECT_EQ(Line("xreadgroup group g ann streams s 0"), "[[\"s\", [[\"2-0\", (nil array)]]]]");
  clock_.Advance(std::chrono::milliseconds(50));
  EXPECT_EQ(Line("xpending s g - + 9"), "[[\"2-0\", \"ann\", 50, 1], [\"3-0\", \"bob\", 50, 1]]");
  EXPECT_EQ(Line("xpending s g idle 51 - + 9"), "[]");
  EXPECT_EQ(Line("xpending s g (2-0 + 9 bob"), "[[\"3-0\", \"bob\", 50, 1]]");
  EXPECT_EQ(Line("xgroup delconsumer s g ann"), "1");
  EXPECT_EQ(Line("xgroup setid s g 2"), "OK");
  EXPECT_EQ(Line("xreadgroup group g cid streams s >"), "[[\"s\", [[\"3-0\", [\"f\", \"c\"]]]]]");
  EXPECT_EQ(Line("xpending s g"), "[1, \"3-0\", \"3-0\", [[\"cid\", \"1\"]]]");
  EXPECT_EQ(Line("xpending s no"), "(error) NOGROUP No such key 's' or consumer group 'no'");
  Restart();
  EXPECT_EQ(Line("xreadgroup group g cid streams s 0"), "[[\"s\", [[\"3-0\", [\"f\", \"c\"]]]]]");
  EXPECT_EQ(Line("del s"), "1");
  EXPECT_EQ(EntriesOf(Part::kData), 0u);
  EXPECT_EQ(RegisteredIds(), 0u);
}

TEST_F(StreamGroupCommands, ClaimWhatOthersDoNotAcknowledge) {
  Prepare();
  (void)Line("xreadgroup group g ann streams s >");
  clock_.Advance(std::chrono::milliseconds(100));
  EXPECT_EQ(Line("xclaim s g bob 101 1"), "[]");
  EXPECT_EQ(Line("xclaim s g bob 100 1 9"), "[[\"1-0\", [\"f\", \"a\"]]]");
  EXPECT_EQ(Line("xclaim s g bob 0 1 justid retrycount 7 idle 30"), "[\"1-0\"]");
  EXPECT_EQ(Line("xpending s g - + 1"), "[[\"1-0\", \"bob\", 30, 7]]");
  EXPECT_EQ(Line("xclaim s g bob 0 1 other"), "(error) ERR Unrecognized XCLAIM option 'other'");
  EXPECT_EQ(Line("xclaim s g bob x 1"), "(error) ERR Invalid min-idle-time argument for XCLAIM");
  EXPECT_EQ(Line("xdel s 2"), "1");
  EXPECT_EQ(Line("xautoclaim s g cid 50 - count 1"), "[\"3-0\", [], [\"2-0\"]]");
  EXPECT_EQ(Line("xautoclaim s g cid 50 3-0"), "[\"0-0\", [[\"3-0\", [\"f\", \"c\"]]], []]");
  EXPECT_EQ(Line("xautoclaim s g cid 50 - count 0"), "(error) ERR COUNT must be > 0");
  EXPECT_EQ(Line("xpending s g"), "[2, \"1-0\", \"3-0\", [[\"bob\", \"1\"], [\"cid\", \"1\"]]]");
  EXPECT_EQ(Line("xack s g 3"), "1");
  EXPECT_EQ(Line("xclaim s g ann 0 3 justid"), "[]");
  EXPECT_EQ(Line("xclaim s g ann 0 3 force justid"), "[\"3-0\"]");
}

TEST_F(StreamGroupCommands, TellWhatTheyAreLike) {
  EXPECT_EQ(Line("hello 3").substr(0, 1), "{");
  EXPECT_EQ(Line("xinfo stream s"), "(error) ERR no such key");
  Prepare();
  (void)Line("xreadgroup group g ann count 2 streams s >");
  EXPECT_EQ(Line("xinfo groups s"),
            "[{\"name\": \"g\", \"consumers\": 1, \"pending\": 2, \"last-delivered-id\": \"2-0\", \"entries-read\": 2, "
            "\"lag\": 1}]");
  EXPECT_EQ(Line("xinfo consumers s g"), "[{\"name\": \"ann\", \"pending\": 2, \"idle\": 0}]");
  EXPECT_EQ(Line("xinfo stream s"),
            "{\"length\": 3, \"radix-tree-keys\": 1, \"radix-tree-nodes\": 2, \"last-generated-id\": \"3-0\", "
            "\"max-deleted-entry-id\": \"0-0\", \"entries-added\": 3, \"recorded-first-entry-id\": \"1-0\", "
            "\"groups\": 1, \"first-entry\": [\"1-0\", [\"f\", \"a\"]], \"last-entry\": [\"3-0\", [\"f\", \"c\"]]}");
  EXPECT_THAT(
      Line("xinfo stream s full count 1"),
      HasSubstr("\"pending\": [[\"1-0\", \"ann\", 1700000000000, 1]], \"consumers\": [{\"name\": \"ann\", "
                "\"seen-time\": 1700000000000, \"pel-count\": 2, \"pending\": [[\"1-0\", 1700000000000, 1]]}]"));
  EXPECT_EQ(Line("xdel s 3"), "1");
  EXPECT_THAT(Line("xinfo groups s"), HasSubstr("\"lag\": (null)"));
  EXPECT_EQ(Line("xread streams s 1"), "{\"s\": [[\"2-0\", [\"f\", \"b\"]]]}");
}

TEST_F(StreamGroupCommands, ReadPlainStreams) {
  Prepare();
  EXPECT_EQ(Line("xread count 1 streams s no 1 0"), "[[\"s\", [[\"2-0\", [\"f\", \"b\"]]]]]");
  EXPECT_EQ(Line("xread streams s $"), "(nil array)");
  EXPECT_EQ(Line("xread streams s 3"), "(nil array)");
  EXPECT_EQ(Line("xread streams s t 0"),
            "(error) ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.");
  EXPECT_THAT(Line("xread streams s >"), HasSubstr("ERR The > ID can be specified only when calling XREADGROUP"));
  EXPECT_THAT(Line("xreadgroup group g ann streams s $"), HasSubstr("ERR The $ ID is meaningless"));
  EXPECT_EQ(Line("xreadgroup noack noack noack streams s >"), "(error) ERR Missing GROUP option for XREADGROUP");
  EXPECT_EQ(Line("xread block -1 streams s 0"), "(error) ERR timeout is negative");
  EXPECT_EQ(Line("command getkeys xread count 1 streams a b 0 0"), "[\"a\", \"b\"]");
  EXPECT_EQ(Line("xreadgroup group no ann streams s >"),
            "(error) NOGROUP No such key 's' or consumer group 'no' in XREADGROUP with GROUP option");
}

TEST_F(StreamGroupCommands, WaitForEntries) {
  Prepare();
  Client waiting(*this, "127.0.0.1:50001");
  EXPECT_EQ(waiting.Line("xread block 0 streams s t $ 0"), "");
  EXPECT_EQ(Line("set t text"), "OK");
  EXPECT_EQ(Line("del t"), "1");
  EXPECT_EQ(Line("xadd s 4 f d"), "\"4-0\"");
  server_->EndTurn();
  EXPECT_EQ(waiting.Received(), "[[\"s\", [[\"4-0\", [\"f\", \"d\"]]]]]");
  EXPECT_EQ(waiting.Line("xread block 100 streams s $"), "");
  Pass(std::chrono::milliseconds(100));
  EXPECT_EQ(waiting.Received(), "(nil array)");
  EXPECT_EQ(Line("xgroup setid s g $"), "OK");
  EXPECT_EQ(waiting.Line("xreadgroup group g ann block 0 streams s >"), "");
  EXPECT_EQ(Line("xadd s 5 f e"), "\"5-0\"");
  server_->EndTurn();
  EXPECT_EQ(waiting.Received(), "[[\"s\", [[\"5-0\", [\"f\", \"e\"]]]]]");
  EXPECT_EQ(Line("xpending s g"), "[1, \"5-0\", \"5-0\", [[\"ann\", \"1\"]]]");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("xread block 0 streams s $"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[(nil array)]");
}

TEST_F(StreamGroupCommands, EndTheWaitForWhatIsGone) {
  const std::string no_key = "(error) UNBLOCKED the stream key no longer exists";
  const std::string no_group = "(error) NOGROUP the consumer group this client was blocked on no longer exists";
  struct Case {
    std::string line;
    std::string error;
  };
  const std::vector<Case> cases = {{"del s", no_key},    {"set s text", no_key},           {"rename s t", no_key},
                                   {"flushall", no_key}, {"xgroup destroy s g", no_group}, {"rename plain s", no_group},
                                   {"flushdb", no_key},  {"pexpire s -1", no_key},         {"swapdb 0 1", no_key}};
  for (const Case& one : cases) {
    (void)Line("flushall");
    Prepare();
    (void)Line("xadd plain 1 f v");
    Client waiting(*this, "127.0.0.1:50001");
    (void)Line("xgroup setid s g $");
    EXPECT_EQ(waiting.Line("xreadgroup group g ann block 0 streams s >"), "");
    (void)Line(one.line);
    server_->EndTurn();
    EXPECT_EQ(waiting.Received(), one.error) << one.line;
  }
  (void)Line("flushall");
  Prepare();
  (void)Line("xgroup setid s g $");
  Client waiting(*this, "127.0.0.1:50001");
  EXPECT_EQ(Line("pexpire s 100"), "1");
  EXPECT_EQ(waiting.Line("xreadgroup group g ann block 0 streams s >"), "");
  Pass(std::chrono::milliseconds(100));
  EXPECT_EQ(waiting.Received(), no_key) << "it has expired";
}

}  // namespace
}  // namespace amethyst::server
