#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/random.h"

namespace amethyst::base {
namespace {

TEST(Hash, IsXxh3AndNeverChanges) {
  // Published vectors of XXH3_64bits with seed 0: what is on disk depends on them.
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u);
  EXPECT_EQ(Hash64("a"), 0xe6c632b61e964e1fu);
  EXPECT_EQ(Hash64("abc"), 0x78af5f94892f3950u);
}

TEST(Hash, MixingALocationNeverChanges) {
  const Location location{.owner = {.low = 1, .high = 2}, .offset = 3};
  EXPECT_EQ(MixLocation(0, location), Checksum("", location) - Hash64(""));
  EXPECT_EQ(MixLocation(10, location), MixLocation(0, location) + 10);
}

TEST(Hash, AChecksumDependsOnEveryBit) {
  Random random(3);
  std::string bytes(100, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const Location home{.owner = {.low = random(), .high = random()}, .offset = random()};
  std::set<uint64_t> seen = {Checksum(bytes, home)};
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(seen.insert(Checksum(flipped, home)).second);
  }
}

TEST(Hash, AMisplacedBlockDoesNotPass) {
  Random random(4);
  const Location home{.owner = {.low = random(), .high = random()}, .offset = random.Below(uint64_t{1} << 40)};
  std::set<uint64_t> at_offsets;
  for (uint64_t offset = 0; offset < 10'000; ++offset) {
    EXPECT_TRUE(at_offsets.insert(Checksum("block", {home.owner, offset})).second);
  }
  const uint64_t checksum = Checksum("block", home);
  for (size_t bit = 0; bit < 64; ++bit) {
    const uint64_t flip = uint64_t{1} << bit;
    EXPECT_NE(Checksum("block", {{home.owner.low ^ flip, home.owner.high}, home.offset}), checksum);
    EXPECT_NE(Checksum("block", {{home.owner.low, home.owner.high ^ flip}, home.offset}), checksum);
    EXPECT_NE(Checksum("block", {home.owner, home.offset ^ flip}), checksum);
  }
}

TEST(Hash, ACopiedBlockIsRebasedWithoutItsBytes) {
  const Location from{.owner = NewUid(), .offset = 4096};
  const Location to{.owner = NewUid(), .offset = 8192};
  const uint64_t hash = Checksum("block", from) - MixLocation(0, from);
  EXPECT_EQ(MixLocation(hash, to), Checksum("block", to));
}

TEST(Hash, NewIdentitiesDiffer) {
  std::set<uint64_t> words;
  for (int i = 0; i < 1000; ++i) {
    const Uid uid = NewUid();
    EXPECT_TRUE(words.insert(uid.low).second);
    EXPECT_TRUE(words.insert(uid.high).second);
  }
}

}  // namespace
}  // namespace amethyst::base
