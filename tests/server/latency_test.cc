// Covers: latency, latency_commands, server_records
#include "server/latency.h"

#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LatencyCommandsTest : public ServerTest {
 protected:
  // As if something had taken that long.
  void Note(std::string_view event, uint64_t time_s, uint64_t took_ms) {
    server_->latency().Add(event, {.time_s = time_s, .milliseconds = took_ms});
  }
};

TEST_F(LatencyCommandsTest, ShowWhatTookLong) {
  EXPECT_THAT(Line("latency doctor"), HasSubstr("Nothing is watched."));
  EXPECT_EQ(Line("config set latency-monitor-threshold 20"), "OK");
  EXPECT_THAT(Line("latency doctor"), HasSubstr("Nothing has taken long"));
  Note("command", 100, 30);
  Note("command", 100, 50);
  Note("command", 102, 40);
  Note("expire-cycle", 101, 25);
  EXPECT_EQ(Line("latency latest"), R"([["command", 102, 40, 50], ["expire-cycle", 101, 25, 25]])");
  EXPECT_EQ(Line("latency history command"), "[[100, 50], [102, 40]]") << "one of each second, the longest";
  EXPECT_EQ(Line("latency history nosuch"), "[]");
  EXPECT_THAT(Line("latency doctor"), HasSubstr("command: 2 samples, 45 ms on average, 50 ms at the most."));
  EXPECT_EQ(Line("latency reset nosuch command"), "1");
  EXPECT_EQ(Line("latency reset"), "1");
  EXPECT_EQ(Line("latency latest"), "[]");
  EXPECT_EQ(Line("latency nosuch"), "(error) ERR unknown subcommand 'nosuch'. Try LATENCY HELP.");
}

TEST_F(LatencyCommandsTest, CountHowLongCallsTake) {
  EXPECT_EQ(Line("config resetstat"), "OK");
  EXPECT_EQ(Line("latency histogram"), R"(["config|resetstat", ["calls", 1, "histogram_usec", [1, 1]]])");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("set a 2"), "OK");
  EXPECT_EQ(Line("client id"), "1");
  EXPECT_EQ(Line("latency histogram set nosuch hset"), R"(["set", ["calls", 2, "histogram_usec", [1, 2]]])");
  EXPECT_THAT(Line("latency histogram client"), StartsWith(R"(["client|id", ["calls", 1)"));
  EXPECT_THAT(Line("latency histogram client|id"), StartsWith(R"(["client|id", ["calls", 1)"));
  EXPECT_EQ(Line("latency histogram nosuch"), "[]");
}

TEST(LatencyHistogram, HasABucketForEachPowerOfTwo) {
  LatencyHistogram histogram;
  for (const uint64_t microseconds : {0U, 1U, 2U, 3U, 4U, 5U, 8U, 9U}) histogram.Add(microseconds);
  EXPECT_EQ(histogram.buckets()[0], 2U);
  EXPECT_EQ(histogram.buckets()[1], 1U);
  EXPECT_EQ(histogram.buckets()[2], 2U);
  EXPECT_EQ(histogram.buckets()[3], 2U);
  EXPECT_EQ(histogram.buckets()[4], 1U);
  histogram.Add(UINT64_MAX);
  EXPECT_EQ(histogram.buckets().back(), 1U);
}

TEST(Latency, KeepsTheLastSamplesOfEachEvent) {
  Latency latency;
  for (uint64_t second = 1; second <= 200; ++second) latency.Add("command", {.time_s = second, .milliseconds = second});
  const Latency::Event& event = latency.events().at("command");
  EXPECT_EQ(event.samples.size(), 160U);
  EXPECT_EQ(event.samples.front().time_s, 41U);
  EXPECT_EQ(event.longest_ms, 200U);
}

}  // namespace
}  // namespace amethyst::server
