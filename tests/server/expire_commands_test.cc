// Covers: expire_commands, expiry
#include <gtest/gtest.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

class ExpireCommands : public ServerTest {};

TEST_F(ExpireCommands, SetAndTell) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("ttl a"), "-1");
  EXPECT_EQ(Line("ttl x"), "-2");
  EXPECT_EQ(Line("expire a 100"), "1");
  EXPECT_EQ(Line("ttl a"), "100");
  EXPECT_EQ(Line("pttl a"), "100000");
  EXPECT_EQ(Line("expiretime a"), "1700000100");
  EXPECT_EQ(Line("pexpiretime a"), "1700000100000");
  EXPECT_EQ(Line("pexpire a 1500"), "1");
  EXPECT_EQ(Line("ttl a"), "2") << "rounded";
  EXPECT_EQ(Line("expireat a 1700000050"), "1");
  EXPECT_EQ(Line("ttl a"), "50");
  EXPECT_EQ(Line("pexpireat a 1700000000500"), "1");
  EXPECT_EQ(Line("pttl a"), "500");
  EXPECT_EQ(Line("persist a"), "1");
  EXPECT_EQ(Line("persist a"), "0");
  EXPECT_EQ(Line("pttl a"), "-1");
  EXPECT_EQ(Line("expire x 100"), "0");
  Pass(milliseconds(600));
  EXPECT_EQ(Line("get a"), "\"1\"") << "the entry of an old expiry says nothing";
}

TEST_F(ExpireCommands, InThePastDelete) {
  for (const std::string_view line : {"expire a 0", "expire a -1", "pexpireat a 1", "expireat a 1699999999"}) {
    EXPECT_EQ(Line("set a 1"), "OK");
    EXPECT_EQ(Line(line), "1");
    EXPECT_EQ(Line("exists a"), "0") << line;
    EXPECT_EQ(Line("dbsize"), "0");
  }
}

TEST_F(ExpireCommands, HaveConditions) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("expire a 100 xx"), "0");
  EXPECT_EQ(Line("expire a 100 gt"), "0") << "what never expires is later than all";
  EXPECT_EQ(Line("expire a 100 nx"), "1");
  EXPECT_EQ(Line("expire a 200 nx"), "0");
  EXPECT_EQ(Line("expire a 50 gt"), "0");
  EXPECT_EQ(Line("expire a 100 gt"), "0");
  EXPECT_EQ(Line("expire a 200 gt"), "1");
  EXPECT_EQ(Line("expire a 300 lt"), "0");
  EXPECT_EQ(Line("expire a 50 xx lt"), "1");
  EXPECT_EQ(Line("persist a"), "1");
  EXPECT_EQ(Line("expire a 50 lt"), "1");
  EXPECT_EQ(Line("expire a 50 nx xx"), "(error) ERR NX and XX, GT or LT options at the same time are not compatible");
  EXPECT_EQ(Line("expire a 50 gt lt"), "(error) ERR GT and LT options at the same time are not compatible");
  EXPECT_EQ(Line("expire a 50 what"), "(error) ERR Unsupported option what");
}

TEST_F(ExpireCommands, RefuseWhatIsNoTime) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("expire a x what"), "(error) ERR Unsupported option what");
  EXPECT_EQ(Line("expire a x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("expire a 9223372036854775807"), "(error) ERR invalid expire time in 'expire' command");
  EXPECT_EQ(Line("pexpire a 9223372036854775807"), "(error) ERR invalid expire time in 'pexpire' command");
  EXPECT_EQ(Line("expire a -9223372036854775808"), "(error) ERR invalid expire time in 'expire' command");
  EXPECT_EQ(Line("pttl a"), "-1");
}

TEST_F(ExpireCommands, TakeAMomentThatIsTooFarForTheLastOne) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("pexpireat a 9223372036854770000"), "1");
  EXPECT_EQ(Line("pexpiretime a"), "281474976710655") << "in the year 10889";
  EXPECT_EQ(Line("get a"), "\"1\"");
}

TEST_F(ExpireCommands, HideKeysAtTheirMoment) {
  EXPECT_EQ(Line("set a 1 px 100"), "OK");
  clock_.Advance(milliseconds(100));
  EXPECT_EQ(Line("ttl a"), "-2");
  clock_.wall -= milliseconds(50);
  EXPECT_EQ(Line("ttl a"), "-2") << "a clock that goes back brings nothing back";
  EXPECT_EQ(Line("type a"), "none");
  EXPECT_EQ(Line("keys *"), "[]");
  EXPECT_EQ(Line("scan 0"), "[\"0\", []]");
  EXPECT_EQ(Line("randomkey"), "(nil)");
  EXPECT_EQ(Line("del a"), "0");
  EXPECT_EQ(Line("expire a 100"), "0");
  EXPECT_EQ(Line("renamenx a b"), "(error) ERR no such key");
  EXPECT_EQ(Line("set a 2 nx"), "OK");
  EXPECT_EQ(Line("pttl a"), "-1");
  EXPECT_EQ(Line("dbsize"), "1");
}

}  // namespace
}  // namespace amethyst::server
