// Covers: connection_commands
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ConnectionCommands : public ServerTest {};

TEST_F(ConnectionCommands, PingAndEcho) {
  EXPECT_EQ(Line("ping"), "PONG");
  EXPECT_EQ(Line("ping hi"), "\"hi\"");
  EXPECT_EQ(Line("ping a b"), "(error) ERR wrong number of arguments for 'ping' command");
  EXPECT_EQ(Line("echo hi"), "\"hi\"");
  EXPECT_EQ(client_->Raw("PING\r\n*1\r\n$4\r\nping\r\n\r\n"), "PONG PONG");
}

TEST_F(ConnectionCommands, AskForAPassword) {
  EXPECT_THAT(Line("auth x"), StartsWith("(error) ERR AUTH <password> called without any password configured"));
  EXPECT_EQ(Line("auth default x"), "OK");
  EXPECT_EQ(Line("auth other x"), "(error) WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_EQ(Line("config set requirepass secret"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)") << "who is in stays in";
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(other.Line("get a"), "(error) NOAUTH Authentication required.");
  EXPECT_THAT(other.Line("hello 3"), StartsWith("(error) NOAUTH HELLO must be called"));
  for (const std::string_view wrong : {"auth x", "auth secre", "auth secretsecret", "auth \"\"", "auth other secret"}) {
    EXPECT_EQ(other.Line(wrong), "(error) WRONGPASS invalid username-password pair or user is disabled.") << wrong;
  }
  EXPECT_EQ(other.Line("hello 3 auth default wrong"),
            "(error) WRONGPASS invalid username-password pair or user is disabled.");
  EXPECT_THAT(other.Line("hello 3 auth default secret setname me"), StartsWith("{\"server\": \"redis\""));
  EXPECT_EQ(other.Line("client getname"), "\"me\"");
  EXPECT_EQ(other.Line("reset"), "RESET");
  EXPECT_EQ(other.Line("get a"), "(error) NOAUTH Authentication required.");
  EXPECT_EQ(other.Line("auth secret"), "OK");
  EXPECT_EQ(other.Line("get a"), "(nil)");
}

TEST_F(ConnectionCommands, GiveStrangersLittleRoom) {
  Configure("requirepass", "secret");
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(other.Raw("*11\r\n"), "(error) ERR Protocol error: unauthenticated multibulk length");
  EXPECT_TRUE(other.is_closed());
}

TEST_F(ConnectionCommands, Greet) {
  EXPECT_THAT(Line("hello"), HasSubstr("\"proto\", 2, \"id\", 1, \"mode\", \"standalone\""));
  EXPECT_THAT(Line("hello 3"), HasSubstr("\"proto\": 3"));
  EXPECT_EQ(Line("get a"), "(null)");
  EXPECT_THAT(Line("hello 2"), HasSubstr("\"proto\", 2"));
  EXPECT_EQ(Line("hello 4"), "(error) NOPROTO unsupported protocol version");
  EXPECT_EQ(Line("hello x"), "(error) ERR Protocol version is not an integer or out of range");
  EXPECT_EQ(Line("hello 3 what"), "(error) ERR Syntax error in HELLO option 'what'");
  EXPECT_EQ(Line("get a"), "(nil)") << "a refused HELLO changes nothing";
}

TEST_F(ConnectionCommands, SelectDatabases) {
  EXPECT_EQ(Line("set a 0"), "OK");
  EXPECT_EQ(Line("select 1"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("select 16"), "(error) ERR DB index is out of range");
  EXPECT_EQ(Line("select -1"), "(error) ERR DB index is out of range");
  EXPECT_EQ(Line("select x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("select 0"), "OK");
  EXPECT_EQ(Line("get a"), "\"0\"");
}

TEST_F(ConnectionCommands, ResetAllThatASessionHasSet) {
  EXPECT_EQ(Line("select 3"), "OK");
  EXPECT_EQ(Line("client setname me"), "OK");
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("reset"), "RESET");
  EXPECT_EQ(Line("exec"), "(error) ERR EXEC without MULTI");
  EXPECT_EQ(Line("client getname"), "(nil)");
  EXPECT_THAT(Line("client info"), HasSubstr(" db=0 "));
}

TEST_F(ConnectionCommands, Quit) {
  EXPECT_EQ(client_->Raw("quit\r\nset a 1\r\n"), "OK");
  EXPECT_TRUE(client_->is_closed());
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(other.Line("get a"), "(nil)") << "what stands behind QUIT does not run";
}

TEST_F(ConnectionCommands, RefuseTooManyClients) {
  EXPECT_EQ(Line("config set maxclients 1"), "OK");
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(other.Received(), "(error) ERR max number of clients reached");
  EXPECT_TRUE(other.is_closed());
}

}  // namespace
}  // namespace amethyst::server
