// Covers: reply
#include "server/resp/reply.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace amethyst::server {
namespace {

template <typename Write>
std::string WrittenIn(Reply::Protocol protocol, Write write) {
  std::string out;
  Reply reply(&out, protocol);
  write(reply);
  return out;
}
template <typename Write>
std::string InResp2(Write write) {
  return WrittenIn(Reply::Protocol::kResp2, write);
}
template <typename Write>
std::string InResp3(Write write) {
  return WrittenIn(Reply::Protocol::kResp3, write);
}

TEST(Reply, WritesWhatBothProtocolsHave) {
  const auto write = [](Reply& reply) {
    reply.Ok();
    reply.Simple("QUEUED");
    reply.Error("ERR two\r\nlines");
    reply.Integer(INT64_MIN);
    reply.Bulk(std::string_view("a\0b", 3));
    reply.Bulk("");
    reply.BulkInteger(-7);
    reply.Array(2);
    reply.Raw(":1\r\n");
  };
  const std::string both(
      "+OK\r\n+QUEUED\r\n-ERR two  lines\r\n:-9223372036854775808\r\n$3\r\na\0b\r\n$0\r\n\r\n"
      "$2\r\n-7\r\n*2\r\n:1\r\n",
      85);
  EXPECT_EQ(InResp2(write), both);
  EXPECT_EQ(InResp3(write), both);
}

TEST(Reply, WritesWhatRESP3HasMore) {
  const auto write = [](Reply& reply) {
    reply.Null();
    reply.NullArray();
    reply.Double(1.5);
    reply.Boolean(true);
    reply.Boolean(false);
    reply.Verbatim("txt", "hi");
    reply.Map(1);
    reply.Set(2);
    reply.Push(3);
  };
  EXPECT_EQ(InResp2(write), "$-1\r\n*-1\r\n$3\r\n1.5\r\n:1\r\n:0\r\n$2\r\nhi\r\n*2\r\n*2\r\n*3\r\n");
  EXPECT_EQ(InResp3(write), "_\r\n_\r\n,1.5\r\n#t\r\n#f\r\n=6\r\ntxt:hi\r\n%1\r\n~2\r\n>3\r\n");
}

TEST(Reply, ShowsDoublesAsRedisDoes) {
  EXPECT_EQ(FormatDouble(0), "0");
  EXPECT_EQ(FormatDouble(-0.0), "-0");
  EXPECT_EQ(FormatDouble(3), "3");
  EXPECT_EQ(FormatDouble(-17), "-17");
  EXPECT_EQ(FormatDouble(0.1), "0.10000000000000001");
  EXPECT_EQ(FormatDouble(1e20), "1e+20");
  EXPECT_EQ(FormatDouble(9007199254740991.0), "9007199254740991");
  EXPECT_EQ(FormatDouble(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(FormatDouble(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(FormatDouble(std::nan("")), "nan");
}

TEST(Reply, TakesBackAndOut) {
  std::string out = "before";
  Reply reply(&out);
  const size_t mark = reply.Mark();
  reply.Ok();
  reply.Integer(1);
  EXPECT_EQ(reply.TakeFrom(mark), "+OK\r\n:1\r\n");
  EXPECT_EQ(out, "before");
  reply.Ok();
  reply.RollBackTo(mark);
  EXPECT_EQ(out, "before");
}

}  // namespace
}  // namespace amethyst::server
