// Covers: client_commands
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class ClientCommands : public ServerTest {
 protected:
  Client other_{*this, "127.0.0.1:50001"};
};

TEST_F(ClientCommands, NameThemselves) {
  EXPECT_EQ(Line("client id"), "1");
  EXPECT_EQ(other_.Line("client id"), "2");
  EXPECT_EQ(Line("client getname"), "(nil)");
  EXPECT_EQ(Line("client setname me"), "OK");
  EXPECT_EQ(Line("client getname"), "\"me\"");
  EXPECT_EQ(Line("client setname 'a b'"),
            "(error) ERR Client names cannot contain spaces, newlines or special characters.");
  EXPECT_EQ(Line("client setname ''"), "OK");
  EXPECT_EQ(Line("client getname"), "(nil)");
  EXPECT_EQ(Line("client getredir"), "-1");
}

TEST_F(ClientCommands, AreListed) {
  EXPECT_EQ(other_.Line("subscribe a"), "[\"subscribe\", \"a\", 1]");
  clock_.Advance(milliseconds(5'000));
  EXPECT_THAT(Line("client list"), HasSubstr("id=2 addr=127.0.0.1:50001 laddr=127.0.0.1:6380"));
  EXPECT_THAT(Line("client list id 2"), HasSubstr("age=5 idle=5 flags=P db=0 sub=1"));
  EXPECT_THAT(Line("client list id 2"), Not(HasSubstr("id=1 ")));
  EXPECT_THAT(Line("client list type pubsub"), Not(HasSubstr("id=1 ")));
  EXPECT_THAT(Line("client list type normal"), HasSubstr("id=1 "));
  EXPECT_THAT(Line("client info"), HasSubstr("cmd=client|info"));
  EXPECT_THAT(Line("client info"), HasSubstr("qbuf=26 qbuf-free=0 argv-mem=10 multi-mem=0"));
  EXPECT_EQ(other_.Raw("*1\r\n$4"), "");
  EXPECT_THAT(Line("client list id 2"), HasSubstr("qbuf=6 qbuf-free=0 argv-mem=0 multi-mem=0"));
  EXPECT_EQ(Line("client list type what"), "(error) ERR Unknown client type 'what'");
  EXPECT_EQ(Line("client list id x"), "(error) ERR Invalid client ID");
  EXPECT_EQ(Line("client list what"), "(error) ERR syntax error");
}

TEST_F(ClientCommands, AreKilled) {
  EXPECT_EQ(Line("client kill 127.0.0.1:1"), "(error) ERR No such client");
  EXPECT_EQ(Line("client kill 127.0.0.1:50001"), "OK");
  EXPECT_TRUE(other_.is_closed());
  Client third(*this, "127.0.0.1:50002");
  EXPECT_EQ(Line("client kill id 3 type pubsub"), "0");
  EXPECT_EQ(Line("client kill id 3 skipme yes"), "1");
  EXPECT_TRUE(third.is_closed());
  EXPECT_EQ(Line("client kill id x"), "(error) ERR client-id should be greater than 0");
  EXPECT_EQ(Line("client kill what x"), "(error) ERR syntax error");
  EXPECT_EQ(Line("client kill user nobody"), "(error) ERR No such user 'nobody'");
  EXPECT_EQ(Line("client kill id 1"), "0") << "not oneself";
  EXPECT_EQ(Line("client kill id 1 skipme no"), "1");
  EXPECT_TRUE(client_->is_closed());
}

TEST_F(ClientCommands, DoWithoutReplies) {
  EXPECT_EQ(Line("client reply off"), "");
  EXPECT_EQ(Line("set a 1"), "");
  EXPECT_EQ(Line("get a"), "");
  EXPECT_EQ(Line("client reply on"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("client reply skip"), "");
  EXPECT_EQ(Line("get a"), "");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("client reply what"), "(error) ERR syntax error");
}

TEST_F(ClientCommands, AreHeldByAPause) {
  Client writer(*this, "127.0.0.1:2");
  EXPECT_EQ(Line("client pause 1000 write"), "OK");
  EXPECT_EQ(writer.Line("set a 1"), "") << "held";
  EXPECT_EQ(writer.Line("get a"), "") << "and what comes behind it";
  EXPECT_EQ(Line("get a"), "(nil)") << "who reads goes on";
  EXPECT_EQ(Line("client pause 10 all"), "OK") << "wider, and no shorter";
  EXPECT_EQ(Line("get a"), "");
  Pass(std::chrono::milliseconds(999));
  EXPECT_EQ(writer.Received(), "");
  Pass(std::chrono::milliseconds(1));
  EXPECT_EQ(writer.Received(), "OK \"1\"");
  EXPECT_EQ(client_->Received(), "(nil)") << "it has asked before: clients go on in the order in which they came";
  EXPECT_EQ(Line("client pause -1"), "(error) ERR timeout is negative");
}

TEST_F(ClientCommands, EndingAPauseExpiresWhatIsDue) {
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  EXPECT_EQ(Line("client pause 1000 write"), "OK");
  Pass(std::chrono::milliseconds(100));
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("dbsize"), "1") << "it lies there";
  EXPECT_EQ(Line("client unpause"), "OK");
  EXPECT_EQ(Line("dbsize"), "0");
}

TEST_F(ClientCommands, AreHeldAtExecWhereATransactionWrites) {
  Client writer(*this, "127.0.0.1:2");
  EXPECT_EQ(writer.Line("multi"), "OK");
  EXPECT_EQ(writer.Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("client pause 1000 write"), "OK");
  EXPECT_EQ(writer.Line("exec"), "");
  EXPECT_EQ(Line("client unpause"), "OK");
  EXPECT_EQ(writer.Received(), "[OK]");
}

TEST_F(ClientCommands, AreNotUnblockedWhereTheyDoNotWait) {
  EXPECT_EQ(Line("client unblock 2"), "0");
  EXPECT_EQ(Line("client unblock 77"), "0");
  EXPECT_EQ(Line("client unblock x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("client unblock 2 what"), "(error) ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  EXPECT_EQ(Line("client no-evict on"), "OK");
  EXPECT_EQ(Line("client no-evict what"), "(error) ERR syntax error");
}

TEST_F(ClientCommands, ThatAreIdleAreClosedWhereAsked) {
  EXPECT_EQ(Line("config set timeout 10"), "OK");
  Pass(milliseconds(10'000));
  EXPECT_FALSE(other_.is_closed());
  EXPECT_EQ(Line("ping"), "PONG");
  Pass(milliseconds(1'000));
  EXPECT_TRUE(other_.is_closed());
  EXPECT_FALSE(client_->is_closed());
}

}  // namespace
}  // namespace amethyst::server
