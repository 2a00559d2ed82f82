#include "base/epoch.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/random.h"

namespace amethyst::base {
namespace {

TEST(Epoch, KnowsWhetherTheThreadIsInside) {
  EXPECT_FALSE(InEpoch());
  {
    const EpochGuard outer;
    EXPECT_TRUE(InEpoch());
    {
      const EpochGuard inner;
      EXPECT_TRUE(InEpoch());
    }
    EXPECT_TRUE(InEpoch());
    std::thread([] { EXPECT_FALSE(InEpoch()); }).join();
  }
  EXPECT_FALSE(InEpoch());
}

TEST(Epoch, DrainRunsEverythingRetiredBefore) {
  int freed = 0;
  for (int i = 0; i < 10; ++i) Retire([&freed] { ++freed; });
  DrainEpochs();
  EXPECT_EQ(freed, 10);
}

TEST(Epoch, ReclaimsWithoutADrainWhenManyAreRetired) {
  DrainEpochs();
  int freed = 0;
  for (int i = 0; i < 1000; ++i) Retire([&freed] { ++freed; });
  EXPECT_GE(freed, 1000 - 128);
  EXPECT_LE(freed, 1000);
  DrainEpochs();
  EXPECT_EQ(freed, 1000);
}

TEST(Epoch, DeferredFunctionsMayRetireMore) {
  int depth = 0;
  std::function<void()> deeper = [&] {
    if (++depth < 300) Retire(deeper);
  };
  Retire(deeper);
  while (depth < 300) DrainEpochs();
  EXPECT_EQ(depth, 300);
}

TEST(Epoch, DestroysWhatADeferredFunctionCaptured) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> observer = owner;
  Retire([owner = std::move(owner)] { EXPECT_EQ(*owner, 1); });
  DrainEpochs();
  EXPECT_TRUE(observer.expired());
}

// A reader parked inside an epoch on another thread, until told to leave.
class ParkedReader {
 public:
  ParkedReader() : thread_([this] { Run(); }) {
    while (!inside_.load()) std::this_thread::yield();
  }
  ~ParkedReader() {
    leave_.store(true);
    thread_.join();
  }

 private:
  void Run() {
    const EpochGuard guard;
    inside_.store(true);
    while (!leave_.load()) std::this_thread::yield();
  }
  std::atomic<bool> inside_{false};  // Stored by the reader, loaded by the test.
  std::atomic<bool> leave_{false};   // Stored by the test, loaded by the reader.
  std::thread thread_;
};

TEST(Epoch, NothingRunsWhileAReaderThatCameBeforeIsInside) {
  DrainEpochs();
  std::atomic<int> freed{0};
  {
    const ParkedReader reader;
    for (int i = 0; i < 1000; ++i) Retire([&freed] { ++freed; });
    EXPECT_EQ(freed.load(), 0);
  }
  DrainEpochs();
  EXPECT_EQ(freed.load(), 1000);
}

TEST(Epoch, DrainWaitsForAReaderThatCameBefore) {
  std::atomic<bool> freed{false};
  std::atomic<bool> left{false};
  auto reader = std::make_unique<ParkedReader>();
  Retire([&] {
    EXPECT_TRUE(left.load());
    freed = true;
  });
  std::thread drainer([] { DrainEpochs(); });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(freed.load());
    std::this_thread::yield();
  }
  left = true;
  reader.reset();
  drainer.join();
  EXPECT_TRUE(freed.load());
}

TEST(Epoch, AReaderThatCameLaterDoesNotHoldUpWhatWasRetiredBefore) {
  DrainEpochs();
  bool freed = false;
  Retire([&freed] { freed = true; });
  auto early = std::make_unique<ParkedReader>();
  for (int i = 0; i < 200; ++i) Retire([] {});  // Opens new epochs.
  const ParkedReader late;
  early.reset();
  for (int i = 0; i < 200; ++i) Retire([] {});
  EXPECT_TRUE(freed);
}

