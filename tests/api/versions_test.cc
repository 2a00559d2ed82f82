// Many versions of one key, each kept by a snapshot.
#include <gtest/gtest.h>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

TEST(Versions, AndSnapshotsOfOneKeySurviveFlushAndCompaction) {
  const support::TempDirectory directory;
  const std::unique_ptr<DB> db = support::OpenOrFail(directory.path());
  std::vector<Snapshot> snapshots;
  for (int i = 0; i <= 200; ++i) {
    ASSERT_TRUE(i % 7 == 3 ? db->Delete("k") : db->Put("k", std::to_string(i)));
    if (i % 3 == 0) snapshots.push_back(db->GetSnapshot());
    if (i % 50 == 49) {
      ASSERT_TRUE(db->Flush());
    }
  }
  const auto check = [&] {
    for (size_t s = 0; s < snapshots.size(); ++s) {
      const int i = static_cast<int>(3 * s);
      ReadOptions options;
      options.snapshot = &snapshots[s];
      ASSERT_EQ(db->Get("k", options).value().value_or("(absent)"), i % 7 == 3 ? "(absent)" : std::to_string(i));
    }
  };
  check();
  ASSERT_TRUE(db->CompactRange());
  check();
  snapshots.clear();
  ASSERT_TRUE(db->CompactRange());
  EXPECT_EQ(db->Get("k").value(), "200");
  uint64_t entries = 0;
  for (const LevelStats& level : db->GetStats().levels) entries += level.entries;
  EXPECT_EQ(entries, 1);
}

}  // namespace
}  // namespace amethyst
