#include "torture/big_load.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

// A tenth of a budget's worth too large to fit, so that everything has to come and go; the long form loads ten million.
TEST(BigLoad, KeepsToItsMemoryAndReadsEverythingBack) {
  const support::TempDirectory directory;
  BigLoadSettings settings{.seed = 1, .entries = 200'000, .options = {}, .path = directory.File("db")};
  settings.options.memory_budget_bytes = size_t{16} << 20;
  const BigLoadReport report = BigLoad(settings);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.disk_bytes, size_t{10} << 20);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LE(report.peak_bytes, settings.options.memory_budget_bytes + (size_t{64} << 20));
#endif
}

}  // namespace
}  // namespace amethyst::torture
