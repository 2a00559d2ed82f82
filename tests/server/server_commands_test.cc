// Covers: server_commands, info, checkpoints
#include <gmock/gmock.h>

#include "io/environment.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServerCommands : public ServerTest {
 protected:
  std::vector<std::string> Copies() { return *environment_->files().List("db/checkpoints"); }
};

TEST_F(ServerCommands, SaveCopiesAndKeepTheLastThree) {
  EXPECT_EQ(Line("lastsave"), "1700000000");
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(milliseconds(1'500));
    EXPECT_EQ(Line("set a " + std::to_string(i)), "OK");
    EXPECT_EQ(i % 2 == 0 ? Line("save") : Line("bgsave"), i % 2 == 0 ? "OK" : "Background saving started");
  }
  EXPECT_EQ(Line("lastsave"), "1700000007");
  EXPECT_THAT(Copies(),
              testing::ElementsAre("2023-11-14T22-13-24.500", "2023-11-14T22-13-26.000", "2023-11-14T22-13-27.500"));
  EXPECT_EQ(Line("save"), "OK") << "twice in the same moment";
  EXPECT_EQ(Copies().back(), "2023-11-14T22-13-27.501");
  Restart();
  EXPECT_EQ(Line("get a"), "\"4\"") << "the copies do not keep the database from opening";
  Components components;
  components.environment = environment_;
  auto copy = Space::Open("db/checkpoints/2023-11-14T22-13-26.000", {}, components);
  ASSERT_TRUE(copy) << copy.error().ToString();
  EXPECT_EQ((*copy)->KeyCount(0), 1);
  EXPECT_EQ(Line("bgsave x"), "(error) ERR syntax error");
  EXPECT_EQ(Line("bgrewriteaof"), "Background append only file rewriting started");
}

TEST_F(ServerCommands, LeaveOtherFilesBesideTheCopies) {
  ASSERT_TRUE(environment_->files().CreateDirectories("db/checkpoints/mine"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Line("save"), "OK");
  EXPECT_EQ(Copies().size(), 4U);
  EXPECT_EQ(Copies().back(), "mine");
}

TEST_F(ServerCommands, ShutDown) {
  EXPECT_EQ(Line("shutdown what"), "(error) ERR syntax error");
  EXPECT_EQ(Line("shutdown save nosave"), "(error) ERR syntax error");
  EXPECT_EQ(Line("shutdown abort"), "(error) ERR No shutdown in progress.");
  EXPECT_FALSE(server_->is_stopping());
  EXPECT_EQ(Line("shutdown save"), "");
  EXPECT_TRUE(server_->is_stopping());
  EXPECT_EQ(Copies().size(), 1U);
}

TEST_F(ServerCommands, TellTheTime) {
  EXPECT_EQ(Line("time"), "[\"1700000000\", \"0\"]");
  clock_.Advance(milliseconds(1'250));
  EXPECT_EQ(Line("time"), "[\"1700000001\", \"250000\"]");
}

TEST_F(ServerCommands, MeasureKeys) {
  EXPECT_EQ(Line("memory usage a"), "(nil)");
  EXPECT_EQ(Line("set a 12345"), "OK");
  EXPECT_EQ(Line("memory usage a"), "17") << "10 before the key, the key, the tag, the value";
  EXPECT_EQ(Line("memory usage a samples 0"), "17");
  EXPECT_EQ(Line("memory usage a samples"), "(error) ERR syntax error");
  EXPECT_EQ(Line("memory usage a samples -1"), "(error) ERR syntax error");
  EXPECT_EQ(Line("memory usage a samples x"), "(error) ERR value is not an integer or out of range");
}

TEST_F(ServerCommands, HaveNoReplicas) {
  EXPECT_EQ(Line("role"), "[\"master\", 0, []]");
  EXPECT_EQ(Line("replicaof no one"), "OK");
  EXPECT_EQ(Line("replicaof host x"), "(error) ERR Invalid master port");
  EXPECT_EQ(Line("replicaof host 6379"), "(error) ERR REPLICAOF is not supported by this server.");
  EXPECT_EQ(Line("wait 1 100"), "0");
  EXPECT_EQ(Line("wait x 0"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("wait 0 x"), "(error) ERR timeout is not an integer or out of range");
  EXPECT_EQ(Line("wait 0 -1"), "(error) ERR timeout is negative");
  EXPECT_THAT(Line("debug sleep 0"), StartsWith("(error) ERR DEBUG command not allowed."));
  EXPECT_THAT(Line("lolwut"), HasSubstr("Redis ver. 7.0.15"));
}

TEST_F(ServerCommands, InformInSections) {
  EXPECT_EQ(Line("set a 1 ex 100"), "OK");
  EXPECT_EQ(Line("nosuch"), "(error) ERR unknown command 'nosuch', with args beginning with: ");
  EXPECT_EQ(Line("incr a x").substr(0, 11), "(error) ERR");
  clock_.Advance(milliseconds(90'061'000));
  EXPECT_THAT(Line("info"), AllOf(HasSubstr("# Server\\x0d\\x0aredis_version:7.0.15\\x0d\\x0a"),
                                  HasSubstr("uptime_in_seconds:90061\\x0d"), HasSubstr("uptime_in_days:1\\x0d"),
                                  HasSubstr("connected_clients:1\\x0d"), HasSubstr("maxmemory_policy:noeviction"),
                                  HasSubstr("total_commands_processed:4"), HasSubstr("errorstat_ERR:count=2"),
                                  HasSubstr("db0:keys=1,expires=1,avg_ttl=0"), HasSubstr("# Amethyst\\x0d\\x0awrites:"),
                                  HasSubstr("write_amplification:"), Not(HasSubstr("cmdstat_"))));
  EXPECT_THAT(Line("info commandstats"),
              AllOf(StartsWith("\"# Commandstats\\x0d\\x0a"),
                    HasSubstr("cmdstat_set:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0"),
                    Not(HasSubstr("# Server"))));
  EXPECT_THAT(Line("info EVERYTHING"), AllOf(HasSubstr("cmdstat_set"), HasSubstr("# Keyspace")));
  EXPECT_THAT(Line("info server keyspace"), AllOf(HasSubstr("# Server"), HasSubstr("# Keyspace")));
  EXPECT_EQ(Line("info nosuch"), "\"\"");
}

}  // namespace
}  // namespace amethyst::server
