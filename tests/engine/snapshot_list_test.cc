#include "engine/snapshot_list.h"

#include <gtest/gtest.h>

#include <thread>

#include "amethyst/components.h"
#include "key/expiry.h"

namespace amethyst::engine {
namespace {

using key::SequenceNumber;

std::shared_ptr<ReadClock> Clock() { return std::make_shared<ReadClock>(NewInMemoryEnvironment(), std::nullopt); }

std::vector<uint64_t> RawList(const SnapshotList& list) {
  std::vector<uint64_t> raw;
  for (const SequenceNumber sequence : list.List()) raw.push_back(key::Raw(sequence));
  return raw;
}

TEST(SnapshotList, ListsEachPinnedSequenceOnceInOrder) {
  const auto list = std::make_shared<SnapshotList>();
  std::atomic<uint64_t> visible{30};
  auto first = std::make_unique<SnapshotPin>(list, visible, *Clock());
  visible.store(10);
  auto second = std::make_unique<SnapshotPin>(list, visible, *Clock());
  auto third = std::make_unique<SnapshotPin>(list, first->read());
  EXPECT_EQ(RawList(*list), (std::vector<uint64_t>{10, 30}));
  EXPECT_EQ(list->count(), 3);
  first.reset();
  EXPECT_EQ(RawList(*list), (std::vector<uint64_t>{10, 30}));
  third.reset();
  EXPECT_EQ(RawList(*list), (std::vector<uint64_t>{10}));
  second.reset();
  EXPECT_TRUE(list->List().empty());
}

TEST(SnapshotList, LivesAsLongAsItsLastPin) {
  auto list = std::make_shared<SnapshotList>();
  const std::weak_ptr<SnapshotList> watch = list;
  std::atomic<uint64_t> visible{1};
  auto pin = std::make_unique<SnapshotPin>(list, visible, *Clock());
  list.reset();
  EXPECT_FALSE(watch.expired());
  pin.reset();
  EXPECT_TRUE(watch.expired());
}

TEST(SnapshotList, APinThatIsReleasedPinsNothingAndMayDieLater) {
  auto list = std::make_shared<SnapshotList>();
  const std::weak_ptr<SnapshotList> watch = list;
  const std::atomic<uint64_t> visible{1};
  SnapshotPin pin(list, visible, *Clock());
  EXPECT_FALSE(pin.is_released());
  EXPECT_EQ(list->count(), 1u);
  pin.Release();
  EXPECT_TRUE(pin.is_released());
  EXPECT_EQ(list->count(), 0u);
  pin.Release();
  list.reset();
  EXPECT_TRUE(watch.expired());
}

TEST(SnapshotList, TellsTheOldestTimeOfThoseThatSeeAnythingExpire) {
  const auto list = std::make_shared<SnapshotList>();
  EXPECT_EQ(list->OldestReadTimeMs(), key::kNeverMs);
  const std::atomic<uint64_t> visible{7};
  const SnapshotPin before_any_expiry(list, visible, *Clock());
  EXPECT_EQ(list->OldestReadTimeMs(), key::kNeverMs) << "it sees no entry that may expire";
  const SnapshotPin late(list, {key::SequenceNumber{7}, 500});
  const SnapshotPin early(list, {key::SequenceNumber{7}, 400});
  EXPECT_EQ(list->OldestReadTimeMs(), 400);
  EXPECT_EQ(RawList(*list), std::vector<uint64_t>{7});
}

TEST(SnapshotList, TellsSinceWhenTheOldestOfThoseThatSayItLives) {
  const auto list = std::make_shared<SnapshotList>();
  const std::atomic<uint64_t> visible{7};
  const SnapshotPin of_an_iterator(list, visible, *Clock());
  EXPECT_EQ(list->OldestSince(), std::nullopt);
  const SnapshotPin late(list, visible, *Clock(), std::chrono::seconds(9), nullptr);
  auto early = std::make_unique<SnapshotPin>(list, visible, *Clock(), std::chrono::seconds(4), nullptr);
  EXPECT_EQ(list->OldestSince(), std::chrono::seconds(4));
  early.reset();
  EXPECT_EQ(list->OldestSince(), std::chrono::seconds(9));
}

// What a job may drop is what lies between two listed sequences: a pin that is not listed must not be older than what
// was visible when the list was taken.
TEST(SnapshotList, NoPinFallsBetweenTheLoadOfVisibleAndTheList) {
  const auto list = std::make_shared<SnapshotList>();
  std::atomic<uint64_t> visible{1};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop.load()) visible.fetch_add(1, std::memory_order_release);
  });
  std::vector<std::pair<uint64_t, std::vector<uint64_t>>> lists;  // Visible before the list, and the list.
  std::thread job([&] {
    for (int i = 0; i < 2000; ++i) {
      const uint64_t before = visible.load(std::memory_order_acquire);
      lists.emplace_back(before, RawList(*list));
    }
  });
  std::vector<std::unique_ptr<SnapshotPin>> pins;
  for (int i = 0; i < 2000; ++i) pins.push_back(std::make_unique<SnapshotPin>(list, visible, *Clock()));
  job.join();
  stop.store(true);
  writer.join();
  for (const auto& [before, listed] : lists) {
    for (const auto& pin : pins) {
      const uint64_t sequence = key::Raw(pin->sequence());
      if (sequence >= before) break;  // Pins ascend.
      ASSERT_TRUE(std::binary_search(listed.begin(), listed.end(), sequence));
    }
  }
}

}  // namespace
}  // namespace amethyst::engine
