#include "base/coding.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/random.h"

namespace amethyst::base {
namespace {

// Values of every magnitude, so that each length of a varint occurs.
uint64_t AnyValue(Random& random) { return random() >> random.Below(64); }

TEST(Coding, FixedIntegersAreLittleEndian) {
  std::string bytes;
  AppendFixed<uint32_t>(&bytes, 0x01020304);
  EXPECT_EQ(bytes, std::string("\x04\x03\x02\x01"));
  char at[8];
  StoreFixed<uint64_t>(at, 0x0102030405060708);
  EXPECT_EQ(std::string_view(at, 8), "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(LoadFixed<uint64_t>(at), 0x0102030405060708u);
}

TEST(Coding, ReadFixedConsumesWhatItReadsAndRefusesTooFewBytes) {
  std::string bytes;
  AppendFixed<uint16_t>(&bytes, 513);
  AppendFixed<int32_t>(&bytes, -2);
  std::string_view rest = bytes;
  uint16_t first = 0;
  int32_t second = 0;
  ASSERT_TRUE(ReadFixed(&rest, &first));
  EXPECT_EQ(first, 513);
  std::string_view cut = rest.substr(0, 3);
  EXPECT_FALSE(ReadFixed(&cut, &second));
  EXPECT_EQ(cut.size(), 3u);
  ASSERT_TRUE(ReadFixed(&rest, &second));
  EXPECT_EQ(second, -2);
  EXPECT_TRUE(rest.empty());
}

TEST(Coding, VarintsComeBackAsTheyWere) {
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = AnyValue(random);
    std::string bytes;
    AppendVarint(&bytes, value);
    const size_t length = bytes.size();
    EXPECT_LE(length, kVarint64BytesMax);
    bytes += "rest";
    std::string_view rest = bytes;
    uint64_t read = 0;
    ASSERT_TRUE(ReadVarint64(&rest, &read));
    EXPECT_EQ(read, value);
    EXPECT_EQ(rest, "rest");
    for (size_t cut = 0; cut < length; ++cut) {
      std::string_view torn = std::string_view(bytes).substr(0, cut);
      EXPECT_FALSE(ReadVarint64(&torn, &read));
      EXPECT_EQ(torn.size(), cut) << "a failed read consumes nothing";
    }
  }
}

TEST(Coding, VarintLengthsAreSevenBitsAByte) {
  for (size_t bits = 0; bits < 64; ++bits) {
    std::string bytes;
    AppendVarint(&bytes, uint64_t{1} << bits);
    EXPECT_EQ(bytes.size(), bits / 7 + 1);
  }
}

TEST(Coding, VarintsPast64BitsAreRefused) {
  uint64_t value = 0;
  std::string_view most("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
  ASSERT_TRUE(ReadVarint64(&most, &value));
  EXPECT_EQ(value, std::numeric_limits<uint64_t>::max());
  std::string_view past("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
  EXPECT_FALSE(ReadVarint64(&past, &value));
  std::string_view endless("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
  EXPECT_FALSE(ReadVarint64(&endless, &value));
}

TEST(Coding, Varint32RefusesWhatDoesNotFit) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{300}, uint64_t{0xffffffff}, uint64_t{0x100000000}}) {
    std::string bytes;
    AppendVarint(&bytes, value);
    std::string_view rest = bytes;
    uint32_t read = 7;
    EXPECT_EQ(ReadVarint32(&rest, &read), value <= 0xffffffff);
    if (value <= 0xffffffff) {
      EXPECT_EQ(read, value);
      EXPECT_TRUE(rest.empty());
    } else {
      EXPECT_EQ(read, 7u);
      EXPECT_EQ(rest.size(), bytes.size());
    }
  }
}

TEST(Coding, LengthPrefixedBytesComeBackAsTheyWere) {
  Random random(2);
  std::vector<std::string> strings;
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    strings.emplace_back(random.Below(400), static_cast<char>(i));
    AppendLengthPrefixed(&bytes, strings.back());
  }
  std::string_view rest = bytes;
  for (const std::string& expected : strings) {
    std::string_view read;
    ASSERT_TRUE(ReadLengthPrefixed(&rest, &read));
    EXPECT_EQ(read, expected);
  }
  EXPECT_TRUE(rest.empty());
}

TEST(Coding, ALengthBeyondTheBytesIsRefused) {
  std::string_view read = "untouched";
  for (const uint64_t length : {uint64_t{6}, uint64_t{1} << 31, std::numeric_limits<uint64_t>::max()}) {
    std::string bytes;
    AppendVarint(&bytes, length);
    bytes += "12345";
    std::string_view rest = bytes;
    EXPECT_FALSE(ReadLengthPrefixed(&rest, &read));
    EXPECT_EQ(rest, bytes);
    EXPECT_EQ(read, "untouched");
  }
}

}  // namespace
}  // namespace amethyst::base
