// Covers: bit_commands, lookup
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

class BitCommands : public ServerTest {};

TEST_F(BitCommands, SetAndGetSingleBits) {
  EXPECT_EQ(Line("setbit a 7 1"), "0");
  EXPECT_EQ(Line("setbit a 7 0"), "1");
  EXPECT_EQ(Line("setbit a 1 1"), "0");
  EXPECT_EQ(Line("get a"), "\"@\"");
  EXPECT_EQ(Line("getbit a 1"), "1");
  EXPECT_EQ(Line("getbit a 100"), "0");
  EXPECT_EQ(Line("setbit a 16 0"), "0") << "which makes it longer";
  EXPECT_EQ(Line("strlen a"), "3");
  EXPECT_EQ(Line("expire a 100"), "1");
  EXPECT_EQ(Line("setbit a 0 1"), "0");
  EXPECT_EQ(Line("ttl a"), "100");
}

TEST_F(BitCommands, CountInBytesAndBits) {
  EXPECT_EQ(Line("set a foobar"), "OK");
  EXPECT_EQ(Line("bitcount a"), "26");
  EXPECT_EQ(Line("bitcount a 0 0"), "4");
  EXPECT_EQ(Line("bitcount a 1 1 byte"), "6");
  EXPECT_EQ(Line("bitcount a 5 30 bit"), "17");
  EXPECT_EQ(Line("bitcount a -1 -2 nonsense"), "0");
  EXPECT_EQ(Line("bitcount none x"), "0");
  EXPECT_EQ(Line("bitcount a 1"), "(error) ERR syntax error");
  EXPECT_EQ(Line("bitcount a 0 1 nonsense"), "(error) ERR syntax error");
  EXPECT_EQ(Line("bitcount a 0 x nonsense"), "(error) ERR value is not an integer or out of range");
}

TEST_F(BitCommands, FindTheFirstBit) {
  EXPECT_EQ(Send({"set", "a", std::string("\xff\xf0\x00", 3)}), "OK");
  EXPECT_EQ(Line("bitpos a 0"), "12");
  EXPECT_EQ(Line("bitpos a 1 2"), "-1");
  EXPECT_EQ(Line("bitpos a 0 10 14 bit"), "12");
  EXPECT_EQ(Send({"set", "a", "\xff\xff"}), "OK");
  EXPECT_EQ(Line("bitpos a 0"), "16") << "the zeros behind the string";
  EXPECT_EQ(Line("bitpos a 0 1"), "16");
  EXPECT_EQ(Line("bitpos a 0 0 -1"), "-1") << "a range with an end has none behind it";
  EXPECT_EQ(Line("bitpos a 1 -1 -5"), "-1");
  EXPECT_EQ(Line("bitpos none 0"), "0");
  EXPECT_EQ(Line("bitpos none 1"), "-1");
  EXPECT_EQ(Line("bitpos a 2"), "(error) ERR The bit argument must be 1 or 0.");
  EXPECT_EQ(Line("bitpos a 1 0 x nonsense"), "(error) ERR syntax error");
}

TEST_F(BitCommands, CombineStrings) {
  EXPECT_EQ(Line("mset a abc b ab"), "OK");
  EXPECT_EQ(Line("bitop xor c a b"), "3");
  EXPECT_EQ(Line("get c"), "\"\\x00\\x00c\"");
  EXPECT_EQ(Line("bitop and c a b none"), "3");
  EXPECT_EQ(Line("get c"), "\"\\x00\\x00\\x00\"");
  EXPECT_EQ(Line("bitop or c none"), "0");
  EXPECT_EQ(Line("exists c"), "0");
  EXPECT_EQ(Line("bitop not a a"), "3");
  EXPECT_EQ(Line("bitcount a"), "14");
  EXPECT_EQ(Line("bitop not c a b"), "(error) ERR BITOP NOT must be called with a single source key.");
  EXPECT_EQ(Line("bitop nand c a b"), "(error) ERR syntax error");
}

