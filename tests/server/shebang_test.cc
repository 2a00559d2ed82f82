// Covers: shebang
#include <gtest/gtest.h>

#include "server/lua/shebang.h"

namespace amethyst::server {
namespace {

std::string Told(std::string_view script) {
  const auto shebang = ReadShebang(script);
  if (!shebang) return shebang.error();
  return std::string(shebang->is_there ? "there " : "none ") + (shebang->flags.no_writes() ? "reads " : "writes ") +
         std::to_string(shebang->bytes);
}

TEST(Shebang, TellsHowAScriptBehaves) {
  EXPECT_EQ(Told("return 1"), "none writes 0");
  EXPECT_EQ(Told("#!lua\nreturn 1"), "there writes 5");
  EXPECT_EQ(Told("#!lua flags=no-writes\n"), "there reads 21");
  EXPECT_EQ(Told("#!lua  flags=allow-oom,no-writes,allow-stale,no-cluster,allow-cross-slot-keys \n"), "there reads 78");
  EXPECT_EQ(Told("#!lua flags=\n"), "there writes 12");
}

TEST(Shebang, IsRefusedAsByRedis) {
  EXPECT_EQ(Told("#!lua"), "Invalid script shebang");
  EXPECT_EQ(Told("#!\n"), "Unexpected engine in script shebang: #!");
  EXPECT_EQ(Told("#!python x\n"), "Unexpected engine in script shebang: #!python");
  EXPECT_EQ(Told("#!lua badger=data\n"), "Unknown lua shebang option: badger=data");
  EXPECT_EQ(Told("#!lua flags=no-writes,what\n"), "Unexpected flag in script shebang: what");
  EXPECT_EQ(Told("#!lua flags=no-writes,\n"), "Unexpected flag in script shebang: ");
}

}  // namespace
}  // namespace amethyst::server
