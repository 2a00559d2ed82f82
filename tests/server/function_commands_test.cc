// Covers: function_commands
#include <gtest/gtest.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

class FunctionCommands : public ServerTest {};

TEST_F(FunctionCommands, SayThatThereAreNone) {
  EXPECT_EQ(Line("function list"), "[]");
  EXPECT_EQ(Line("function flush async"), "OK");
  EXPECT_EQ(Line("function flush now"), "(error) ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  EXPECT_EQ(Line("function load x"), "(error) ERR unknown subcommand 'load'. Try FUNCTION HELP.");
}

}  // namespace
}  // namespace amethyst::server
