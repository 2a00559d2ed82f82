// Covers: hyperloglog, hyperloglog_commands
#include "server/types/hyperloglog.h"

#include <memory>
#include <random>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using Outcome = HyperLogLog::Outcome;
constexpr uint64_t kAlwaysSparse = UINT64_MAX;

HyperLogLog::Registers RegistersOf(const HyperLogLog& sketch) {
  HyperLogLog::Registers registers{};
  EXPECT_TRUE(HyperLogLog::MergeInto(sketch.bytes(), &registers));
  return registers;
}

TEST(HyperLogLog, SparseAndDenseHoldTheSameRegisters) {
  std::mt19937_64 random(3);
  HyperLogLog sparse;
  HyperLogLog dense;
  ASSERT_TRUE(dense.MakeDense());
  for (int i = 0; i < 3'000; ++i) {
    const std::string element = std::to_string(random() % 2'000);
    ASSERT_EQ(sparse.Add(element, kAlwaysSparse), dense.Add(element, kAlwaysSparse));
  }
  EXPECT_FALSE(sparse.is_dense());
  EXPECT_EQ(RegistersOf(sparse), RegistersOf(dense));
  ASSERT_TRUE(sparse.MakeDense());
  EXPECT_EQ(sparse.bytes(), dense.bytes());
}

TEST(HyperLogLog, EstimatesWithinItsError) {
  HyperLogLog sketch;
  uint64_t added = 0;
  for (const uint64_t count : {1, 10, 100, 1'000, 10'000, 100'000}) {
    for (; added < count; ++added) (void)sketch.Add(std::to_string(added), 3'000);
    const auto estimate = static_cast<double>(HyperLogLog::Estimate(RegistersOf(sketch)));
    EXPECT_NEAR(estimate, static_cast<double>(count), 0.03 * static_cast<double>(count)) << count;
  }
  EXPECT_TRUE(sketch.is_dense());
}

TEST(HyperLogLog, DrawnBytesAreNeverReadBeyondTheirEnd) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes = HyperLogLog().bytes().substr(0, 16);
    const size_t size = random() % 300;
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random()));
    ASSERT_TRUE(HyperLogLog::HasHeader(bytes));
    HyperLogLog::Registers registers{};
    const bool is_whole = HyperLogLog::MergeInto(bytes, &registers);
    HyperLogLog sketch(bytes);
    for (size_t i = 0; i < 20; ++i) {
      (void)sketch.Raise(random() % HyperLogLog::kRegisters, static_cast<uint8_t>(1 + random() % 51), 200);
    }
    EXPECT_EQ(HyperLogLog(bytes).MakeDense(), is_whole);
  }
}

class HyperLogLogCommands : public ServerTest {};

TEST_F(HyperLogLogCommands, StoreTheBytesThatRedisStores) {
  EXPECT_EQ(Line("pfadd h a b c"), "1");
  const std::string runs = "`\\xf3\\x80P\\xb1\\x84K\\xfb\\x80BZ\"";
  EXPECT_EQ(Line("get h"), "\"HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80" + runs);
  EXPECT_EQ(Line("pfadd h a"), "0");
  EXPECT_EQ(Line("pfcount h"), "3");
  EXPECT_EQ(Line("get h"), "\"HYLL\\x01\\x00\\x00\\x00\\x03\\x00\\x00\\x00\\x00\\x00\\x00\\x00" + runs)
      << "with the count";
}

TEST_F(HyperLogLogCommands, CountAndMergeSeveral) {
  EXPECT_EQ(Line("pfadd a 1 2 3"), "1");
  EXPECT_EQ(Line("pfadd b 3 4"), "1");
  EXPECT_EQ(Line("pfadd c"), "1") << "which makes an empty one";
  EXPECT_EQ(Line("pfadd c"), "0");
  EXPECT_EQ(Line("pfcount a b c none"), "4");
  EXPECT_EQ(Line("pfcount none"), "0");
  EXPECT_EQ(Line("expire a 100"), "1");
  EXPECT_EQ(Line("pfmerge a b"), "OK");
  EXPECT_EQ(Line("pfcount a"), "4");
  EXPECT_EQ(Line("ttl a"), "100");
}

TEST_F(HyperLogLogCommands, BecomeDenseWhereTheyAreTold) {
  Configure("hll-sparse-max-bytes", "20");
  EXPECT_EQ(Line("pfadd a 1"), "1");
  EXPECT_EQ(Line("pfadd a 1 2 3"), "1");
  EXPECT_EQ(Line("strlen a"), "12304");
  EXPECT_EQ(Line("pfcount a"), "3");
  EXPECT_EQ(Line("pfmerge b a"), "OK");
  EXPECT_EQ(Line("strlen b"), "12304");
}

TEST_F(HyperLogLogCommands, RefuseOtherValues) {
  EXPECT_EQ(Line("set s text"), "OK");
  EXPECT_EQ(Line("hset h f v"), "1");
  for (const char* line : {"pfadd s a", "pfcount s", "pfcount none s", "pfmerge a s"}) {
    EXPECT_EQ(Line(line), "(error) WRONGTYPE Key is not a valid HyperLogLog string value.") << line;
  }
  EXPECT_EQ(Line("pfadd h a"), "(error) WRONGTYPE Operation against a key holding the wrong kind of value");
  std::string corrupt = HyperLogLog().bytes().substr(0, 16) + "\x05";
  corrupt[15] = '\x80';
  EXPECT_EQ(Send({"set", "c", corrupt}), "OK");
  for (const char* line : {"pfadd c a", "pfcount c", "pfcount c none", "pfmerge a c", "pfmerge c"}) {
    EXPECT_EQ(Line(line), "(error) INVALIDOBJ Corrupted HLL object detected") << line;
  }
  EXPECT_EQ(Line("exists a"), "0");
}

}  // namespace
}  // namespace amethyst::server
