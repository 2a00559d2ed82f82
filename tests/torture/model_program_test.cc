#include "torture/model_program.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "io/serial_environment.h"
#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

TEST(ModelProgram, FindsNoViolationOnRealFilesWithRealThreads) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const support::TempDirectory directory;
    const ModelReport report =
        ModelProgram({.seed = seed, .operations = 20'000, .path = directory.path(), .environment = nullptr}).Run();
    ASSERT_EQ(report.violation, "");
    EXPECT_GE(report.writes * 10, report.operations * 3);
    EXPECT_GT(report.flushes, 0);
    EXPECT_GT(report.reopens, 0);
  }
}

TEST(ModelProgram, FindsNoViolationInMemoryOnOneThread) {
  for (uint64_t seed = 100; seed < 104; ++seed) {
    const auto environment = std::make_shared<io::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), seed);
    const ModelReport report =
        ModelProgram({.seed = seed, .operations = 20'000, .path = "/db", .environment = environment}).Run();
    ASSERT_EQ(report.violation, "");
  }
}

TEST(ModelProgram, IsReproducedByItsSeedOnOneThread) {
  const auto run = [] {
    const auto environment = std::make_shared<io::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), 7);
    return ModelProgram({.seed = 7, .operations = 5'000, .path = "/db", .environment = environment}).Run();
  };
  const ModelReport first = run(), second = run();
  EXPECT_EQ(first.violation, "");
  EXPECT_EQ(first.flushes, second.flushes);
  EXPECT_EQ(first.compactions, second.compactions);
  EXPECT_EQ(first.writes, second.writes);
}

}  // namespace
}  // namespace amethyst::torture