TEST_F(BitCommands, KeepIntegersInFields) {
  EXPECT_EQ(Line("bitfield a set u8 0 255 get i8 0 incrby u8 #1 300"), "[0, -1, 44]");
  EXPECT_EQ(Line("get a"), "\"\\xff,\"");
  EXPECT_EQ(Line("bitfield a overflow sat incrby i8 0 -128 overflow fail incrby i8 0 -1"), "[-128, (nil)]");
  EXPECT_EQ(Line("bitfield_ro a get u4 4 get i64 #10"), "[0, 0]");
  EXPECT_EQ(Line("bitfield a"), "[]");
  EXPECT_EQ(Line("bitfield b overflow fail set u2 16 100"), "[(nil)]");
  EXPECT_EQ(Line("strlen b"), "3") << "it grows nevertheless, as in Redis";
}

TEST_F(BitCommands, RefuseWrongFields) {
  const std::string type =
      "(error) ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
  EXPECT_EQ(Line("bitfield a get u64 0"), type);
  EXPECT_EQ(Line("bitfield a get u8 #x"), "(error) ERR bit offset is not an integer or out of range");
  EXPECT_EQ(Line("bitfield a set u8 0 x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("bitfield a overflow none"), "(error) ERR Invalid OVERFLOW type specified");
  EXPECT_EQ(Line("bitfield a get u8"), "(error) ERR syntax error");
  EXPECT_EQ(Line("bitfield_ro a set u8 0 1"), "(error) ERR BITFIELD_RO only supports the GET subcommand");
  EXPECT_EQ(Line("exists a"), "0");
}

TEST_F(BitCommands, RefuseOtherTypesAndOffsetsOutOfRange) {
  EXPECT_EQ(Line("hset h f v"), "1");
  for (const char* line : {"setbit h 0 1", "getbit h 0", "bitcount h", "bitpos h 1", "bitop or a h", "bitfield h",
                           "bitfield h set u8 0 1"}) {
    EXPECT_EQ(Line(line), "(error) WRONGTYPE Operation against a key holding the wrong kind of value") << line;
  }
  for (const char* line : {"setbit a -1 1", "setbit a 4294967296 1", "getbit a 01"}) {
    EXPECT_EQ(Line(line), "(error) ERR bit offset is not an integer or out of range") << line;
  }
  EXPECT_EQ(Line("setbit a 0 2"), "(error) ERR bit is not an integer or out of range");
}

TEST_F(BitCommands, CountAsChangesWhereTheyChangeSomething) {
  const auto counts = [&](int changes) {
    return Line("info persistence").find("rdb_changes_since_last_save:" + std::to_string(changes)) != std::string::npos;
  };
  EXPECT_TRUE(counts(0));
  EXPECT_EQ(Line("setbit a 0 1"), "0");
  EXPECT_EQ(Line("setbit a 0 1"), "1");
  EXPECT_TRUE(counts(1));
  EXPECT_EQ(Line("bitfield a set u1 0 0"), "[1]");
  EXPECT_EQ(Line("bitfield a set u1 0 0"), "[0]");
  EXPECT_TRUE(counts(2));
}

TEST_F(BitCommands, TellWhatHasChanged) {
  Configure("notify-keyspace-events", "K$g");
  Client listener(*this, "listener");
  (void)listener.Line("psubscribe __keyspace*");
  (void)Line("setbit a 0 1");
  EXPECT_EQ(listener.Received(), "[\"pmessage\", \"__keyspace*\", \"__keyspace@0__:a\", \"setbit\"]");
  (void)Line("setbit a 0 1");
  (void)Line("bitfield a set u1 0 1");
  EXPECT_EQ(listener.Received(), "") << "nothing has changed";
  (void)Line("bitop or b none");
  EXPECT_EQ(listener.Received(), "");
  (void)Line("bitop or a none");
  EXPECT_EQ(listener.Received(), "[\"pmessage\", \"__keyspace*\", \"__keyspace@0__:a\", \"del\"]");
}

}  // namespace
}  // namespace amethyst::server
