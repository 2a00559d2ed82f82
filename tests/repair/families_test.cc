// Each family of a damaged database comes back as itself. Covers: repair, salvage_merge
#include <gtest/gtest.h>

#include <filesystem>

#include "amethyst/amethyst.h"
#include "support/copy_live.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

class RepairFamilies : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(WithManifestAndWithout, RepairFamilies, testing::Bool());

TEST_P(RepairFamilies, AreKeptApartByWhatTheirTablesSay) {
  const support::TempDirectory directory;
  const std::string broken = directory.File("broken");
  {
    auto db = DB::Open(directory.File("live")).value();
    const Family users = db->CreateFamily("users").value();
    const Family gone = db->CreateFamily("gone").value();
    for (int i = 0; i < 1000; ++i) {
      const std::string key = "key" + std::to_string(i);
      ASSERT_TRUE(db->Put(key, "default"));
      ASSERT_TRUE(users.Put(key, "user"));
      ASSERT_TRUE(gone.Put(key, "gone"));
    }
    ASSERT_TRUE(db->Flush());
    ASSERT_TRUE(users.Put("logged", "user"));
    ASSERT_TRUE(gone.Put("logged", "gone"));
    ASSERT_TRUE(db->DropFamily(gone));
    support::CopyLive(directory.File("live"), broken);
  }
  const bool has_manifest = GetParam();
  if (!has_manifest) {
    std::filesystem::remove(broken + "/CURRENT");
    for (const auto& file : std::filesystem::directory_iterator(broken)) {
      if (file.path().filename().string().starts_with("MANIFEST")) std::filesystem::remove(file.path());
    }
  }
  const auto report = DB::Repair(broken, directory.File("repaired"));
  ASSERT_TRUE(report) << report.error().message();
  auto db = DB::Open(directory.File("repaired")).value();
  const Family users = db->OpenFamily("users").value();
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "key" + std::to_string(i);
    ASSERT_EQ(db->Get(key).value(), "default");
    ASSERT_EQ(users.Get(key).value(), "user");
  }
  EXPECT_EQ(users.Get("logged").value(), "user");
  EXPECT_EQ(db->Get("logged").value(), std::nullopt);
  // Without a manifest nobody says that the family was dropped whose entries are in the log.
  EXPECT_EQ(db->FamilyNames().size(), has_manifest ? 2u : 3u);
}

}  // namespace
}  // namespace amethyst
