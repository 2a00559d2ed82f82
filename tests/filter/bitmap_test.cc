#include "filter/bitmap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/random.h"
#include "support/format_document.h"

namespace amethyst::filter {
namespace {

using Oracle = std::vector<bool>;

Bitmap Make(const Oracle& oracle) {
  Bitmap bitmap(oracle.size());
  for (size_t bit = 0; bit < oracle.size(); ++bit) {
    if (oracle[bit]) bitmap.Set(bit);
  }
  return bitmap;
}

// Bits in runs of random lengths: from sparse over noisy to almost full.
Oracle RandomBits(base::Random& random, size_t bit_count) {
  Oracle oracle(bit_count);
  const uint64_t clear_max = 1 + random.Below(300);
  const uint64_t set_max = 1 + random.Below(random.OneIn(2) ? 3 : 300);
  for (size_t bit = random.Below(clear_max); bit < bit_count; bit += 1 + random.Below(clear_max)) {
    for (uint64_t run = 1 + random.Below(set_max); run > 0 && bit < bit_count; --run) oracle[bit++] = true;
  }
  return oracle;
}

std::string Encode(const Bitmap& bitmap) {
  std::string bytes;
  bitmap.AppendTo(&bytes);
  return bytes;
}

void ExpectEqual(const Bitmap& bitmap, const Oracle& oracle) {
  ASSERT_EQ(bitmap.bit_count(), oracle.size());
  for (size_t bit = 0; bit < oracle.size(); ++bit) ASSERT_EQ(bitmap.NextSet(bit) == bit, oracle[bit]) << bit;
  ASSERT_EQ(bitmap.PopCount(), static_cast<size_t>(std::ranges::count(oracle, true)));
}

TEST(Bitmap, AgreesWithAVectorOfBits) {
  base::Random random(1);
  for (int round = 0; round < 300; ++round) {
    const size_t bit_count = random.Below(1500);
    const Oracle a = RandomBits(random, bit_count);
    const Oracle b = RandomBits(random, bit_count);
    const Bitmap bitmap_a = Make(a);
    const Bitmap bitmap_b = Make(b);
    ExpectEqual(bitmap_a, a);
    Oracle both(bit_count);
    Oracle either(bit_count);
    for (size_t bit = 0; bit < bit_count; ++bit) {
      both[bit] = a[bit] && b[bit];
      either[bit] = a[bit] || b[bit];
    }
    ExpectEqual(Bitmap(bitmap_a) &= bitmap_b, both);
    ExpectEqual(Bitmap(bitmap_a) |= bitmap_b, either);
    EXPECT_EQ(Bitmap::AndPopCount(bitmap_a, bitmap_b), static_cast<size_t>(std::ranges::count(both, true)));
    for (size_t from = 0; from <= bit_count + 1; ++from) {
      const auto begin = a.begin() + static_cast<ptrdiff_t>(std::min(from, bit_count));
      ASSERT_EQ(bitmap_a.NextSet(from), static_cast<size_t>(std::find(begin, a.end(), true) - a.begin()));
      ASSERT_EQ(bitmap_a.NextClear(from), static_cast<size_t>(std::find(begin, a.end(), false) - a.begin()));
    }
  }
}

TEST(Bitmap, ComesBackFromItsBytesAndLeavesWhatFollows) {
  base::Random random(2);
  size_t forms[3] = {};
  for (int round = 0; round < 3000; ++round) {
    const Oracle oracle = RandomBits(random, random.Below(3000));
    const std::string bytes = Encode(Make(oracle));
    ++forms[static_cast<size_t>(bytes[0])];
    const std::string followed = bytes + "rest";
    std::string_view from = followed;
    const Result<Bitmap> back = Bitmap::ReadFrom(&from, oracle.size());
    ASSERT_TRUE(back);
    EXPECT_EQ(from, "rest");
    ASSERT_EQ(*back, Make(oracle));
    // Words are always open to it, so that bounds the size.
    ASSERT_LE(bytes.size(), 3 + (oracle.size() + 63) / 64 * 8);
  }
  for (const size_t count : forms) EXPECT_GT(count, 50u);
}

TEST(Bitmap, ChoosesTheSmallestForm) {
  Bitmap sparse(100000);
  for (size_t bit = 0; bit < 100000; bit += 1000) sparse.Set(bit);
  EXPECT_EQ(Encode(sparse)[0], 0);
  EXPECT_LT(Encode(sparse).size(), 210u);

  Bitmap runs(100000);
  for (size_t bit = 20000; bit < 90000; ++bit) runs.Set(bit);
  EXPECT_EQ(Encode(runs)[0], 1);
  EXPECT_LT(Encode(runs).size(), 12u);

  base::Random random(3);
  Bitmap noise(64000);
  for (uint64_t& word : noise.mutable_words()) word = random();
  EXPECT_EQ(Encode(noise)[0], 2);
  EXPECT_EQ(Encode(noise).size(), 1 + 3 + 8000u);
}

TEST(Bitmap, WritesTheBytesThatTheFormatDocumentShows) {
  const auto dumps = test::DumpsOf("bitmap.md");
  Bitmap array(300);
  for (const size_t bit : {3, 4, 250}) array.Set(bit);
  Bitmap runs(300);
  for (size_t bit = 10; bit < 200; ++bit) runs.Set(bit);
  for (size_t bit = 290; bit < 300; ++bit) runs.Set(bit);
  Bitmap words(70);
  for (size_t bit = 0; bit < 70; bit += 2) words.Set(bit);
  EXPECT_EQ(dumps.at("array"), Encode(array));
  EXPECT_EQ(dumps.at("runs"), Encode(runs));
  EXPECT_EQ(dumps.at("words"), Encode(words));
}

TEST(Bitmap, RefusesEveryTruncation) {
  base::Random random(4);
  for (int round = 0; round < 100; ++round) {
    const std::string bytes = Encode(Make(RandomBits(random, 1 + random.Below(700))));
    for (size_t length = 0; length < bytes.size(); ++length) {
      std::string_view from(bytes.data(), length);
      const Result<Bitmap> back = Bitmap::ReadFrom(&from, 700);
      ASSERT_FALSE(back);
      EXPECT_EQ(back.error().code(), ErrorCode::kCorruption);
      EXPECT_EQ(from.size(), length);
    }
  }
}

TEST(Bitmap, RefusesMoreBitsThanAllowedWithoutTakingMemory) {
  for (const uint64_t bits : {uint64_t{101}, uint64_t{1} << 40, std::numeric_limits<uint64_t>::max()}) {
    for (char form = 0; form < 3; ++form) {
      std::string bytes(1, form);
      base::AppendVarint(&bytes, bits);
      bytes += std::string(100, '\0');
      std::string_view from = bytes;
      EXPECT_FALSE(Bitmap::ReadFrom(&from, 100));
    }
  }
}

TEST(Bitmap, RefusesPositionsPastItsEndUnknownFormsAndStrayBits) {
  const auto refused = [](std::string bytes) {
    std::string_view from = bytes;
    const Result<Bitmap> back = Bitmap::ReadFrom(&from, 1000);
    return !back && back.error().code() == ErrorCode::kCorruption;
  };
  using namespace std::string_literals;
  EXPECT_FALSE(refused("\x00\x0a\x01\x09"s));             // Array of 10 bits, one at 9:
  EXPECT_TRUE(refused("\x00\x0a\x01\x0a"s));              // at 10;
  EXPECT_TRUE(refused("\x00\x0a\x02\x09\x00"s));          // another behind the last;
  EXPECT_FALSE(refused("\x01\x0a\x01\x08\x01"s));         // Run of 2 from 8:
  EXPECT_TRUE(refused("\x01\x0a\x01\x08\x02"s));          // of 3;
  EXPECT_TRUE(refused("\x01\x0a\x02\x00\x00\x00\x00"s));  // two runs without a gap;
  EXPECT_FALSE(refused("\x02\x0a\xff\x03\x00\x00\x00\x00\x00\x00"s));
  EXPECT_TRUE(refused("\x02\x0a\xff\x07\x00\x00\x00\x00\x00\x00"s));  // Bit 10 of 10.
  EXPECT_TRUE(refused("\x03\x0a\x00\x00"s));
  EXPECT_TRUE(refused(""s));
}

TEST(Bitmap, SurvivesRandomBytes) {
  base::Random random(5);
  size_t accepted = 0;
  for (int round = 0; round < 100000; ++round) {
    std::string bytes(random.Below(40), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(random.Below(3));
    std::string_view from = bytes;
    const Result<Bitmap> back = Bitmap::ReadFrom(&from, 256);
    if (!back) continue;
    ++accepted;
    const std::string encoded = Encode(*back);
    std::string_view again = encoded;
    ASSERT_EQ(*Bitmap::ReadFrom(&again, 256), *back);
  }
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace amethyst::filter
