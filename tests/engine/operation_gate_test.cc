#include "engine/operation_gate.h"

#include <gtest/gtest.h>

#include <thread>

#include "io/thread_executor.h"

namespace amethyst::engine {
namespace {

TEST(OperationGate, LetsAnybodyInUntilItIsClosed) {
  OperationGate gate;
  {
    const OperationGate::Operation first(gate);
    const OperationGate::Operation second(gate);
    EXPECT_TRUE(first);
    EXPECT_TRUE(second);
    EXPECT_FALSE(gate.IsClosed());
  }
  io::ThreadExecutor executor(1);
  gate.CloseAndWait(executor);
  EXPECT_TRUE(gate.IsClosed());
  const OperationGate::Operation late(gate);
  EXPECT_FALSE(late);
}

TEST(OperationGate, CloseWaitsForWhoeverIsInside) {
  OperationGate gate;
  io::ThreadExecutor executor(1);
  std::atomic<bool> closed{false};
  std::thread closer;
  {
    const OperationGate::Operation inside(gate);
    closer = std::thread([&] {
      gate.CloseAndWait(executor);
      closed.store(true);
    });
    while (!gate.IsClosed()) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) {
      const OperationGate::Operation late(gate);  // Turned away, and must not count as inside.
      EXPECT_FALSE(late);
    }
    EXPECT_FALSE(closed.load());
  }
  closer.join();
  EXPECT_TRUE(closed.load());
}

TEST(OperationGate, NobodyIsInsideOnceCloseReturns) {
  for (int round = 0; round < 200; ++round) {
    OperationGate gate;
    io::ThreadExecutor executor(1);
    std::atomic<int> inside{0};
    std::vector<std::thread> users;
    for (int i = 0; i < 3; ++i) {
      users.emplace_back([&] {
        for (;;) {
          const OperationGate::Operation operation(gate);
          if (!operation) return;
          inside.fetch_add(1);
          inside.fetch_sub(1);
        }
      });
    }
    gate.CloseAndWait(executor);
    EXPECT_EQ(inside.load(), 0);
    for (std::thread& user : users) user.join();
  }
}

}  // namespace
}  // namespace amethyst::engine
