#include "io/memory_region.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace amethyst::io {
namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

bool IsAll(const MemoryRegion& region, char value) {
  return std::all_of(region.data(), region.data() + region.size(), [value](char byte) { return byte == value; });
}

TEST(MemoryRegion, IsZeroedAndAlignedToHugePagesIfItHoldsOne) {
  for (const size_t bytes : {size_t{1}, size_t{4096}, 2 * kMebibyte, 3 * kMebibyte + 1}) {
    const MemoryRegion region(bytes);
    EXPECT_EQ(region.size(), bytes);
    const size_t alignment = bytes < 2 * kMebibyte ? 4096 : 2 * kMebibyte;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(region.data()) % alignment, 0u);
    EXPECT_TRUE(IsAll(region, 0));
    std::fill_n(region.data(), bytes, 'x');
    EXPECT_TRUE(IsAll(region, 'x'));
  }
}

TEST(MemoryRegion, ReservesFarMoreThanThereIs) {
  const MemoryRegion region(size_t{1} << 40);
  region.data()[region.size() - 1] = 'x';
  EXPECT_EQ(region.data()[region.size() - 1], 'x');
}

TEST(MemoryRegion, DiscardedPagesReadAsZeros) {
  MemoryRegion region(4 * kMebibyte);
  std::fill_n(region.data(), region.size(), 'x');
  region.Discard(kMebibyte, 2 * kMebibyte);
  EXPECT_EQ(region.data()[kMebibyte - 1], 'x');
  EXPECT_EQ(region.data()[kMebibyte], 0);
  EXPECT_EQ(region.data()[3 * kMebibyte - 1], 0);
  EXPECT_EQ(region.data()[3 * kMebibyte], 'x');
}

TEST(MemoryRegion, MovesItsMemory) {
  MemoryRegion first(4096);
  first.data()[0] = 'x';
  MemoryRegion second(std::move(first));
  EXPECT_EQ(second.data()[0], 'x');
  MemoryRegion third(8192);
  third = std::move(second);
  EXPECT_EQ(third.size(), 4096u);
  EXPECT_EQ(third.data()[0], 'x');
}

}  // namespace
}  // namespace amethyst::io
