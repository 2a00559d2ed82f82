// Covers: database_commands, access
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

class DatabaseCommands : public ServerTest {
 protected:
  // Follows a cursor to its end, and counts how often each key came.
  template <typename Between>
  std::map<std::string, int> ScanAll(const std::string& options, Between between) {
    std::map<std::string, int> times;
    std::string cursor = "0";
    do {
      const std::string reply = Line("scan " + cursor + options);
      size_t at = reply.find('"') + 1;
      cursor = reply.substr(at, reply.find('"', at) - at);
      at = reply.find('[', 1);
      while ((at = reply.find('"', at)) != std::string::npos) {
        const size_t end = reply.find('"', at + 1);
        ++times[reply.substr(at + 1, end - at - 1)];
        at = end + 1;
      }
      between();
    } while (cursor != "0");
    return times;
  }
};

TEST_F(DatabaseCommands, ScanGivesWhatStaysExactlyOnce) {
  for (int i = 0; i < 300; ++i) EXPECT_EQ(Line(fmt::format("set stays{} 1", i)), "OK");
  base::Random random(3);
  const auto change = [&] {
    for (int i = 0; i < 10; ++i) {
      const uint64_t key = random.Below(100);
      Line(random.Below(2) == 0 ? fmt::format("set comes{} 1", key) : fmt::format("del comes{}", key));
    }
  };
  for (const std::string options : {"", " count 1", " count 1000", " match stays*", " type string count 7"}) {
    const std::map<std::string, int> times = ScanAll(options, change);
    int stayed = 0;
    for (const auto& [key, count] : times) {
      EXPECT_EQ(count, 1) << key;
      stayed += key.starts_with("stays") ? 1 : 0;
    }
    EXPECT_EQ(stayed, 300) << options;
  }
  EXPECT_EQ(ScanAll(" type hash", [] {}).size(), 0U);
}

TEST_F(DatabaseCommands, ScanGoesOnInARestartedServer) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Line(fmt::format("set key{} 1", i)), "OK");
  const std::map<std::string, int> times = ScanAll(" count 5", [&] { Restart(); });
  EXPECT_EQ(times.size(), 50U);
}

TEST_F(DatabaseCommands, ScanRefusesAsRedisDoes) {
  EXPECT_EQ(Line("scan x"), "(error) ERR invalid cursor");
  EXPECT_EQ(Line("scan 0 count 0"), "(error) ERR syntax error");
  EXPECT_EQ(Line("scan 0 count x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("scan 0 match"), "(error) ERR syntax error");
  EXPECT_EQ(Line("scan 0 what 1"), "(error) ERR syntax error");
  EXPECT_EQ(Line("scan 18446744073709551615"), "[\"0\", []]");
}

TEST_F(DatabaseCommands, KeysMatchPatterns) {
  EXPECT_EQ(Line("keys *"), "[]");
  EXPECT_EQ(Line("mset one 1 two 2 three 3"), "OK");
  EXPECT_EQ(Line("keys t?o"), "[\"two\"]");
  EXPECT_EQ(Line("keys x*"), "[]");
  EXPECT_EQ(Line("del one two"), "2");
  EXPECT_EQ(Line("randomkey"), "\"three\"");
}

TEST_F(DatabaseCommands, FlushOneOrAll) {
  for (const std::string database : {"0", "1"}) {
    EXPECT_EQ(Line("select " + database), "OK");
    EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  }
  EXPECT_EQ(Line("flushdb x"), "(error) ERR syntax error");
  EXPECT_EQ(Line("flushdb async"), "OK");
  EXPECT_EQ(Line("dbsize"), "0");
  EXPECT_EQ(Line("select 0"), "OK");
  EXPECT_EQ(Line("dbsize"), "2");
  EXPECT_EQ(Line("set a 1 px 100"), "OK");
  EXPECT_EQ(Line("flushall sync"), "OK");
  EXPECT_EQ(Line("dbsize"), "0");
  EXPECT_EQ(Line("set a 1"), "OK");
  Pass(milliseconds(200));
  EXPECT_EQ(Line("get a"), "\"1\"") << "the old expiry is forgotten";
}

TEST_F(DatabaseCommands, SwapNumbers) {
  EXPECT_EQ(Line("set a 0"), "OK");
  EXPECT_EQ(Line("swapdb 0 x"), "(error) ERR invalid second DB index");
  EXPECT_EQ(Line("swapdb x 0"), "(error) ERR invalid first DB index");
  EXPECT_EQ(Line("swapdb 0 16"), "(error) ERR DB index is out of range");
  EXPECT_EQ(Line("swapdb 0 0"), "OK");
  EXPECT_EQ(Line("get a"), "\"0\"");
  EXPECT_EQ(Line("swapdb 0 9"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("dbsize"), "0");
  Crash();
  EXPECT_EQ(Line("select 9"), "OK");
  EXPECT_EQ(Line("get a"), "\"0\"");
  EXPECT_EQ(Line("dbsize"), "1");
}

TEST_F(DatabaseCommands, SwapWithinATransaction) {
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a 0"), "QUEUED");
  EXPECT_EQ(Line("swapdb 0 1"), "QUEUED");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("dbsize"), "QUEUED");
  EXPECT_EQ(Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("swapdb 0 1"), "QUEUED");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[OK, OK, (nil), 0, OK, OK, \"0\"]");
}

}  // namespace
}  // namespace amethyst::server
