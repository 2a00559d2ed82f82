#include "compress/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/random.h"

namespace amethyst::compress {
namespace {

// Into `*stored`, which is replaced.
Codec Compress(Codec wanted, std::string_view raw, std::string* stored) {
  base::Buffer to("before");
  const Codec used = AppendCompressed(wanted, raw, &to);
  EXPECT_TRUE(to.starts_with("before"));
  *stored = to.substr(6);
  return used;
}

constexpr Codec kCodecs[] = {Codec::kNone, Codec::kLz4, Codec::kZstd};

// Bytes of which about `repeated_percent` per cent repeat earlier ones.
std::string HalfCompressible(base::Random& random, size_t bytes, uint64_t repeated_percent) {
  std::string text;
  while (text.size() < bytes) {
    if (text.size() >= 16 && random.Below(100) < repeated_percent) {
      text += text.substr(random.Below(text.size() - 15), 16);
    } else {
      for (int i = 0; i < 16; ++i) text.push_back(static_cast<char>(random()));
    }
  }
  text.resize(bytes);
  return text;
}

TEST(Codec, GivesBackWhatItWasGivenAndOnlyCompressesWhatPays) {
  base::Random random(1);
  for (int round = 0; round < 600; ++round) {
    const std::string raw = HalfCompressible(random, random.Below(20000), random.Below(101));
    for (const Codec wanted : kCodecs) {
      std::string stored = "left over from before";
      const Codec used = Compress(wanted, raw, &stored);
      if (used == Codec::kNone) {
        EXPECT_TRUE(stored.empty());
        stored = raw;
      } else {
        EXPECT_EQ(used, wanted);
        EXPECT_LE(stored.size() * 8, raw.size() * 7);
      }
      std::string back(raw.size(), '?');
      ASSERT_TRUE(Decompress(used, stored, back));
      ASSERT_EQ(back, raw);
    }
  }
}

TEST(Codec, CompressesRepetitionAndLeavesNoiseAlone) {
  base::Random random(2);
  const std::string noise = HalfCompressible(random, 4096, 0);
  for (const Codec wanted : {Codec::kLz4, Codec::kZstd}) {
    std::string stored;
    EXPECT_EQ(Compress(wanted, std::string(4096, 'a'), &stored), wanted);
    EXPECT_LT(stored.size(), 64u);
    EXPECT_EQ(Compress(wanted, noise, &stored), Codec::kNone);
    EXPECT_EQ(Compress(wanted, "", &stored), Codec::kNone);
    EXPECT_EQ(Compress(wanted, "x", &stored), Codec::kNone);
  }
}

TEST(Codec, TakesNoMemoryForLargeNoiseAndFindsLargeTextBehindIt) {
  base::Random random(4);
  std::string raw = HalfCompressible(random, size_t{4} << 20, 0);
  for (const Codec wanted : {Codec::kLz4, Codec::kZstd}) {
    base::Buffer to;
    EXPECT_EQ(AppendCompressed(wanted, raw, &to), Codec::kNone);
    EXPECT_LT(to.capacity(), size_t{1} << 20);
    EXPECT_FALSE(MayPay(wanted, raw));
  }
  EXPECT_FALSE(MayPay(Codec::kNone, "aaaaaaaaaaaaaaaa"));
  raw.replace(raw.size() / 2, raw.size() / 2, raw.size() / 2, 'a');
  std::string stored;
  EXPECT_EQ(Compress(Codec::kLz4, raw, &stored), Codec::kLz4);
}

TEST(Codec, RefusesAnotherSizeThanTheOneStored) {
  const std::string raw(1000, 'a');
  for (const Codec wanted : kCodecs) {
    std::string stored;
    const Codec used = Compress(wanted, raw, &stored);
    if (used == Codec::kNone) stored = raw;
    for (const size_t bytes : {size_t{0}, raw.size() - 1, raw.size() + 1}) {
      std::string back(bytes, '?');
      const Status status = Decompress(used, stored, back);
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
    }
  }
}

TEST(Codec, SurvivesHostileBytes) {
  base::Random random(3);
  const std::string raw = HalfCompressible(random, 3000, 70);
  for (const Codec wanted : {Codec::kLz4, Codec::kZstd}) {
    std::string stored;
    ASSERT_EQ(Compress(wanted, raw, &stored), wanted);
    std::string back(raw.size(), '?');
    for (int round = 0; round < 20000; ++round) {
      std::string damaged = stored;
      if (random.OneIn(4)) damaged.resize(random.Below(damaged.size()));
      for (uint64_t flips = random.Below(4); flips > 0 && !damaged.empty(); --flips) {
        damaged[random.Below(damaged.size())] ^= static_cast<char>(1 << random.Below(8));
      }
      const Status status = Decompress(wanted, damaged, back);  // May succeed: blocks carry checksums of their own.
      if (!status) {
        EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
      }
    }
  }
}

TEST(Codec, KnowsItsIdsAndRefusesOthersByNumber) {
  EXPECT_TRUE(IsKnownCodec(0) && IsKnownCodec(1) && IsKnownCodec(2));
  EXPECT_FALSE(IsKnownCodec(3) || IsKnownCodec(255));
  EXPECT_EQ(CodecName(Codec::kNone), "none");
  EXPECT_EQ(CodecName(Codec::kLz4), "lz4");
  EXPECT_EQ(CodecName(Codec::kZstd), "zstd");
  EXPECT_EQ(CodecName(static_cast<Codec>(9)), "unknown");
  const Status status = Decompress(static_cast<Codec>(9), "abc", {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kNotSupported);
  EXPECT_NE(status.error().message().find('9'), std::string::npos);
}

TEST(Codec, WorksFromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([seed] {
      base::Random random(seed);
      for (int round = 0; round < 200; ++round) {
        const std::string raw = HalfCompressible(random, 4096, 80);
        std::string stored;
        std::string back(raw.size(), '?');
        ASSERT_EQ(Compress(Codec::kZstd, raw, &stored), Codec::kZstd);
        ASSERT_TRUE(Decompress(Codec::kZstd, stored, back));
        ASSERT_EQ(back, raw);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace amethyst::compress
