// Covers: layout
#include "server/keyspace/layout.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace amethyst::server {
namespace {

std::string HexOfLayout(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

TEST(Layout, HashesSlotsAsRedisClusterDoes) {
  EXPECT_EQ(SlotOf("123456789"), 0x31C3);
  EXPECT_EQ(SlotOf(""), 0);
  EXPECT_EQ(SlotOf("foo"), 12182);
  EXPECT_EQ(SlotOf("{user1000}.following"), SlotOf("user1000"));
  EXPECT_EQ(SlotOf("foo{{bar}}zap"), SlotOf("{bar"));
  EXPECT_EQ(SlotOf("foo{bar}{zap}"), SlotOf("bar"));
  EXPECT_NE(SlotOf("foo{}{bar}"), SlotOf("bar")) << "empty braces hash the whole key";
}

TEST(Layout, WritesTheBytesOfEachKey) {
  const std::string place = HexOfLayout(KeysKey(3, "foo")).substr(4, 16);
  EXPECT_EQ(place.substr(0, 4), "2f96");
  EXPECT_EQ(HexOfLayout(KeysKey(3, "foo")), "0003" + place + "666f6f");
  EXPECT_EQ(HexOfLayout(KeysPlace(3, PlaceOf("foo"))), "0003" + place);
  EXPECT_EQ(HexOfLayout(KeysEnd(3)), "0004");
  EXPECT_EQ(HexOfLayout(TtlKey(0x018bcfe56800, KeysKey(3, "foo"))), "018bcfe568000003" + place + "666f6f");
  EXPECT_EQ(HexOfLayout(TtlEnd(0x018bcfe56800)), "018bcfe56801");
  EXPECT_EQ(HexOfLayout(IdPrefix(0x1122)), "0000000000001122");
  EXPECT_EQ(HexOfLayout(MemberKey(1, "foo")), "0000000000000001" + place.substr(4) + "666f6f");
  EXPECT_EQ(HexOfLayout(MemberPlace(1, Hash48("foo"))), "0000000000000001" + place.substr(4));
  EXPECT_EQ(HexOfLayout(PositionKey(1, uint64_t{1} << 63)), "00000000000000018000000000000000");
  EXPECT_EQ(HexOfLayout(ScoreKey(1, 1.0, "m")), "0000000000000001bff00000000000006d");
  EXPECT_EQ(HexOfLayout(ScoreKey(1, -1.0, "m")), "0000000000000001400fffffffffffff6d");
}

TEST(Layout, ReadsWhatItWrites) {
  const std::string key = KeysKey(7, "user");
  EXPECT_EQ(UserKeyOf(key), "user");
  EXPECT_EQ(DatabaseOfKeysKey(key), 7);
  EXPECT_EQ(PlaceOfKeysKey(key), PlaceOf("user"));
  const std::string ttl = TtlKey(123'456, key);
  EXPECT_EQ(ExpiryOfTtlKey(ttl), 123'456U);
  EXPECT_EQ(KeysKeyOfTtlKey(ttl), key);
  EXPECT_EQ(MemberOf(MemberKey(9, "m")), "m");
  EXPECT_EQ(HashOfMemberKey(MemberKey(9, "m")), Hash48("m"));
  EXPECT_EQ(PositionOf(PositionKey(9, 77)), 77U);
  EXPECT_EQ(ScoreOf(ScoreKey(9, -2.5, "m")), -2.5);
  EXPECT_EQ(MemberOfScoreKey(ScoreKey(9, -2.5, "m")), "m");
}

TEST(Layout, WritesRecords) {
  EXPECT_EQ(HexOfLayout(EncodeRecord({.body = "ab"})), "006162");
  EXPECT_EQ(HexOfLayout(EncodeRecord({.type = Type::kHash, .expires_ms = 258, .body = "a"})), "4100000000010261");
  const std::string id = IdPrefix(5) + "\x01";
  const std::string bytes = EncodeRecord({.type = Type::kList, .is_exploded = true, .body = id});
  EXPECT_EQ(HexOfLayout(bytes), "12000000000000000501");
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->is_exploded);
  EXPECT_EQ(record->type, Type::kList);
  EXPECT_EQ(record->expires_ms, kNoExpiry);
  EXPECT_EQ(record->body, id);
}

TEST(Layout, RefusesBytesThatAreNoRecord) {
  EXPECT_FALSE(DecodeRecord(""));
  EXPECT_FALSE(DecodeRecord("\x60"));                        // No such type.
  EXPECT_FALSE(DecodeRecord("\x08"));                        // No such flag.
  EXPECT_FALSE(DecodeRecord(std::string("\x01\0\0", 3)));    // The expiry is cut.
  EXPECT_FALSE(DecodeRecord(std::string("\x12\0\0\0", 4)));  // The id is cut.
  EXPECT_TRUE(DecodeRecord(std::string("\0", 1)));
}

TEST(Layout, OrdersDoublesAsNumbers) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> ascending = {-kInfinity, -1e300, -2,  -1.5, -1,    -5e-324,  0,
                                         5e-324,     1,      1.5, 2,    1e300, kInfinity};
  for (size_t i = 0; i < ascending.size(); ++i) {
    EXPECT_EQ(DoubleOfSortable(SortableDouble(ascending[i])), ascending[i]);
    if (i > 0) EXPECT_LT(SortableDouble(ascending[i - 1]), SortableDouble(ascending[i]));
  }
  EXPECT_EQ(SortableDouble(-0.0), SortableDouble(0.0));
}

TEST(Layout, NamesTypes) {
  EXPECT_EQ(TypeName(Type::kString), "string");
  EXPECT_EQ(TypeName(Type::kSortedSet), "zset");
  EXPECT_EQ(TypeName(Type::kStream), "stream");
}

}  // namespace
}  // namespace amethyst::server
