// Covers: bits
#include "server/types/bits.h"

#include <gtest/gtest.h>

#include <random>

namespace amethyst::server {
namespace {

std::string DrawnBytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  // Long runs of equal bytes, so that whole words are skipped.
  const auto run = static_cast<char>(random() % 2 == 0 ? 0 : 0xff);
  for (char& byte : bytes) byte = random() % 40 == 0 ? static_cast<char>(random()) : run;
  return bytes;
}

TEST(Bits, CountsAndFindsAsOneBitAfterTheOtherDoes) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    const std::string bytes = DrawnBytes(random, 1 + random() % 70);
    uint64_t first = random() % (bytes.size() * kBitsInByte);
    uint64_t last = random() % (bytes.size() * kBitsInByte);
    if (first > last) std::swap(first, last);
    uint64_t count = 0;
    std::optional<uint64_t> found[2];
    for (uint64_t bit = first; bit <= last; ++bit) {
      const bool is_set = BitAt(bytes, bit);
      count += is_set ? 1 : 0;
      if (!found[is_set ? 1 : 0]) found[is_set ? 1 : 0] = bit;
    }
    EXPECT_EQ(CountBits(bytes, {.first = first, .last = last}), count);
    EXPECT_EQ(FindBit(bytes, false, {.first = first, .last = last}), found[0]);
    EXPECT_EQ(FindBit(bytes, true, {.first = first, .last = last}), found[1]);
  }
}

TEST(Bits, CombinesStringsOfDifferentLengths) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 500; ++round) {
    std::string strings[3];
    size_t longest = 0;
    for (std::string& string : strings) {
      string = DrawnBytes(random, random() % 30);
      longest = std::max(longest, string.size());
    }
    const std::string_view sources[] = {strings[0], strings[1], strings[2]};
    const std::string both = CombineBits(BitOperation::kAnd, sources);
    const std::string any = CombineBits(BitOperation::kOr, sources);
    const std::string odd = CombineBits(BitOperation::kXor, sources);
    ASSERT_EQ(both.size(), longest);
    ASSERT_EQ(any.size(), longest);
    ASSERT_EQ(odd.size(), longest);
    for (uint64_t bit = 0; bit < longest * kBitsInByte; ++bit) {
      const bool a = BitAt(strings[0], bit);
      const bool b = BitAt(strings[1], bit);
      const bool c = BitAt(strings[2], bit);
      ASSERT_EQ(BitAt(both, bit), a && b && c);
      ASSERT_EQ(BitAt(any, bit), a || b || c);
      ASSERT_EQ(BitAt(odd, bit), (a != b) != c);
    }
    const std::string inverted = InvertBits(strings[0]);
    for (uint64_t bit = 0; bit < strings[0].size() * kBitsInByte; ++bit) {
      ASSERT_NE(BitAt(inverted, bit), BitAt(strings[0], bit));
    }
  }
}

TEST(Bits, FieldsKeepTheirValuesAndLeaveTheirNeighbours) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 2'000; ++round) {
    const bool is_signed = random() % 2 == 0;
    const FieldType type = {.is_signed = is_signed,
                            .bits = static_cast<unsigned>(1 + random() % (is_signed ? 64 : 63))};
    const uint64_t bit = random() % 70;
    std::string bytes = DrawnBytes(random, 20);
    const std::string before = bytes;
    const Fitted fitted = FitIntoField(type, Overflow::kWrap, static_cast<int64_t>(random()));
    WriteField(&bytes, bit, type, fitted.value);
    ASSERT_EQ(ReadField(bytes, bit, type), fitted.value);
    for (uint64_t other = 0; other < bytes.size() * kBitsInByte; ++other) {
      if (other < bit || other >= bit + type.bits) ASSERT_EQ(BitAt(bytes, other), BitAt(before, other));
    }
  }
}

TEST(Bits, BehindItsEndAStringHasZeros) {
  EXPECT_FALSE(BitAt("\xff", 8));
  EXPECT_EQ(ReadField("\xff", 4, {.bits = 8}), 0xf0);
  EXPECT_EQ(ReadField("\xff", 100, {.is_signed = true, .bits = 64}), 0);
  EXPECT_EQ(ReadField("", 0, {.bits = 63}), 0);
}

TEST(Bits, ReadsTypesOfFields) {
  EXPECT_EQ(ReadFieldType("i64")->bits, 64U);
  EXPECT_TRUE(ReadFieldType("i1")->is_signed);
  EXPECT_EQ(ReadFieldType("u63")->bits, 63U);
  for (const std::string_view wrong : {"", "i", "u64", "i65", "u0", "8", "I8", "u08", "u-1"}) {
    EXPECT_FALSE(ReadFieldType(wrong)) << wrong;
  }
}

TEST(Bits, OverflowsAsTheCallerWants) {
  constexpr FieldType kByte = {.bits = 8};
  constexpr FieldType kSignedByte = {.is_signed = true, .bits = 8};
  constexpr FieldType kSignedWord = {.is_signed = true, .bits = 64};
  EXPECT_EQ(AddInField(kByte, Overflow::kWrap, 250, 10).value, 4);
  EXPECT_EQ(AddInField(kByte, Overflow::kSaturate, 250, 10).value, 255);
  EXPECT_EQ(AddInField(kByte, Overflow::kSaturate, 5, INT64_MIN).value, 0);
  EXPECT_TRUE(AddInField(kByte, Overflow::kFail, 5, -6).has_failed);
  EXPECT_FALSE(AddInField(kByte, Overflow::kFail, 5, -5).has_failed);
  EXPECT_EQ(AddInField(kSignedByte, Overflow::kWrap, 127, 1).value, -128);
  EXPECT_EQ(AddInField(kSignedByte, Overflow::kSaturate, -100, -100).value, -128);
  EXPECT_EQ(AddInField(kSignedWord, Overflow::kWrap, INT64_MAX, 1).value, INT64_MIN);
  EXPECT_EQ(AddInField(kSignedWord, Overflow::kSaturate, INT64_MIN, -1).value, INT64_MIN);
  EXPECT_EQ(FitIntoField(kByte, Overflow::kSaturate, -1).value, 255) << "which is unsigned";
  EXPECT_EQ(FitIntoField(kByte, Overflow::kWrap, 257).value, 1);
  EXPECT_EQ(FitIntoField(kSignedByte, Overflow::kSaturate, -200).value, -128);
  EXPECT_EQ(FitIntoField(kSignedByte, Overflow::kSaturate, INT64_MIN).value, 127) << "as Redis does";
  EXPECT_TRUE(FitIntoField(kSignedByte, Overflow::kFail, 128).has_failed);
  EXPECT_EQ(FitIntoField({.is_signed = true, .bits = 1}, Overflow::kSaturate, 1).value, 0);
}

}  // namespace
}  // namespace amethyst::server
