// Covers: string_commands, stored_key, access, expiry, numbers
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class StringCommands : public ServerTest {};

TEST_F(StringCommands, SetAndGet) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("get b"), "(nil)");
  EXPECT_EQ(Line("GeT a"), "\"1\"");
  EXPECT_EQ(Line("set a 2 nx"), "(nil)");
  EXPECT_EQ(Line("set a 2 xx get"), "\"1\"");
  EXPECT_EQ(Line("set b 2 xx"), "(nil)");
  EXPECT_EQ(Line("getset a 3"), "\"2\"");
  EXPECT_EQ(Line("getdel a"), "\"3\"");
  EXPECT_EQ(Line("exists a"), "0");
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  EXPECT_EQ(Line("mget a x b"), "[\"1\", (nil), \"2\"]");
  EXPECT_EQ(Line("msetnx b 3 c 4"), "0");
  EXPECT_EQ(Line("mget b c"), "[\"2\", (nil)]");
}

TEST_F(StringCommands, ExpireByTheServersClock) {
  EXPECT_EQ(Line("set a 1 px 100"), "OK");
  EXPECT_EQ(Line("pttl a"), "100");
  EXPECT_EQ(Line("dbsize"), "1");
  clock_.Advance(milliseconds(99));
  EXPECT_EQ(Line("get a"), "\"1\"");
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("dbsize"), "1") << "as Redis counts: it is still there";
  Pass(milliseconds(0));
  EXPECT_EQ(Line("dbsize"), "0");
  clock_.wall -= milliseconds(1000);
  EXPECT_EQ(Line("set b 1 ex 1"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)") << "a clock that goes back brings nothing back";
}

TEST_F(StringCommands, RefuseAsRedisDoes) {
  EXPECT_EQ(Line("set a 1 ex 0"), "(error) ERR invalid expire time in 'set' command");
  EXPECT_EQ(Line("set a 1 ex x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("set a 1 px 9223372036854775807"), "(error) ERR invalid expire time in 'set' command");
  EXPECT_EQ(Line("set a 1 ex x what"), "(error) ERR syntax error");
  EXPECT_EQ(Line("getex a ex x"), "(nil)") << "the time is of no key";
  EXPECT_EQ(Line("getex a ex x what"), "(error) ERR syntax error");
  EXPECT_EQ(Line("set a 1 nx xx"), "(error) ERR syntax error");
  EXPECT_EQ(Line("set a"), "(error) ERR wrong number of arguments for 'set' command");
  EXPECT_EQ(Line("mset a"), "(error) ERR wrong number of arguments for 'mset' command");
  EXPECT_EQ(Line("foo a"), "(error) ERR unknown command 'foo', with args beginning with: 'a' ");
  EXPECT_EQ(Line("set n x"), "OK");
  EXPECT_EQ(Line("incr n"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("exists a"), "0");
}

TEST_F(StringCommands, CountUpAndDown) {
  EXPECT_EQ(Line("incr a"), "1");
  EXPECT_EQ(Line("incrby a 10"), "11");
  EXPECT_EQ(Line("decrby a 20"), "-9");
  EXPECT_EQ(Line("set a 9223372036854775807"), "OK");
  EXPECT_EQ(Line("incr a"), "(error) ERR increment or decrement would overflow");
  EXPECT_EQ(Line("set f 3.0e3"), "OK");
  EXPECT_EQ(Line("incrbyfloat f 200"), "\"3200\"");
  EXPECT_EQ(Line("set f 10.5"), "OK");
  EXPECT_EQ(Line("incrbyfloat f 0.1"), "\"10.6\"");
}

TEST_F(StringCommands, CutAndPaste) {
  EXPECT_EQ(Line("append a Hello"), "5");
  EXPECT_EQ(Line("append a ' World'"), "11");
  EXPECT_EQ(Line("getrange a -5 -1"), "\"World\"");
  EXPECT_EQ(Line("getrange a 5 2"), "\"\"");
  EXPECT_EQ(Line("setrange a 6 Redis"), "11");
  EXPECT_EQ(Line("setrange b 2 x"), "3");
  EXPECT_EQ(Line("get b"), "\"\\x00\\x00x\"");
  EXPECT_EQ(Line("strlen a"), "11");
  EXPECT_THAT(Line("setrange a 536870912 x"), HasSubstr("exceeds maximum allowed size"));
}

TEST_F(StringCommands, SurviveARestart) {
  EXPECT_EQ(Line("set a 1 px 1000"), "OK");
  EXPECT_EQ(Line("select 3"), "OK");
  EXPECT_EQ(Line("set b 2"), "OK");
  Restart();
  EXPECT_EQ(Line("pttl a"), "1000");
  EXPECT_EQ(Line("dbsize"), "1");
  EXPECT_EQ(Line("swapdb 0 3"), "OK");
  EXPECT_EQ(Line("get b"), "\"2\"");
  Restart();
  EXPECT_EQ(Line("get b"), "\"2\"");
}

}  // namespace
}  // namespace amethyst::server
