#include "engine/snapshot_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

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

TEST(SnapshotList, ListsMoreThanItHasSlotsForAndAllOfThemGo) {
  const auto list = std::make_shared<SnapshotList>();
  std::atomic<uint64_t> visible{0};
  std::vector<std::unique_ptr<SnapshotPin>> pins;
  std::vector<uint64_t> expected;
  for (uint64_t sequence = 1; sequence <= 100; ++sequence) {
    visible.store(sequence);
    std::thread another([&] {  // Each thread begins with another slot.
      const std::chrono::seconds since(1000 - sequence);
      pins.push_back(std::make_unique<SnapshotPin>(list, visible, *Clock(), since, nullptr));
    });
    another.join();
    expected.push_back(sequence);
  }
  EXPECT_EQ(RawList(*list), expected);
  EXPECT_EQ(list->count(), 100u);
  EXPECT_EQ(list->OldestSince(), std::chrono::seconds(900));
  while (!pins.empty()) {
    pins.erase(pins.begin() + static_cast<ptrdiff_t>(pins.size() / 2));
    expected.erase(expected.begin() + static_cast<ptrdiff_t>(expected.size() / 2));
    ASSERT_EQ(RawList(*list), expected);
  }
  EXPECT_EQ(list->OldestSince(), std::nullopt);
}

TEST(SnapshotList, ASlotSaysNothingOfThePinThatHadItBefore) {
  const auto list = std::make_shared<SnapshotList>();
  const std::atomic<uint64_t> visible{7};
  const auto clock = std::make_shared<ReadClock>(NewInMemoryEnvironment(), 1'000);
  {
    const SnapshotPin timed(list, visible, *clock, std::chrono::seconds(4), nullptr);
    EXPECT_EQ(list->OldestReadTimeMs(), timed.read().now_ms);
    EXPECT_GE(timed.read().now_ms, 1'000u);
  }
  const SnapshotPin untimed(list, visible, *Clock());
  EXPECT_EQ(list->OldestReadTimeMs(), key::kNeverMs);
  EXPECT_EQ(list->OldestSince(), std::nullopt);
}

// What a job may drop is what lies between two listed sequences: a pin that is not listed must not be older than what
// was visible when the list was taken.
class SnapshotListRace : public testing::Test {
 protected:
  ~SnapshotListRace() override {
    stop_.store(true);
    writer_.join();
  }

  size_t lists() {
    const std::scoped_lock lock(mutex_);
    return jobs_.size();
  }
  // By all lists from `first` on, which were taken while the pin was made, or later. While the pin lives.
  void ExpectListedOrNewer(const SnapshotPin& pin, size_t first) {
    const uint64_t sequence = key::Raw(pin.sequence());
    const std::scoped_lock lock(mutex_);
    for (size_t i = first; i < jobs_.size(); ++i) {
      if (sequence >= jobs_[i].visible_before) continue;
      ASSERT_TRUE(std::ranges::binary_search(jobs_[i].listed, sequence)) << jobs_[i].visible_before;
    }
  }
  void PinAndCheck(ReadClock& clock) {
    const size_t first = lists();
    ExpectListedOrNewer(SnapshotPin(list_, visible_, clock), first);
  }
  void TakeLists(int number) {
    for (int i = 0; i < number; ++i) {
      Job job;
      job.visible_before = visible_.load(std::memory_order_acquire);
      job.listed = RawList(*list_);
      const std::scoped_lock lock(mutex_);
      jobs_.push_back(std::move(job));
    }
  }

  const std::shared_ptr<SnapshotList> list_ = std::make_shared<SnapshotList>();
  std::atomic<uint64_t> visible_{1};

 private:
  std::atomic<bool> stop_{false};
  std::thread writer_{[this] {
    while (!stop_.load()) visible_.fetch_add(1, std::memory_order_release);
  }};
  struct Job {
    uint64_t visible_before = 0;
    std::vector<uint64_t> listed;
  };
  std::mutex mutex_;
  std::vector<Job> jobs_;
};

TEST_F(SnapshotListRace, NoPinThatComesAndGoesIsMissed) {
  std::atomic<bool> done{false};
  std::thread job([&] {
    TakeLists(100'000);
    done.store(true);
  });
  const auto pin_and_check = [&] {
    const auto clock = Clock();
    while (!done.load() && !HasFailure()) PinAndCheck(*clock);
  };
  std::thread beside(pin_and_check);
  pin_and_check();
  job.join();
  beside.join();
}

TEST_F(SnapshotListRace, NoPinOfAnothersMomentIsMissed) {
  std::thread job([&] { TakeLists(30'000); });
  const auto clock = Clock();
  for (int i = 0; i < 30'000 && !HasFailure(); ++i) {
    const size_t first = lists();
    auto pin = std::make_unique<SnapshotPin>(list_, visible_, *clock);
    const SnapshotPin again(list_, pin->read());
    pin.reset();
    ExpectListedOrNewer(again, first);
  }
  job.join();
}

TEST_F(SnapshotListRace, NoPinThatStaysIsMissed) {
  std::thread job([&] { TakeLists(500); });
  std::vector<std::pair<size_t, std::unique_ptr<SnapshotPin>>> pins;
  const auto clock = Clock();
  for (int i = 0; i < 500; ++i) {
    const size_t first = lists();
    pins.emplace_back(first, std::make_unique<SnapshotPin>(list_, visible_, *clock));
  }
  job.join();
  for (const auto& [first, pin] : pins) ExpectListedOrNewer(*pin, first);
}

}  // namespace
}  // namespace amethyst::engine
