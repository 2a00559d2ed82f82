#include "base/pages.h"

#include <gtest/gtest.h>

#include <new>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace amethyst::base {
namespace {

TEST(Pages, AreZeroedAlignedAndWritable) {
  for (const size_t bytes : {kPageBytes, 3 * kPageBytes, kHugePageBytes, kHugePageBytes + kPageBytes}) {
    for (const size_t alignment : {kPageBytes, size_t{128} << 10, kHugePageBytes}) {
      char* const pages = TakePages(bytes, alignment, PageAdvice::kHuge);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(pages) % alignment, 0u);
      EXPECT_TRUE(std::ranges::all_of(std::string_view(pages, bytes), [](char byte) { return byte == 0; }));
      std::memset(pages, 0x5a, bytes);
      ReturnPages(pages, bytes);
    }
  }
}

TEST(Pages, WhatTheKernelRefusesIsNoMemory) {
  constexpr size_t kFarTooMany = size_t{1} << 60;
  EXPECT_EQ(TryTakePages(kFarTooMany, kPageBytes, PageAdvice::kNormal), nullptr);
  EXPECT_THROW(static_cast<void>(TakePages(kFarTooMany, kPageBytes, PageAdvice::kNormal)), std::bad_alloc);
}

TEST(Pages, RoundUpGoesToTheNextMultiple) {
  EXPECT_EQ(RoundUp(0, 256), 0u);
  EXPECT_EQ(RoundUp(1, 256), 256u);
  EXPECT_EQ(RoundUp(256, 256), 256u);
  EXPECT_EQ(RoundUp(257, 256), 512u);
}

}  // namespace
}  // namespace amethyst::base
