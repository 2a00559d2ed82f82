#include "engine/commit_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"

namespace amethyst::engine {
namespace {

// Serves by noting whom, and asserts that nobody else does at the same time.
struct NotingServer {
  std::atomic<int> inside{0};
  std::vector<uint32_t> served;  // CommitRequest::count, used as a name.
  std::function<void(CommitRequest&)> meanwhile;

  void Serve(CommitRequest& request) {
    EXPECT_EQ(inside.fetch_add(1), 0);
    served.push_back(request.batch.count);
    if (meanwhile) meanwhile(request);
    EXPECT_EQ(inside.fetch_sub(1), 1);
  }
};

TEST(CommitQueue, ServesALoneRequestOnItsOwnThread) {
  NotingServer server;
  CommitQueue queue(&server);
  std::thread::id server_thread;
  server.meanwhile = [&](CommitRequest&) { server_thread = std::this_thread::get_id(); };
  CommitRequest request;
  request.batch.count = 7;
  queue.Submit(request);
  EXPECT_EQ(server.served, std::vector<uint32_t>{7});
  EXPECT_EQ(server_thread, std::this_thread::get_id());
}

void SubmitFromManyThreads(uint32_t threads, uint32_t rounds, size_t payload_bytes, bool yields) {
  NotingServer server;
  base::Random random(threads);
  server.meanwhile = [&](CommitRequest&) {  // Long enough for others to come, spin, and fall asleep.
    if (yields || random.OneIn(50)) std::this_thread::yield();
    for (uint64_t i = random.Below(2000); i > 0; --i) std::atomic_signal_fence(std::memory_order_seq_cst);
  };
  CommitQueue queue(&server);
  const std::string payload(payload_bytes, 'x');
  std::vector<std::thread> submitters;
  for (uint32_t t = 0; t < threads; ++t) {
    submitters.emplace_back([&, t] {
      for (uint32_t i = 0; i < rounds; ++i) {
        CommitRequest request;
        request.batch.payload = payload;
        request.batch.count = t * rounds + i;
        queue.Submit(request);
        // Whoever returns was served; what it asked for cannot be asked for again by its dead request.
        request.batch.count = ~uint32_t{0};
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  std::sort(server.served.begin(), server.served.end());
  ASSERT_EQ(server.served.size(), size_t{threads} * rounds);
  for (uint32_t i = 0; i < server.served.size(); ++i) ASSERT_EQ(server.served[i], i);
}

TEST(CommitQueue, ServesEachOfManyThreadsRequestsExactlyOnce) { SubmitFromManyThreads(8, 4000, 100, false); }
TEST(CommitQueue, LosesNoWakeUpWhenTheHolderSleeps) { SubmitFromManyThreads(16, 500, 100, true); }
TEST(CommitQueue, LosesNoWakeUpWhenEveryTurnIsOverAtOnce) { SubmitFromManyThreads(8, 2000, size_t{64} << 10, false); }
// Few threads meet often in the moment in which one is named leader while it looks for the lock.
TEST(CommitQueue, LosesNoWakeUpBetweenTwoThreads) { SubmitFromManyThreads(2, 30'000, size_t{64} << 10, false); }
TEST(CommitQueue, LosesNoWakeUpBetweenThreeThreads) { SubmitFromManyThreads(3, 20'000, size_t{64} << 10, false); }

TEST(CommitQueue, ServesNobodyWhileAnotherIsServed) {
  NotingServer server;
  CommitQueue queue(&server);
  std::atomic<bool> go{false};
  std::atomic<int> served{0};
  server.meanwhile = [&](CommitRequest& request) {
    served.fetch_add(1);
    while (request.batch.count == 0 && !go.load()) std::this_thread::yield();
  };
  const auto submit = [&queue](uint32_t count) {
    CommitRequest request;
    request.batch.count = count;
    queue.Submit(request);
  };
  std::vector<std::thread> threads;
  threads.emplace_back(submit, 0);
  while (served.load() == 0) std::this_thread::yield();
  for (uint32_t i = 1; i <= 4; ++i) threads.emplace_back(submit, i);
  EXPECT_EQ(served.load(), 1);
  go.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.served.size(), 5);
}

// Threads that barge in again and again, with requests that end every turn at once, must not starve one that waits.
TEST(CommitQueue, LetsBargersStarveNobody) {
  NotingServer server;
  CommitQueue queue(&server);
  const std::string large(size_t{64} << 10, 'x');
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> barged{0};
  std::vector<std::thread> bargers;
  for (int i = 0; i < 3; ++i) {
    bargers.emplace_back([&] {
      while (!stop.load()) {
        CommitRequest request;
        request.batch.payload = large;
        queue.Submit(request);
        barged.fetch_add(1);
      }
    });
  }
  while (barged.load() < 100) std::this_thread::yield();
  constexpr uint64_t kRequests = 500;
  for (uint64_t i = 0; i < kRequests; ++i) {
    CommitRequest request;
    request.batch.count = 1;
    queue.Submit(request);
  }
  // That we come here is the point: starved, we never would.
  stop.store(true);
  for (std::thread& barger : bargers) barger.join();
}

}  // namespace
}  // namespace amethyst::engine
