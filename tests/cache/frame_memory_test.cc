#include "cache/frame_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "base/random.h"

namespace amethyst::cache {
namespace {

using Limit = FrameMemory::Limit;

constexpr size_t kSmallSlabBytes = size_t{128} << 10;
constexpr size_t kHugeSlabBytes = size_t{2} << 20;

class FrameMemoryTest : public testing::Test {
 protected:
  ~FrameMemoryTest() override { memory_->Disown(); }
  FrameRef New(size_t bytes, FrameKind kind = FrameKind::kData, Limit limit = Limit::kCapacity) {
    return FrameRef(memory_->New(kind, FrameIdentity{1}, bytes, limit));
  }
  void Use(size_t capacity_bytes) {
    memory_->Disown();
    memory_ = new FrameMemory(capacity_bytes);
  }
  FrameMemory* memory_ = new FrameMemory(size_t{8} << 20);
};

TEST_F(FrameMemoryTest, NoTwoFramesOverlapAndNoneLosesItsBytes) {
  base::Random random(1);
  struct Held {
    FrameRef frame;
    char fill;
  };
  std::vector<Held> held(200);
  for (int step = 0; step < 30000; ++step) {
    Held& one = held[random.Below(held.size())];
    if (one.frame) {
      const std::string_view bytes = one.frame->bytes();
      ASSERT_EQ(bytes.find_first_not_of(one.fill), std::string_view::npos);
      one.frame = FrameRef();
    }
    const size_t bytes = random.OneIn(50) ? random.Below(200000) : random.Below(6000);
    const auto kind = random.OneIn(5) ? FrameKind::kIndex : FrameKind::kData;
    one.fill = static_cast<char>('a' + random.Below(26));
    one.frame = New(bytes, kind, Limit::kNone);
    ASSERT_EQ(one.frame->payload_bytes(), bytes);
    std::memset(one.frame->payload(), one.fill, bytes);
  }
  EXPECT_GT(memory_->taken_bytes(), 0u);
  held.clear();
  EXPECT_LE(memory_->taken_bytes(), kSmallSlabBytes);  // One spare slab.
}

TEST_F(FrameMemoryTest, WhatPassesThroughLeavesItsPlaceToTheNext) {
  const FrameRef before = New(4000);
  const char* place = nullptr;
  for (int i = 0; i < 100; ++i) {
    const FrameRef passing = New(4000);
    if (place != nullptr) {
      EXPECT_EQ(passing->payload(), place);
    }
    place = passing->payload();
  }
}

TEST_F(FrameMemoryTest, TakesNoMoreThanItsCapacityUnlessTold) {
  for (const size_t capacity : {size_t{8} << 20, size_t{64} << 20}) {
    Use(capacity);
    std::vector<FrameRef> frames;
    size_t payload_bytes = 0;
    for (FrameRef frame = New(4200); frame; frame = New(4200)) {
      payload_bytes += frame->payload_bytes();
      frames.push_back(std::move(frame));
      ASSERT_LE(memory_->taken_bytes(), capacity);
    }
    EXPECT_GT(payload_bytes, capacity * 88 / 100);
    const FrameRef beyond = New(4200, FrameKind::kData, Limit::kNone);
    ASSERT_TRUE(beyond);
    EXPECT_GT(memory_->taken_bytes(), capacity);
    EXPECT_FALSE(New(1500000));
    EXPECT_TRUE(New(1500000, FrameKind::kData, Limit::kNone));
  }
}

TEST_F(FrameMemoryTest, AFrameBeyondTheCapacityHasMemoryOfItsOwn) {
  Use(2 * kSmallSlabBytes);
  std::vector<FrameRef> frames;
  for (FrameRef frame = New(4200); frame; frame = New(4200)) {
    EXPECT_FALSE(frame->is_loose());
    frames.push_back(std::move(frame));
  }
  const size_t full = memory_->taken_bytes();
  for (int i = 0; i < 10; ++i) {
    const FrameRef beyond = New(4200, FrameKind::kData, Limit::kNone);
    EXPECT_TRUE(beyond->is_loose());
    EXPECT_EQ(memory_->taken_bytes(), full + sizeof(Frame) + 4200);
    const FrameRef empty = New(0, FrameKind::kIndex, Limit::kNone);
    EXPECT_EQ(memory_->taken_bytes(), full + 2 * sizeof(Frame) + 4200 + 64);
  }
  EXPECT_EQ(memory_->taken_bytes(), full);
  frames.pop_back();
  EXPECT_FALSE(New(4200, FrameKind::kData, Limit::kNone)->is_loose()) << "there is room again";
}

TEST_F(FrameMemoryTest, TellsWhatIsBeyondTheCapacityAndWhatPinsKeep) {
  Use(2 * kSmallSlabBytes);
  const FrameRef within = New(200000);
  EXPECT_EQ(memory_->excess_bytes(), 0u);
  const size_t before = memory_->taken_bytes();
  EXPECT_FALSE(New(200000));
  FrameRef beyond = New(200000, FrameKind::kData, Limit::kNone);
  EXPECT_EQ(memory_->excess_bytes(), memory_->taken_bytes() - memory_->capacity_bytes());
  EXPECT_EQ(memory_->pinned_bytes(), within->size_bytes() + beyond->size_bytes()) << "neither hangs in a slot";
  beyond = FrameRef();
  EXPECT_EQ(memory_->taken_bytes(), before);
}

TEST_F(FrameMemoryTest, CountsWholeSlabsAndWholePages) {
  FrameRef small = New(100);
  EXPECT_EQ(memory_->taken_bytes(), kSmallSlabBytes);
  FrameRef large = New(300000);
  EXPECT_EQ(memory_->taken_bytes(), kSmallSlabBytes + 303104);  // 74 pages.
  FrameRef index = New(100, FrameKind::kIndex);
  EXPECT_EQ(memory_->taken_bytes(), 2 * kSmallSlabBytes + 303104);
  large = FrameRef();
  small = FrameRef();
  index = FrameRef();
  EXPECT_EQ(memory_->taken_bytes(), kSmallSlabBytes);
  memory_->SetCapacity(1000);
  EXPECT_EQ(memory_->taken_bytes(), 0u);

  Use(size_t{64} << 20);
  FrameRef in_huge_slab = New(100);
  EXPECT_EQ(memory_->taken_bytes(), kHugeSlabBytes);
}

TEST_F(FrameMemoryTest, GivesItsSpareSlabToALargeFrame) {
  Use(size_t{1} << 20);
  {
    const FrameRef frame = New(100);
  }
  EXPECT_EQ(memory_->taken_bytes(), kSmallSlabBytes);
  const FrameRef large = New((size_t{1} << 20) - 4096);
  ASSERT_TRUE(large);
  EXPECT_EQ(memory_->taken_bytes(), size_t{1} << 20);
}

TEST_F(FrameMemoryTest, UsesHolesAgainAfterNeighboursMerge) {
  Use(4 * kSmallSlabBytes);
  std::vector<FrameRef> frames;
  for (FrameRef frame = New(1900); frame; frame = New(1900)) frames.push_back(std::move(frame));
  EXPECT_FALSE(New(7800));
  // Four neighbours of 2 KiB make room for one of 8.
  const size_t middle = frames.size() / 2;
  for (size_t i = middle; i < middle + 4; ++i) frames[i] = FrameRef();
  EXPECT_TRUE(New(7800));
  EXPECT_FALSE(New(60000));
}

TEST_F(FrameMemoryTest, HeadroomIsWhatFitsBeforeAnythingMustGo) {
  Use(4 * kSmallSlabBytes);
  EXPECT_EQ(memory_->headroom_bytes(), 4 * kSmallSlabBytes);
  std::vector<FrameRef> frames;
  for (FrameRef frame = New(4000); frame; frame = New(4000)) frames.push_back(std::move(frame));
  EXPECT_LT(memory_->headroom_bytes(), 4 * 4096u);
  memory_->OnEvicted(frames[0]->size_bytes());
  EXPECT_GE(memory_->headroom_bytes(), frames[0]->size_bytes());
  EXPECT_EQ(memory_->awaiting_grace_bytes(), frames[0]->size_bytes());
  memory_->OnGraceOver(frames[0].get());
  EXPECT_EQ(memory_->awaiting_grace_bytes(), 0u);
}

TEST_F(FrameMemoryTest, FindsTheSparsestSlabOfData) {
  std::vector<FrameRef> frames;
  while (memory_->taken_bytes() < 4 * kSmallSlabBytes) frames.push_back(New(4000));
  const FrameRef index = New(100, FrameKind::kIndex);
  // The last slab of data has one frame.
  std::vector<FrameRef> sparsest = memory_->PinSparsestSlab();
  ASSERT_EQ(sparsest.size(), 1u);
  EXPECT_EQ(sparsest[0].get(), frames.back().get());
  EXPECT_EQ(frames.back()->state().references, 2u);
}

TEST_F(FrameMemoryTest, OutlivesItsCacheUntilTheLastFrameGoes) {
  auto* memory = new FrameMemory(size_t{1} << 20);
  FrameRef frame(memory->New(FrameKind::kData, FrameIdentity{1}, 1000, Limit::kCapacity));
  FrameRef large(memory->New(FrameKind::kData, FrameIdentity{1}, 200000, Limit::kCapacity));
  memory->Disown();
  std::memset(frame->payload(), 'x', 1000);
  std::memset(large->payload(), 'x', 200000);
  frame = FrameRef();
  EXPECT_EQ(large->bytes().back(), 'x');
}

// The memory may go with its last frame while whoever disowned it still gives a slab back.
TEST_F(FrameMemoryTest, IsDisownedWhileItsLastFrameGoes) {
  for (int round = 0; round < 300; ++round) {
    auto* memory = new FrameMemory(size_t{1} << 20);
    FrameRef last(memory->New(FrameKind::kData, FrameIdentity{1}, 1000, Limit::kCapacity));
    FrameRef(memory->New(FrameKind::kIndex, FrameIdentity{1}, 1000, Limit::kCapacity));  // Leaves a spare slab.
    std::thread reader([&last] { last = FrameRef(); });
    memory->Disown();
    reader.join();
  }
}

}  // namespace
}  // namespace amethyst::cache
