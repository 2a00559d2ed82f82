// Covers: crc64, text_arena, packed_integer, lzf, listpack, ziplist, dump_payload
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/rdb/crc64.h"
#include "server/rdb/dump_payload.h"
#include "server/rdb/listpack.h"
#include "server/rdb/lzf.h"
#include "server/rdb/packed_integer.h"
#include "server/rdb/text_arena.h"
#include "server/rdb/ziplist.h"
#include "server/rdb_fixture.h"

namespace amethyst::server::rdb {
namespace {

using Texts = std::vector<std::string_view>;

TEST(Crc64, IsTheOneOfRedis) {
  EXPECT_EQ(Crc64("123456789"), 0xe9c6d914c4b8d9caU);
  EXPECT_EQ(Crc64("56789", Crc64("1234")), 0xe9c6d914c4b8d9caU);
  EXPECT_EQ(Crc64(""), 0U);
}

TEST(TextArena, KeepsTextsWhereTheyAre) {
  TextArena arena;
  std::vector<std::string_view> digits;
  for (int64_t i = -3000; i < 3000; ++i) digits.push_back(arena.Digits(i));
  EXPECT_EQ(arena.Allocate(100'000).size(), 100'000U);
  const TextArena moved = std::move(arena);
  for (int64_t i = -3000; i < 3000; ++i) EXPECT_EQ(digits[static_cast<size_t>(i + 3000)], std::to_string(i));
}

TEST(PackedInteger, ComesBackFromEachWidth) {
  for (const size_t bytes : {1, 2, 3, 4, 8}) {
    const int bits = 8 * static_cast<int>(bytes);
    const int64_t least = bytes == 8 ? INT64_MIN : -(int64_t{1} << (bits - 1));
    for (const int64_t value : {least, int64_t{-1}, int64_t{0}, -(least + 1)}) {
      std::string packed;
      AppendPackedInteger(&packed, value, bytes);
      EXPECT_EQ(packed.size(), bytes);
      EXPECT_EQ(ReadPackedInteger(packed), value);
      EXPECT_TRUE(FitsInBits(value, bits));
    }
    if (bytes < 8) EXPECT_FALSE(FitsInBits(least - 1, bits));
  }
}

TEST(Lzf, FillsExactlyWhatWasStated) {
  std::string to(64, ' ');
  EXPECT_TRUE(DecompressLzf(FromHex("016161e03300016161"), to));
  EXPECT_EQ(to, std::string(64, 'a'));
  for (const size_t size : {0, 1, 63, 65, 100}) {
    to.assign(size, ' ');
    EXPECT_FALSE(DecompressLzf(FromHex("016161e03300016161"), to)) << size;
  }
  to.assign(64, ' ');
  EXPECT_FALSE(DecompressLzf("", to));
  EXPECT_FALSE(DecompressLzf(FromHex("e0ffff"), to));  // Points before the beginning.
}

// Elements at the edge of each encoding.
std::vector<std::string> EdgeElements() {
  std::vector<std::string> elements = {"", "-0", "007", "text"};
  for (const int64_t number : {int64_t{0},
                               int64_t{12},
                               int64_t{13},
                               int64_t{127},
                               int64_t{128},
                               int64_t{4095},
                               int64_t{4096},
                               int64_t{-1},
                               int64_t{-4096},
                               int64_t{-4097},
                               int64_t{INT16_MAX},
                               int64_t{INT16_MIN},
                               int64_t{INT16_MAX + 1},
                               int64_t{8388607},
                               int64_t{-8388608},
                               int64_t{8388608},
                               int64_t{INT32_MAX},
                               int64_t{INT32_MIN},
                               int64_t{INT32_MAX} + 1,
                               INT64_MAX,
                               INT64_MIN}) {
    elements.push_back(std::to_string(number));
  }
  for (const size_t bytes : {63, 64, 126, 127, 4095, 4096, 16377, 16378, 16379, 70000}) {
    elements.emplace_back(bytes, 'x');
  }
  return elements;
}

TEST(Listpack, GivesBackWhatWasWritten) {
  ListpackWriter writer;
  const std::vector<std::string> elements = EdgeElements();
  for (const std::string& element : elements) writer.Append(element);
  const std::string packed = writer.Encode();
  EXPECT_EQ(packed.size(), writer.bytes());
  TextArena arena;
  Texts read;
  ASSERT_TRUE(ReadListpack(packed, &arena, &read));
  EXPECT_EQ(read, Texts(elements.begin(), elements.end()));
}

TEST(Listpack, HasMoreElementsThanItsHeadCanSay) {
  ListpackWriter writer;
  for (int i = 0; i < 70'000; ++i) writer.AppendInteger(i);
  TextArena arena;
  Texts read;
  ASSERT_TRUE(ReadListpack(writer.Encode(), &arena, &read));
  EXPECT_EQ(read.size(), 70'000U);
  EXPECT_EQ(read.back(), "69999");
}

TEST(Listpack, OfRedisIsRead) {
  TextArena arena;
  Texts read;
  const std::string packed = FromHex("1d00000006008161020101826262038378797a04816302f290eefe04ff");
  ASSERT_TRUE(ReadListpack(packed, &arena, &read));
  EXPECT_EQ(read, (Texts{"a", "1", "bb", "xyz", "c", "-70000"}));
}

// Fills in how many bytes it has and where its last entry begins.
std::string WithZiplistHead(std::string packed, size_t last) {
  for (size_t i = 0; i < 4; ++i) {
    packed[i] = static_cast<char>(packed.size() >> 8 * i);
    packed[4 + i] = static_cast<char>(last >> 8 * i);
  }
  return packed;
}

// Each head of a number.
std::string SomeZiplist() {
  const std::string packed = FromHex(
      "0000000000000000080000016103f102fd02fe8003c0008004f000008005d000000080"
      "06e00000000000000080ff");
  return WithZiplistHead(packed, packed.size() - 11);
}

TEST(Ziplist, OfOldRedisIsRead) {
  TextArena arena;
  Texts read;
  const std::string packed = SomeZiplist();
  ASSERT_TRUE(ReadZiplist(packed, &arena, &read));
  EXPECT_EQ(read, (Texts{"a", "0", "12", "-128", "-32768", "-8388608", "-2147483648", "-9223372036854775808"}));
}

TEST(Ziplist, HasLongStringsWithLongLengths) {
  const std::string middle(300, 'm');
  const std::string large(17'000, 'l');
  std::string packed = FromHex("0000000000000000030000412c") + middle;
  packed += FromHex("fe2f0100008000004268") + large;
  const size_t last = packed.size();
  packed = WithZiplistHead(packed + FromHex("fe724200000178ff"), last);
  TextArena arena;
  Texts read;
  ASSERT_TRUE(ReadZiplist(packed, &arena, &read));
  EXPECT_EQ(read, (Texts{middle, large, "x"}));
}

TEST(Zipmap, OfOldRedisIsRead) {
  Texts read;
  const std::string packed = FromHex("0201610200626303666f6f03026261727878ff");
  ASSERT_TRUE(ReadZipmap(packed, &read));
  EXPECT_EQ(read, (Texts{"a", "bc", "foo", "bar"}));
  EXPECT_FALSE(ReadZipmap(FromHex("03016102006263ff"), &read));  // Three pairs are stated.
}

TEST(Intset, IsReadOnlyInOrder) {
  TextArena arena;
  Texts read;
  ASSERT_TRUE(ReadIntset(FromHex("0200000003000000fbff00000900"), &arena, &read));
  EXPECT_EQ(read, (Texts{"-5", "0", "9"}));
  EXPECT_FALSE(ReadIntset(FromHex("02000000030000000000fbff0900"), &arena, &read));
  EXPECT_FALSE(ReadIntset(FromHex("0200000002000000fbfffbff"), &arena, &read));
  EXPECT_FALSE(ReadIntset(FromHex("0300000001000000fbff00"), &arena, &read));
  EXPECT_FALSE(ReadIntset(FromHex("08000000ffffffff"), &arena, &read));
}

bool ReadsAsAnything(std::string_view bytes) {
  TextArena arena;
  Texts read;
  const bool is_listpack = ReadListpack(bytes, &arena, &read);
  const bool is_ziplist = ReadZiplist(bytes, &arena, &read);
  const bool is_zipmap = ReadZipmap(bytes, &read);
  return is_listpack || is_ziplist || is_zipmap || ReadIntset(bytes, &arena, &read);
}

TEST(PackedLists, AreRefusedWhenCut) {
  ListpackWriter writer;
  for (const std::string_view element : {"a", "300", "-5", "hello world"}) writer.Append(element);
  for (const std::string& whole : {writer.Encode(), SomeZiplist(), FromHex("0200000003000000fbff00000900")}) {
    for (size_t length = 0; length < whole.size(); ++length) {
      // A copy of its own, so that a sanitizer sees each byte behind it.
      const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(ReadsAsAnything({cut.data(), cut.size()})) << length;
    }
    for (size_t i = 0; i < whole.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = whole;
        flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
        (void)ReadsAsAnything(flipped);  // No crash; many are as good as before.
      }
    }
  }
}

TEST(DumpPayload, IsOpenedWhenItsFooterFits) {
  std::string payload = "object";
  SealPayload(&payload);
  EXPECT_EQ(OpenPayload(payload), "object");
  std::string empty;
  SealPayload(&empty);
  EXPECT_EQ(OpenPayload(empty), "");
  EXPECT_EQ(OpenPayload(""), std::nullopt);
  for (size_t i = 0; i < payload.size(); ++i) {
    std::string flipped = payload;
    flipped[i] ^= 1;
    EXPECT_EQ(OpenPayload(flipped), std::nullopt) << i;
    EXPECT_EQ(OpenPayload(std::string_view(payload).substr(0, i)), std::nullopt) << i;
  }
}

TEST(DumpPayload, OfANewerVersionOrWithoutAChecksumIsRefused) {
  const auto sealed = [](std::string_view version) {
    std::string payload = "object" + FromHex(version);
    const uint64_t crc = Crc64(payload);
    for (int i = 0; i < 8; ++i) payload.push_back(static_cast<char>(crc >> 8 * i));
    return payload;
  };
  EXPECT_EQ(OpenPayload(sealed("0900")), "object");
  EXPECT_EQ(OpenPayload(sealed("0a00")), "object");
  EXPECT_EQ(OpenPayload(sealed("0b00")), std::nullopt);
  EXPECT_EQ(OpenPayload(sealed("0001")), std::nullopt);
  EXPECT_EQ(OpenPayload("object" + FromHex("0a00") + std::string(8, '\0')), std::nullopt);
}

}  // namespace
}  // namespace amethyst::server::rdb
