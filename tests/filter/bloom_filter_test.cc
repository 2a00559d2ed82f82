#include "filter/bloom_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/coding.h"
#include "base/hash.h"
#include "base/random.h"
#include "support/format_document.h"

namespace amethyst::filter {
namespace {

std::string Build(double rate, const std::vector<uint64_t>& hashes) {
  BloomFilterBuilder builder(rate);
  for (const uint64_t hash : hashes) builder.Add(hash);
  return builder.Finish();
}

std::vector<uint64_t> HashesOfNumbers(uint64_t begin, uint64_t end) {
  std::vector<uint64_t> hashes;
  for (uint64_t i = begin; i < end; ++i) hashes.push_back(base::Hash64("user" + std::to_string(i)));
  return hashes;
}

TEST(BloomFilter, NeverDeniesAKeyThatItHolds) {
  for (const double rate : {0.5, 0.1, 0.01, 0.001, 1e-6}) {
    for (const uint64_t count : {1u, 2u, 50u, 1000u, 50000u}) {
      const std::vector<uint64_t> hashes = HashesOfNumbers(0, count);
      const std::string bytes = Build(rate, hashes);
      const Result<BloomFilterView> view = BloomFilterView::FromBytes(bytes);
      ASSERT_TRUE(view);
      for (const uint64_t hash : hashes) ASSERT_TRUE(view->MayContain(hash));
    }
  }
}

TEST(BloomFilter, MeetsTheRateThatWasAskedFor) {
  struct Case {
    double rate;
    double bits_per_key_max;
  };
  constexpr uint64_t kKeys = 200000;
  constexpr uint64_t kProbes = 1000000;
  const std::vector<uint64_t> hashes = HashesOfNumbers(0, kKeys);
  for (const Case& c : {Case{0.1, 4.9}, Case{0.01, 10.0}, Case{0.001, 15.7}}) {
    const std::string bytes = Build(c.rate, hashes);
    EXPECT_LE(static_cast<double>(bytes.size()) * 8, c.bits_per_key_max * kKeys);
    const BloomFilterView view = *BloomFilterView::FromBytes(bytes);
    uint64_t passed = 0;
    for (const uint64_t hash : HashesOfNumbers(kKeys, kKeys + kProbes)) passed += view.MayContain(hash) ? 1 : 0;
    const double measured = static_cast<double>(passed) / kProbes;
    EXPECT_LE(measured, c.rate * 1.2);
    EXPECT_GE(measured, c.rate * 0.8);
    RecordProperty("measured_at_" + std::to_string(c.rate), std::to_string(measured));
  }
}

TEST(BloomFilter, IsTheSameFromUnalignedBytes) {
  const std::vector<uint64_t> hashes = HashesOfNumbers(0, 1000);
  const std::string bytes = Build(0.01, hashes);
  const std::string shifted = "x" + bytes;
  const BloomFilterView view = *BloomFilterView::FromBytes(bytes);
  const BloomFilterView unaligned = *BloomFilterView::FromBytes(std::string_view(shifted).substr(1));
  for (const uint64_t hash : HashesOfNumbers(0, 20000)) {
    unaligned.Prefetch(hash);
    ASSERT_EQ(view.MayContain(hash), unaligned.MayContain(hash));
  }
}

TEST(BloomFilter, AnswersMaybeWithoutAFilterAndNoWithoutKeys) {
  const std::string none = Build(1, HashesOfNumbers(0, 100));
  EXPECT_EQ(none.size(), kBloomHeaderBytes);
  const BloomFilterView turned_off = *BloomFilterView::FromBytes(none);
  const std::string empty = Build(0.01, {});
  const BloomFilterView of_nothing = *BloomFilterView::FromBytes(empty);
  for (const uint64_t hash : HashesOfNumbers(0, 100)) {
    EXPECT_TRUE(turned_off.MayContain(hash));
    EXPECT_TRUE(BloomFilterView().MayContain(hash));
    EXPECT_FALSE(of_nothing.MayContain(hash));
  }
}

TEST(BloomFilter, TellsItsSizeBeforehandAndSkipsRepeatedKeys) {
  for (const double rate : {1.0, 0.1, 0.001}) {
    BloomFilterBuilder builder(rate);
    for (const uint64_t hash : HashesOfNumbers(0, 777)) {
      builder.Add(hash);
      builder.Add(hash);
    }
    EXPECT_EQ(builder.key_count(), 777u);
    const size_t expected = builder.FinishedBytes();
    EXPECT_EQ(builder.Finish().size(), expected);
  }
}

TEST(BloomFilter, WritesTheBytesThatTheFormatDocumentShows) {
  const auto dumps = test::DumpsOf("filter.md");
  const std::vector<uint64_t> hashes = {base::Hash64("apple"), base::Hash64("banana"), base::Hash64("cherry")};
  EXPECT_EQ(dumps.at("filter"), Build(0.01, hashes));
  EXPECT_EQ(dumps.at("none"), Build(1, hashes));
}

TEST(BloomFilter, TakesAnUnknownKindVersionOrHashForMaybe) {
  const std::string bytes = Build(0.01, HashesOfNumbers(0, 100));
  for (const size_t field : {0, 1, 2}) {
    std::string changed = bytes;
    changed[field] = 77;
    const Result<BloomFilterView> view = BloomFilterView::FromBytes(changed);
    ASSERT_TRUE(view);
    for (const uint64_t hash : HashesOfNumbers(100, 1000)) EXPECT_TRUE(view->MayContain(hash));
  }
}

TEST(BloomFilter, RefusesNumbersThatDoNotFitItsLength) {
  const std::string bytes = Build(0.01, HashesOfNumbers(0, 1000));
  const auto refused = [](std::string_view damaged) {
    const Result<BloomFilterView> view = BloomFilterView::FromBytes(damaged);
    return !view && view.error().code() == ErrorCode::kCorruption;
  };
  for (size_t length = 0; length < bytes.size(); ++length) EXPECT_TRUE(refused(bytes.substr(0, length)));
  EXPECT_TRUE(refused(bytes + std::string(64, '\0')));
  for (const char probes : {'\0', '\x11', '\xff'}) {
    std::string changed = bytes;
    changed[3] = probes;
    EXPECT_TRUE(refused(changed));
  }
  for (const uint32_t lines : {0u, 1u, 0xffffffffu}) {
    std::string changed = bytes;
    base::StoreFixed(changed.data() + 4, lines);
    EXPECT_TRUE(refused(changed));
  }
}

}  // namespace
}  // namespace amethyst::filter
