#include "engine/family.h"

#include <gtest/gtest.h>

namespace amethyst::engine {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

Family FamilyWith(size_t write_buffer_bytes) {
  Settings settings;
  settings.write_buffer_bytes = write_buffer_bytes;
  return {settings, {.low = 1, .high = 2}};
}

TEST(Family, ItsTablesAreLikeAWriteBufferWithinBounds) {
  EXPECT_EQ(FamilyWith(64 << 10).table_bytes, 2 * kMiB);
  EXPECT_EQ(FamilyWith(8 * kMiB).table_bytes, 8 * kMiB);
  EXPECT_EQ(FamilyWith(64 * kMiB).table_bytes, 32 * kMiB);
}

TEST(Family, ItsTablesAreMarkedWithTheDatabase) {
  EXPECT_EQ(FamilyWith(kMiB).table_options.database_uid, (base::Uid{.low = 1, .high = 2}));
}

}  // namespace
}  // namespace amethyst::engine
