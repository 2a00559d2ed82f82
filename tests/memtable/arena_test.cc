#include "memtable/arena.h"

#include <gtest/gtest.h>

#include <cstring>

namespace amethyst::memtable {
namespace {

TEST(Arena, HandsOutAlignedPlacesFromBothEnds) {
  Arena arena(4096);
  size_t used = arena.used_bytes();
  for (size_t bytes = 1; bytes < 20; ++bytes) {
    char* low = arena.AllocateLow(bytes);
    char* high = arena.AllocateHigh(bytes);
    EXPECT_LT(low, high);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(low) % 8, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(high) % 64, 0u);
    for (char* place : {low, high}) {
      std::memset(place, 0xff, bytes);
      EXPECT_EQ(arena.At<char>(arena.OffsetOf(place)), place);
      EXPECT_NE(arena.OffsetOf(place), Offset::kNone);
    }
    used += Arena::RoundUp(bytes, 8) + 64;
    EXPECT_EQ(arena.used_bytes(), used);
  }
}

TEST(ArenaDeathTest, AbortsWhereTheEndsWouldMeet) {
  Arena arena(1024);
  static_cast<void>(arena.AllocateHigh(512));
  static_cast<void>(arena.AllocateLow(512));
  EXPECT_DEATH(static_cast<void>(arena.AllocateLow(1024)), "AllocateLow|end");
  EXPECT_DEATH(static_cast<void>(arena.AllocateHigh(1024)), "AllocateHigh|begin");
}

}  // namespace
}  // namespace amethyst::memtable
