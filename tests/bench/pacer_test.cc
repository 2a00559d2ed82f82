#include "bench/pacer.h"

#include <gtest/gtest.h>

namespace amethyst::bench {
namespace {

TEST(Pacer, AClosedLoopBeginsAtOnce) {
  Pacer pacer(1'000, 0);
  EXPECT_EQ(pacer.Await(5'000), 5'000u);
  EXPECT_EQ(pacer.Await(5'001), 5'001u);
}

TEST(Pacer, AnOpenLoopCountsFromTheIntendedStartHoweverLateItIs) {
  Pacer pacer(1'000'000, 1'000);
  const uint64_t now_ns = NowNs();  // Long after all that is due.
  EXPECT_EQ(pacer.Await(now_ns), 1'000'000u);
  EXPECT_EQ(pacer.Await(now_ns), 2'000'000u);
  EXPECT_EQ(pacer.Await(now_ns), 3'000'000u);
}

TEST(Pacer, AnOpenLoopWaitsForItsTurn) {
  const uint64_t begin_ns = NowNs();
  Pacer pacer(begin_ns, 1'000);
  EXPECT_EQ(pacer.Await(begin_ns), begin_ns);
  const uint64_t second_ns = pacer.Await(begin_ns);
  EXPECT_EQ(second_ns, begin_ns + 1'000'000);
  EXPECT_GE(NowNs(), second_ns);
}

TEST(Pacer, AWriterBesideReadersKeepsItsRateOnAverage) {
  const uint64_t begin_ns = NowNs();
  Pacer pacer(begin_ns, 100'000, Pacer::Keeps::kTheAverage);
  uint64_t now_ns = begin_ns;
  for (int i = 0; i <= 500; ++i) now_ns = pacer.Await(NowNs());
  EXPECT_GE(now_ns, begin_ns + 5'000'000) << "from the real start, and not before it is due";
}

}  // namespace
}  // namespace amethyst::bench
