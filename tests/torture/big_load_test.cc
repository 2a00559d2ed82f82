#include "torture/big_load.h"

#include <gtest/gtest.h>

#include "base/sanitizer.h"
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
#if !AMETHYST_ADDRESS_SANITIZER && !AMETHYST_THREAD_SANITIZER  // Whose own memory would be counted.
  EXPECT_LE(report.peak_bytes, settings.options.memory_budget_bytes + (size_t{64} << 20));
#endif
}

}  // namespace
}  // namespace amethyst::torture
