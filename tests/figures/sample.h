// Figures and events that differ in every field. Thread safety: pure functions.
#pragma once

#include <gtest/gtest.h>

#include "figures/layout.h"

namespace amethyst::figures {

inline constexpr Writer kSampleWriter{.database_uid = {.low = 11, .high = 22}, .pid = 33, .opened_ms = 44};

inline Figures SampleFigures(uint64_t seed) {
  uint64_t next = seed * 1'000'000;
  Figures figures{.updated_ms = ++next, .heartbeat_ns = ++next, .updates = ++next, .events = ++next};
  for (const CounterField& counter : Counters()) figures.stats.*counter.field = ++next;
  for (const HistogramField& field : Histograms()) {
    Histogram& histogram = figures.stats.*field.field;
    for (uint64_t& bucket : histogram.buckets) bucket = ++next;
    histogram.count = ++next;
    histogram.sum = ++next;
    histogram.max = ++next;
  }
  for (int level = 0; level < 7; ++level) {
    figures.stats.levels.push_back(
        {.tables = ++next, .runs = ++next, .bytes = ++next, .entries = ++next, .deletes = ++next});
  }
  figures.stall = {.cause = Stall::kDebt, .since_ms = ++next, .delay_ns_per_kib = ++next};
  for (uint32_t job = 0; job < 2; ++job) {
    figures.jobs.push_back({.kind = JobKind::kMerge,
                            .from = job,
                            .to = job + 1,
                            .family = ++next,
                            .tables = ++next,
                            .bytes = ++next,
                            .bytes_done = ++next,
                            .started_ms = ++next,
                            .reason = "level 0 has " + std::to_string(++next) + " runs"});
  }
  return figures;
}

inline Event SampleEvent(uint64_t number) {
  const uint64_t next = number * 100;
  return {.number = number,
          .time_ms = next + 1,
          .kind = EventKind::kCompaction,
          .from = static_cast<uint8_t>(number % 7),
          .to = static_cast<uint8_t>(number % 7 + 1),
          .numbers = {next + 2, next + 3, next + 4, next + 5},
          .text = "because of " + std::to_string(number)};
}

inline void ExpectSame(const Figures& actual, const Figures& expected) {
  EXPECT_EQ(actual.updated_ms, expected.updated_ms);
  EXPECT_EQ(actual.heartbeat_ns, expected.heartbeat_ns);
  EXPECT_EQ(actual.updates, expected.updates);
  EXPECT_EQ(actual.events, expected.events);
  EXPECT_EQ(actual.stats.ToJson(), expected.stats.ToJson());
  for (const HistogramField& field : Histograms()) {
    EXPECT_EQ((actual.stats.*field.field).buckets, (expected.stats.*field.field).buckets);
  }
  EXPECT_EQ(actual.stall, expected.stall);
  EXPECT_EQ(actual.jobs, expected.jobs);
}

}  // namespace amethyst::figures
