#include "cache/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "cache/frame_memory.h"

namespace amethyst::cache {
namespace {

class FrameTest : public testing::Test {
 protected:
  ~FrameTest() override { memory_->Disown(); }
  FrameRef Make(size_t payload_bytes) {
    return FrameRef(memory_->New(FrameKind::kFilter, FrameIdentity{7}, payload_bytes, FrameMemory::Limit::kNone));
  }
  FrameMemory* memory_ = new FrameMemory(size_t{1} << 20);
};

TEST_F(FrameTest, KnowsItsPayload) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{64}, size_t{4096}, size_t{300000}}) {
    const FrameRef frame = Make(bytes);
    EXPECT_EQ(frame->payload_bytes(), bytes);
    EXPECT_EQ(frame->bytes().size(), bytes);
    EXPECT_EQ(frame->kind(), FrameKind::kFilter);
    EXPECT_EQ(frame->identity(), FrameIdentity{7});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frame->payload()) % 64, 0u);
    for (size_t i = 0; i < 64; ++i) ASSERT_EQ(frame->payload()[i], 0);
  }
}

TEST_F(FrameTest, LivesUntilTheLastReferenceGoes) {
  FrameRef frame = Make(100);
  FrameRef shared = frame.Share();
  FrameRef moved = std::move(frame);
  EXPECT_FALSE(frame);
  std::memset(moved->payload(), 'x', 100);
  moved = FrameRef();
  EXPECT_EQ(shared->bytes(), std::string(100, 'x'));
  FrameRef last(shared.Release());
  EXPECT_FALSE(shared);
  EXPECT_TRUE(last->TryPin());
  last->Unpin();
  EXPECT_EQ(last->bytes().back(), 'x');
  EXPECT_FALSE(FrameRef().Share());
}

TEST_F(FrameTest, HeatSaturates) {
  const FrameRef frame = Make(100);
  for (int i = 0; i < 300; ++i) frame->Touch();
  EXPECT_EQ(frame->state().heat, Frame::kHeatMax);
}

TEST_F(FrameTest, AZeroedSlotIsEmptyAndALoadingOneShowsNothing) {
  alignas(Slot) char bytes[sizeof(Slot)] = {};
  Slot& slot = *reinterpret_cast<Slot*>(bytes);
  EXPECT_EQ(slot.Peek(), nullptr);
  slot.word() = Slot::kLoading;
  EXPECT_EQ(slot.Peek(), nullptr);
  const FrameRef frame = Make(10);
  slot.word() = reinterpret_cast<uintptr_t>(frame.get());
  EXPECT_EQ(slot.Peek(), frame.get());
}

TEST(FrameIdentity, TellsTablesAndOffsetsApart) {
  const base::Uid a{.low = 1, .high = 2};
  const base::Uid b{.low = 2, .high = 1};
  EXPECT_EQ(IdentityOf(a, 4096), IdentityOf(a, 4096));
  EXPECT_NE(IdentityOf(a, 4096), IdentityOf(a, 0));
  EXPECT_NE(IdentityOf(a, 4096), IdentityOf(b, 4096));
}

}  // namespace
}  // namespace amethyst::cache
