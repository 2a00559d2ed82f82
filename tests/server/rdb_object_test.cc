// Covers: rdb_format, rdb_value, rdb_input, rdb_object_reader, rdb_stream_reader, rdb_object_writer, rdb_fixture
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "server/rdb/dump_payload.h"
#include "server/rdb/rdb_input.h"
#include "server/rdb/rdb_object_reader.h"
#include "server/rdb/rdb_object_writer.h"
#include "server/rdb_fixture.h"

namespace amethyst::server::rdb {
namespace {

using Strings = std::vector<std::string_view>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A string that says its length.
std::string Packed(std::string_view bytes) {
  std::string packed;
  AppendLength(&packed, bytes.size());
  packed += bytes;
  return packed;
}

TEST(RdbInput, TakesEachFormOfALength) {
  for (const uint64_t length : {uint64_t{0}, uint64_t{63}, uint64_t{64}, uint64_t{16383}, uint64_t{16384},
                                uint64_t{UINT32_MAX}, uint64_t{UINT32_MAX} + 1, uint64_t{UINT64_MAX}}) {
    std::string bytes;
    AppendLength(&bytes, length);
    TextArena arena;
    Input input(bytes, &arena);
    uint64_t read = 0;
    ASSERT_TRUE(input.TakeLength(&read));
    EXPECT_EQ(read, length);
    EXPECT_TRUE(input.empty());
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      Input less(std::string_view(bytes).substr(0, cut), &arena);
      EXPECT_FALSE(less.TakeLength(&read));
    }
  }
}

TEST(RdbInput, TakesStringsAsTheyWereWritten) {
  for (const std::string& text :
       {std::string(), std::string("text"), std::string("-128"), std::string("128"), std::string("-32769"),
        std::string("2147483647"), std::string("2147483648"), std::string("007"), std::string(70'000, 'x')}) {
    std::string bytes;
    AppendString(&bytes, text);
    TextArena arena;
    Input input(bytes, &arena);
    std::string_view read;
    ASSERT_TRUE(input.TakeString(&read));
    EXPECT_EQ(read, text);
    EXPECT_TRUE(input.empty());
  }
}

TEST(RdbInput, ReservesNothingForWhatIsOnlyAnnounced) {
  for (const std::string_view hex :
       {"81ffffffffffffffff61", "80ffffffff61", "3f61", "c381ffffffffffffffff01610a", "c3028100000001000000000161",
        "c30240010161", "c4", "82", "c0", "c101", "c2010203"}) {
    const std::string bytes = FromHex(hex);
    TextArena arena;
    Input input(bytes, &arena);
    std::string_view read;
    EXPECT_FALSE(input.TakeString(&read)) << hex;
  }
}

TEST(RdbInput, BoundsWhatCompressedStringsBecome) {
  const std::string one = FromHex("c3094040016161e03300016161");  // 64 letters.
  TextArena arena;
  const std::string bytes = one + one + one;
  Input input(bytes, &arena, 130);
  std::string_view read;
  ASSERT_TRUE(input.TakeString(&read));
  ASSERT_TRUE(input.TakeString(&read));
  EXPECT_EQ(read, std::string(64, 'a'));
  EXPECT_FALSE(input.TakeString(&read));
  // No three bytes become more than 264.
  const std::string too_many = FromHex("c30341090061e0ff00");
  Input other(too_many, &arena);
  EXPECT_FALSE(other.TakeString(&read));
}

TEST(RdbObject, OfRedisIsReadAndEveryCutOfItIsRefused) {
  for (const GoldenDump& golden : GoldenDumps()) {
    const std::string payload = FromHex(golden.hex);
    const auto object = OpenPayload(payload);
    ASSERT_TRUE(object) << golden.name;
    EXPECT_TRUE(ReadObject(*object)) << golden.name;
    for (size_t length = 0; length < object->size(); ++length) {
      const std::vector<char> cut(object->begin(), object->begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(ReadObject({cut.data(), cut.size()})) << golden.name << " " << length;
    }
    EXPECT_FALSE(ReadObject(std::string(*object) + '\0')) << golden.name;
  }
}

TEST(RdbObject, WithAFlippedBitIsHarmless) {
  for (const GoldenDump& golden : GoldenDumps()) {
    const std::string payload = FromHex(golden.hex);
    const std::string object(OpenPayload(payload).value_or(""));
    for (size_t bit = 0; bit < 8 * object.size(); ++bit) {
      std::string flipped = object;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      const auto value = ReadObject(flipped);
      if (!value) continue;
      size_t bytes = 0;
      for (const std::string_view string : value->strings) bytes += std::string(string).size();
      EXPECT_LE(bytes, 4096U);
    }
  }
}

TEST(RdbObject, OfPlainOldEncodingsIsRead) {
  const std::string list = FromHex("01030161c005022d30");
  EXPECT_EQ(ReadObject(list)->strings, (Strings{"a", "5", "-0"}));
  const std::string set = FromHex("02020161c10510");
  EXPECT_EQ(ReadObject(set)->strings, (Strings{"a", "4101"}));
  const std::string hash = FromHex("0401016102626263");
  EXPECT_FALSE(ReadObject(hash));  // A byte too many.
  const auto sorted_set = ReadObject(FromHex("03040161ff0162fe0163") +
                                     "\x03"
                                     "1.5" +
                                     FromHex("0164") +
                                     "\x04"
                                     "1e10");
  ASSERT_TRUE(sorted_set);
  EXPECT_EQ(sorted_set->scores, (std::vector<double>{-kInfinity, kInfinity, 1.5, 1e10}));
  EXPECT_FALSE(ReadObject(FromHex("03010161fd")));                // No number.
  EXPECT_FALSE(ReadObject(FromHex("05010161000000000000f87f")));  // The same.
}

TEST(RdbObject, OfPackedOldEncodingsIsRead) {
  const std::string ziplist = FromHex("100000000d000000020000016103f3ff");
  const std::string hash = "\x0d" + Packed(ziplist);
  EXPECT_EQ(ReadObject(hash)->strings, (Strings{"a", "2"}));
  const std::string list = "\x0a" + Packed(ziplist);
  EXPECT_EQ(ReadObject(list)->type, Type::kList);
  const std::string sorted_set = "\x0c" + Packed(ziplist);
  EXPECT_EQ(ReadObject(sorted_set)->scores, std::vector<double>{2});
  const std::string nodes = "\x0e\x02" + Packed(ziplist) + Packed(ziplist);
  EXPECT_EQ(ReadObject(nodes)->strings, (Strings{"a", "2", "a", "2"}));
  const std::string zipmap = "\x09" + Packed(FromHex("010161010062ff"));
  EXPECT_EQ(ReadObject(zipmap)->strings, (Strings{"a", "b"}));
  const std::string intset = "\x0b" + Packed(FromHex("0200000002000000fbff0900"));
  EXPECT_EQ(ReadObject(intset)->strings, (Strings{"-5", "9"}));
  const std::string plain = FromHex("12020105") + "plain" + FromHex("0101") + "x";
  EXPECT_EQ(ReadObject(plain)->strings, (Strings{"plain", "x"}));
}

TEST(RdbObject, ThatBreaksARuleOfItsTypeIsRefused) {
  const std::string empty_ziplist = Packed(FromHex("0b0000000a0000000000ff"));
  const std::vector<std::string> broken = {
      FromHex("0100"),  // No element.
      FromHex("0200"),
      FromHex("0400"),
      FromHex("0500"),
      FromHex("1200"),
      FromHex("020201610161"),          // A member twice.
      FromHex("04020161016201610163"),  // A field twice.
      FromHex("120103") + "\x01x",      // A node of no kind.
      "\x0d" + empty_ziplist,
      std::string("\x0e\x01") + empty_ziplist,
      "\x0d" + Packed(FromHex("0e0000000a0000000100000161ff")),  // A field without a value.
      FromHex("0700"),
      FromHex("0600"),
      FromHex("14"),
      FromHex("ff"),
      "",
  };
  for (const std::string& object : broken) EXPECT_FALSE(ReadObject(object)) << ToHex(object);
}

// A stream's object with what stands between its nodes and its groups, and behind.
std::string StreamObject(std::string_view listpack, std::string_view rest_hex, char type = 15) {
  return type + std::string("\x01\x10") + FromHex("00000000000000050000000000000000") + Packed(listpack) +
         FromHex(rest_hex);
}

std::string StreamListpack(const std::vector<std::string>& elements) {
  ListpackWriter writer;
  for (const std::string& element : elements) writer.Append(element);
  return writer.Encode();
}

TEST(RdbStream, OfOldRedisIsRead) {
  const std::string listpack = StreamListpack({"2", "1", "1",  "f",    "0",  //
                                               "2", "0", "1",  "v",    "4",  //
                                               "3", "1", "0",  "gone", "4",  //
                                               "0", "2", "-0", "1",    "g", "w", "6"});
  EXPECT_FALSE(ReadObject(StreamObject(listpack, "0207000000")));        // "-0" is no number.
  const std::string whole = StreamListpack({"2", "1", "1", "f",    "0",  //
                                            "2", "0", "1", "v",    "4",  //
                                            "3", "1", "0", "gone", "4",  //
                                            "0", "2", "0", "1",    "g", "w", "6"});
  const std::string object = StreamObject(whole, "02070000");
  const auto value = ReadObject(object);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->strings, (Strings{"f", "v", "g", "w"}));
  ASSERT_EQ(value->stream.entries.size(), 2U);
  EXPECT_EQ(value->stream.entries[1].id, (StreamId{.ms = 7, .seq = 0}));
  EXPECT_EQ(value->stream.entries_added, std::nullopt);
  EXPECT_FALSE(ReadObject(StreamObject(whole, "03070000")));  // There are two entries.
  EXPECT_FALSE(ReadObject(StreamObject(whole, "02060000")));  // The last id is less than an entry's.
}

TEST(RdbStream, EntriesMustGrowAndCountThemselves) {
  const std::vector<std::vector<std::string>> broken = {
      {"2", "0", "1", "f", "0", "2", "0", "1", "v", "4", "2", "0", "1", "v", "4"},  // The same id.
      {"1", "0", "1", "f", "0", "2", "0", "1", "v", "5"},                           // It has four elements.
      {"1", "0", "1", "f", "1", "2", "0", "1", "v", "4"},                           // The fields do not end.
      {"1", "0", "9", "f", "0", "2", "0", "1", "v", "4"},
      {"1", "0", "-1", "f", "0", "2", "0", "1", "v", "4"},
      {"1", "0", "1", "f", "0", "4", "0", "1", "v", "4"},  // Unknown flags.
      {"1", "0", "1", "f", "0", "3", "0", "1", "v", "4"},  // None is stated as deleted.
      {"9223372036854775807", "0", "1", "f", "0", "2", "0", "1", "v", "4"},
      {"1", "0", "1", "f", "0", "0", "0", "1", "9223372036854775807", "v", "w", "6"},
      {"1", "0"},
  };
  for (const auto& elements : broken) {
    EXPECT_FALSE(ReadObject(StreamObject(StreamListpack(elements), "01070000"))) << testing::PrintToString(elements);
  }
}

TEST(RdbStream, PendingEntriesBelongToOneConsumer) {
  const std::string entry = StreamListpack({"1", "0", "1", "f", "0", "2", "0", "1", "v", "4"});
  const std::string head =
      "010700"
      "01"
      "0167"
      "0501";  // One group.
  const std::string id = "00000000000000050000000000000001";
  const std::string pending = "01" + id +
                              "0100000000000000"
                              "03";  // Delivered three times.
  const std::string consumer =
      "0163"
      "0200000000000000"
      "01" +
      id;
  const std::string object = StreamObject(entry, head + pending + "01" + consumer);
  const auto value = ReadObject(object);
  ASSERT_TRUE(value);
  const StreamGroupValue& group = value->stream.groups.at(0);
  EXPECT_EQ(group.consumers.at(0).seen_ms, 2U);
  EXPECT_EQ(group.pending.at(0).deliveries, 3U);
  EXPECT_EQ(group.pending.at(0).consumer, 0U);
  EXPECT_FALSE(ReadObject(StreamObject(entry, head + pending + "00")));  // Of nobody.
  EXPECT_FALSE(ReadObject(StreamObject(entry, head +
                                                  "00"
                                                  "01" +
                                                  consumer)));  // Not of the group.
  EXPECT_FALSE(ReadObject(StreamObject(entry, head + pending + "02" + consumer +
                                                  "0164"
                                                  "0200000000000000"
                                                  "01" +
                                                  id)));
  EXPECT_FALSE(ReadObject(StreamObject(entry, head + pending + "02" + consumer +
                                                  "0163"
                                                  "0200000000000000"
                                                  "00")));
}

TEST(RdbStream, FieldNamesThatStandOnceMayNotFillTheMemory) {
  std::vector<std::string> elements = {"10000", "0", "1", std::string(60'000, 'f'), "0"};
  for (int i = 1; i <= 10'000; ++i) {
    for (const std::string& element :
         {std::string("2"), std::string("0"), std::to_string(i), std::string("v"), std::string("4")}) {
      elements.push_back(element);
    }
  }
  EXPECT_FALSE(ReadObject(StreamObject(StreamListpack(elements),
                                       "6710"
                                       "07"
                                       "00"
                                       "00")));
}

}  // namespace
}  // namespace amethyst::server::rdb
