#include "io/posix_path.h"

#include <gtest/gtest.h>

#include <string>

namespace amethyst::io {
namespace {

constexpr int kHeld = 17;

std::string NameIn(const std::string& path, const std::string& root) {
  const PosixPath looked_up(path, root, kHeld);
  EXPECT_EQ(looked_up.directory, kHeld);
  EXPECT_EQ(&looked_up.text, &path);
  return looked_up.name;
}

TEST(PosixPath, IsLookedUpFromTheWorkingDirectoryByItself) {
  const std::string path = "data/CURRENT";
  const PosixPath looked_up(path);
  EXPECT_EQ(looked_up.directory, AT_FDCWD);
  EXPECT_EQ(looked_up.name, path);
}

TEST(PosixPath, InADirectoryIsTheRestOfIt) {
  EXPECT_EQ(NameIn("data/CURRENT", "data"), "CURRENT");
  EXPECT_EQ(NameIn("data/CURRENT", "data/"), "CURRENT");
  EXPECT_EQ(NameIn("data//CURRENT", "data//"), "CURRENT");
  EXPECT_EQ(NameIn("/CURRENT", "/"), "CURRENT");
  EXPECT_EQ(NameIn("./CURRENT", "."), "CURRENT");
  EXPECT_EQ(NameIn("data/deep/CURRENT", "data"), "deep/CURRENT");
}

TEST(PosixPath, OfTheDirectoryItselfIsADot) {
  for (const std::string path : {"data", "data/", "data//"}) {
    EXPECT_EQ(NameIn(path, "data/"), ".");
    EXPECT_EQ(NameIn(path, "data"), ".");
  }
  EXPECT_EQ(NameIn("/", "/"), ".");
}

TEST(PosixPathDeathTest, OutsideOfTheDirectoryIsNoPathOfIt) {
  const std::string path = "database/CURRENT";
  EXPECT_DEATH(PosixPath(path, "data", kHeld), "inside");
}

}  // namespace
}  // namespace amethyst::io