TEST(Epoch, RecordsOfFinishedThreadsAreUsedAgain) {
  std::thread([] { const EpochGuard guard; }).join();
  epoch_internal::Record* record = nullptr;
  for (int i = 0; i < 100; ++i) {
    std::thread([&record] {
      const EpochGuard guard;
      epoch_internal::Record* mine = epoch_internal::thread_state.record;
      if (record != nullptr) {
        EXPECT_EQ(mine, record);
      }
      record = mine;
    }).join();
  }
}

// I17
TEST(Epoch, NoReaderEverSeesWhatWasFreed) {
  struct Node {
    std::atomic<uint64_t> alive{0x600d};  // Relaxed: the epoch alone orders reads before the free.
    uint64_t plain = 0x600d;              // Not atomic, so that the thread sanitizer checks the order.
  };
  constexpr int kSlots = 16;
  std::atomic<Node*> slots[kSlots];  // Exchanged by writers, loaded by readers.
  for (auto& slot : slots) slot = new Node;
  std::atomic<bool> stop{false};  // Stored by the test, loaded by the readers.
  std::atomic<int> live{kSlots};

  std::vector<std::thread> readers;
  for (uint64_t id = 0; id < 3; ++id) {
    readers.emplace_back([&, id] {
      Random random(id);
      while (!stop.load(std::memory_order_relaxed)) {
        const EpochGuard guard;
        for (int i = 0; i < 4; ++i) {
          const Node* node = slots[random.Below(kSlots)].load(std::memory_order_acquire);
          EXPECT_EQ(node->alive.load(std::memory_order_relaxed), 0x600du);
          EXPECT_EQ(node->plain, 0x600du);
        }
      }
    });
  }
  std::vector<std::thread> writers;
  for (uint64_t id = 0; id < 2; ++id) {
    writers.emplace_back([&, id] {
      Random random(100 + id);
      for (int i = 0; i < 20000; ++i) {
        live.fetch_add(1);
        Node* old = slots[random.Below(kSlots)].exchange(new Node, std::memory_order_acq_rel);
        Retire([old, &live] {
          old->alive.store(0xdead, std::memory_order_relaxed);
          old->plain = 0xdead;
          live.fetch_sub(1);
          delete old;
        });
        if (random.OneIn(1000)) DrainEpochs();
      }
    });
  }
  for (auto& writer : writers) writer.join();
  stop = true;
  for (auto& reader : readers) reader.join();
  DrainEpochs();
  EXPECT_EQ(live.load(), kSlots);
  for (auto& slot : slots) delete slot.load();
}

TEST(Epoch, ASweepRunsWhatNobodySeesAndNeverWaitsForTheRest) {
  int ran = 0;
  SweepEpochs();
  Retire([&ran] { ++ran; });
  SweepEpochs();
  EXPECT_EQ(ran, 1);

  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::thread reader([&] {
    const EpochGuard guard;
    inside = true;
    while (!leave) std::this_thread::yield();
  });
  while (!inside) std::this_thread::yield();
  Retire([&ran] { ++ran; });
  SweepEpochs();
  EXPECT_EQ(ran, 1);
  leave = true;
  reader.join();
  SweepEpochs();
  EXPECT_EQ(ran, 2);
}

TEST(Epoch, AForkedChildDoesNotWaitForTheReadersOfItsParent) {
  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::thread reader([&] {
    const EpochGuard guard;
    inside = true;
    while (!leave) std::this_thread::yield();
  });
  while (!inside) std::this_thread::yield();
  int ran = 0;
  Retire([&ran] { ran += 100; });  // The parent's, which the child leaves alone.
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // Ends a child that waits for good.
    Retire([&ran] { ++ran; });
    DrainEpochs();
    const EpochGuard guard;
    _exit(ran == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  leave = true;
  reader.join();
  DrainEpochs();
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace amethyst::base
