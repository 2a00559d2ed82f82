// Covers: key_commands, encoding_name
#include <gtest/gtest.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

class KeyCommands : public ServerTest {};

TEST_F(KeyCommands, DeleteAndCount) {
  EXPECT_EQ(Line("mset a 1 b 2 c 3"), "OK");
  EXPECT_EQ(Line("exists a a x"), "2");
  EXPECT_EQ(Line("touch a b x"), "2");
  EXPECT_EQ(Line("del a a x"), "1");
  EXPECT_EQ(Line("unlink b c"), "2");
  EXPECT_EQ(Line("dbsize"), "0");
  EXPECT_EQ(Line("type a"), "none");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("type a"), "string");
}

TEST_F(KeyCommands, RenameWithTheExpiry) {
  EXPECT_EQ(Line("set a 1 px 1000"), "OK");
  EXPECT_EQ(Line("set b 2"), "OK");
  EXPECT_EQ(Line("rename a b"), "OK");
  EXPECT_EQ(Line("get b"), "\"1\"");
  EXPECT_EQ(Line("pttl b"), "1000");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("dbsize"), "1");
  EXPECT_EQ(Line("rename b b"), "OK");
  EXPECT_EQ(Line("pttl b"), "1000");
  EXPECT_EQ(Line("set c 3"), "OK");
  EXPECT_EQ(Line("rename c b"), "OK");
  EXPECT_EQ(Line("pttl b"), "-1") << "the expiry is the value's";
  EXPECT_EQ(Line("rename x y"), "(error) ERR no such key");
  EXPECT_EQ(Line("rename x x"), "(error) ERR no such key");
}

TEST_F(KeyCommands, RenameOnlyToWhereNothingIs) {
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  EXPECT_EQ(Line("renamenx a b"), "0");
  EXPECT_EQ(Line("renamenx a a"), "0");
  EXPECT_EQ(Line("renamenx a c"), "1");
  EXPECT_EQ(Line("mget a b c"), "[(nil), \"2\", \"1\"]");
  EXPECT_EQ(Line("renamenx x y"), "(error) ERR no such key");
}

TEST_F(KeyCommands, MoveBetweenDatabases) {
  EXPECT_EQ(Line("set a 1 px 1000"), "OK");
  EXPECT_EQ(Line("move a 0"), "(error) ERR source and destination objects are the same");
  EXPECT_EQ(Line("move a 16"), "(error) ERR DB index is out of range");
  EXPECT_EQ(Line("move a x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("move x 1"), "0");
  EXPECT_EQ(Line("move a 1"), "1");
  EXPECT_EQ(Line("exists a"), "0");
  EXPECT_EQ(Line("set a 2"), "OK");
  EXPECT_EQ(Line("move a 1"), "0") << "it is there already";
  EXPECT_EQ(Line("get a"), "\"2\"");
  EXPECT_EQ(Line("select 1"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("pttl a"), "1000");
}

TEST_F(KeyCommands, Copy) {
  EXPECT_EQ(Line("set a 1 px 1000"), "OK");
  EXPECT_EQ(Line("copy a b"), "1");
  EXPECT_EQ(Line("pttl b"), "1000");
  EXPECT_EQ(Line("set a 2"), "OK");
  EXPECT_EQ(Line("copy a b"), "0");
  EXPECT_EQ(Line("copy a b replace"), "1");
  EXPECT_EQ(Line("get b"), "\"2\"");
  EXPECT_EQ(Line("pttl b"), "-1");
  EXPECT_EQ(Line("copy a a"), "(error) ERR source and destination objects are the same");
  EXPECT_EQ(Line("copy a a db 3"), "1");
  EXPECT_EQ(Line("copy x y"), "0");
  EXPECT_EQ(Line("copy a b db 16"), "(error) ERR DB index is out of range");
  EXPECT_EQ(Line("copy a b db x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("copy a b db"), "(error) ERR syntax error");
  EXPECT_EQ(Line("copy a b what"), "(error) ERR syntax error");
  EXPECT_EQ(Line("select 3"), "OK");
  EXPECT_EQ(Line("get a"), "\"2\"");
}

TEST_F(KeyCommands, TellOfObjects) {
  EXPECT_EQ(Line("set a 12"), "OK");
  EXPECT_EQ(Line("object encoding a"), "\"int\"");
  EXPECT_EQ(Line("set a x"), "OK");
  EXPECT_EQ(Line("object encoding a"), "\"embstr\"");
  EXPECT_EQ(Send({"set", "a", std::string(45, 'x')}), "OK");
  EXPECT_EQ(Line("object encoding a"), "\"raw\"");
  EXPECT_EQ(Line("object refcount a"), "1");
  EXPECT_EQ(Line("object idletime a"), "0");
  EXPECT_EQ(Line("object encoding x"), "(nil)");
  EXPECT_EQ(Line("object freq a"), "0");
}

TEST_F(KeyCommands, RefuseKeysThatAreTooLong) {
  const std::string longest(kNameBytesMax, 'k');
  EXPECT_EQ(Send({"set", longest, "1"}), "OK");
  EXPECT_EQ(Send({"get", longest}), "\"1\"");
  EXPECT_EQ(Send({"set", longest + "k", "1"}), "(error) ERR key is longer than 65,472 bytes");
  EXPECT_EQ(Send({"get", longest + "k"}), "(nil)");
  EXPECT_EQ(Send({"rename", longest, longest + "k"}), "(error) ERR key is longer than 65,472 bytes");
  EXPECT_EQ(Line("dbsize"), "1");
}

}  // namespace
}  // namespace amethyst::server
