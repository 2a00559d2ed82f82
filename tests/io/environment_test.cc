#include "io/environment.h"

#include <gtest/gtest.h>

#include "amethyst/components.h"

namespace amethyst::io {
namespace {

TEST(Environment, OfADirectoryHasItsFilesAndTheClockOfItsBase) {
  const auto base = NewInMemoryEnvironment();
  ASSERT_TRUE(base->files().CreateDirectories("/data").has_value());
  const auto directory = OpenDirectory(base, "/data").value();
  EXPECT_EQ(&directory->clock(), &base->clock());
  EXPECT_TRUE(directory->files().Exists("/data").value());
}

}  // namespace
}  // namespace amethyst::io
