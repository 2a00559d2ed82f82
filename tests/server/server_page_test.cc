// The page of a server that works. Covers: server_page, server_routes, big_keys
#include <gmock/gmock.h>

#include "server/engine_counts.h"
#include "server/http/big_keys.h"
#include "server/http/server_routes.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServerPageTest : public ServerTest {
 protected:
  ServerPageTest() { AddServerRoutes(*server_, engine_, http_); }

  std::string Get(const std::string& target) {
    net::MemoryConnection connection("127.0.0.1:1");
    net::HttpSession* const session = http_.Connect(connection);
    http_.Receive(*session, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    http_.EndTurn();
    http_.Disconnect(*session);
    return connection.sent;
  }
  void Tick(int times) {
    for (int i = 0; i < times; ++i) http_.Tick();
  }

  EngineCounts engine_;
  net::HttpServer http_{net::HttpGuard([this] { return HttpAccessOf(config_); }, true), clock_};
};

TEST_F(ServerPageTest, TheSettingsSayWhoMayRead) {
  EXPECT_THAT(HttpAccessOf(config_).names, testing::IsEmpty());
  Configure("http-names", "db.example DB2");
  Configure("requirepass", "geheim");
  EXPECT_THAT(HttpAccessOf(config_).names, testing::ElementsAre("db.example", "db2"));
  EXPECT_THAT(Get("/"), StartsWith("HTTP/1.1 401"));
}

TEST_F(ServerPageTest, SendsASnapshotThenWhatChanges) {
  Line("set greeting hello");
  net::MemoryConnection connection("127.0.0.1:1");
  net::HttpSession* const session = http_.Connect(connection);
  http_.Receive(*session, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(std::exchange(connection.sent, {}),
              AllOf(HasSubstr("event: snapshot"), HasSubstr(R"("writer":"there")"), HasSubstr(R"("name":"keys")")));
  ASSERT_TRUE(space_->db().Flush());
  Tick(10);
  EXPECT_THAT(std::exchange(connection.sent, {}), AllOf(HasSubstr("event: edit"), HasSubstr("event: metrics")));
  Tick(10);
  EXPECT_THAT(connection.sent, AllOf(Not(HasSubstr("event: edit")), HasSubstr("event: metrics")));
  http_.Disconnect(*session);
  EXPECT_THAT(Get("/history"), HasSubstr(R"("edits":[{"edit":1)"));
}

TEST_F(ServerPageTest, TellsOfCommandsAndOfKeysThatWillExpire) {
  Line("set a 1 ex 60");
  Line("set b 1 ex 7200");
  Line("set c 1");
  net::MemoryConnection connection("127.0.0.1:1");
  net::HttpSession* const session = http_.Connect(connection);
  http_.Receive(*session, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(connection.sent,
              AllOf(HasSubstr(R"("keys":3,"expiring":2,"expiring_hour":1,"expiring_day":2)"), HasSubstr(R"("set":[)")));
  http_.Disconnect(*session);
}

TEST_F(ServerPageTest, TellsWhichKeysAreHotAndWhereReadsGo) {
  Line("set hot 1");
  for (int i = 0; i < 2000; ++i) Line("get hot");
  net::MemoryConnection connection("127.0.0.1:1");
  net::HttpSession* const session = http_.Connect(connection);
  http_.Receive(*session, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(connection.sent, AllOf(HasSubstr(R"("hot":[{"key":"hot","share":)"), HasSubstr(R"("reads":[")")));
  http_.Disconnect(*session);
}

TEST_F(ServerPageTest, FindsTheLargestCollections) {
  Line("config set hash-max-listpack-entries 1");
  for (int key = 0; key < 20; ++key) {
    for (int i = 0; i < 10 * key; ++i) {
      Send({"hset", "hash" + std::to_string(key), std::to_string(i), std::string(2000, 'x')});
    }
  }
  ASSERT_TRUE(space_->db().Flush());
  BigKeys keys;
  keys.Look(*space_, 7);
  keys.Look(*space_, 100);
  ASSERT_EQ(keys.Largest().size(), BigKeys::kKept);
  EXPECT_EQ(UserKeyOf(keys.Largest()[0].keys_key), "hash19");
  EXPECT_GT(keys.Largest()[0].bytes, keys.Largest()[7].bytes);
  Line("flushall");
  for (int i = 0; i < 2; ++i) keys.Look(*space_, 100);
  EXPECT_TRUE(keys.Largest().empty());
}

TEST_F(ServerPageTest, KeepsEditsWhileNobodyLooks) {
  Tick(100);
  Line("set greeting hello");
  ASSERT_TRUE(space_->db().Flush());
  Tick(100);
  EXPECT_THAT(Get("/history"), HasSubstr(R"("edits":[{"edit":1)"));
}

TEST_F(ServerPageTest, SaysWhereAKeyLives) {
  Line("set greeting hello");
  EXPECT_THAT(Get("/lookup?key=greeting"), HasSubstr(R"("where":"memory")"));
  ASSERT_TRUE(space_->db().Flush());
  EXPECT_THAT(Get("/lookup?key=greeting"), AllOf(HasSubstr(R"("where":"table")"), HasSubstr(R"("outcome":"found")")));
  EXPECT_THAT(Get("/lookup?key=greeting&db=1"), HasSubstr(R"("where":"nowhere")"));
  EXPECT_THAT(Get("/lookup?key=absent"), HasSubstr(R"("where":"nowhere")"));
  EXPECT_THAT(Get("/lookup"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Get("/lookup?key=a&db=99"), StartsWith("HTTP/1.1 400"));
}

}  // namespace
}  // namespace amethyst::server
