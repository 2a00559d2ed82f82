#include "base/wait.h"

#include <gtest/gtest.h>

#include <thread>

namespace amethyst::base {
namespace {

TEST(Wait, EndsOnceTheWordHasChanged) {
  std::atomic<uint32_t> word{0}, seen{0};
  std::thread sleeper([&] {
    WaitWhile(word, 0);
    seen = word.load();
  });
  word = 7;
  WakeOne(word);
  WakeAll(word);
  sleeper.join();
  EXPECT_EQ(seen, 7u);
}

TEST(Wait, IsOverAtOnceIfTheWordIsAnother) {
  const std::atomic<uint32_t> word{1};
  WaitWhile(word, 0);
}

}  // namespace
}  // namespace amethyst::base
