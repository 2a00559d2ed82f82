#include "engine/sync_ticks.h"

#include <gtest/gtest.h>

#include <limits>

namespace amethyst::engine {
namespace {

TEST(SyncTicks, MakeUpTheIntervalOfTheSyncsAndNeverMore) {
  for (const uint32_t sync_ms : {1u, 10u, 100u, 999u, 1000u, 1001u, 1200u, 1600u, 2000u, 2500u, 60'000u, 86'400'000u,
                                 std::numeric_limits<uint32_t>::max()}) {
    const SyncTicks ticks = SyncTicksFor(sync_ms);
    EXPECT_GE(ticks.interval.count(), 1) << sync_ms;
    EXPECT_LE(ticks.interval.count(), 1000) << sync_ms;
    const uint64_t made_up_ms = static_cast<uint64_t>(ticks.interval.count()) * ticks.per_sync;
    EXPECT_LE(made_up_ms, sync_ms);
    EXPECT_LT(sync_ms - made_up_ms, ticks.per_sync) << "less than a millisecond a tick early";
  }
}

TEST(SyncTicks, WithoutABoundThereAreTicksAndNoSync) {
  EXPECT_EQ(SyncTicksFor(0).interval, std::chrono::seconds(1));
  EXPECT_EQ(SyncTicksFor(0).per_sync, 0u);
}

}  // namespace
}  // namespace amethyst::engine
