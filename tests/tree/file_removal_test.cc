// Removing files that followers may still read.
#include "tree/file_removal.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "tree/file_names.h"

namespace amethyst::tree {
namespace {

using std::chrono::seconds;

class FileRemovalTest : public testing::Test {
 protected:
  FileRemovalTest() {
    EXPECT_TRUE(files_->CreateDirectories("/db"));
    removal_.PrepareMarks();
    removal_.MoveTo({.manifest = key::FileNumber{7}, .records = 3});
    marks_ = files_->OpenMarks("/db/READERS", io::MarksFile::kFound).value();
  }
  void Make(const std::string& name) { EXPECT_TRUE(files_->Create("/db/" + name)); }
  [[nodiscard]] bool IsThere(const std::string& name) { return files_->Exists("/db/" + name).value(); }
  [[nodiscard]] static uint64_t PlaceAt(uint64_t manifest, uint64_t records, seconds grace = seconds(60)) {
    return MarkPlace(ManifestPlace{.manifest = key::FileNumber{manifest}, .records = records}.Ordinal(), grace);
  }

  const std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  const std::shared_ptr<simulation::SerialEnvironment> environment_ =
      std::make_shared<simulation::SerialEnvironment>(files_, 1);
  FileRemoval removal_{environment_, "/db"};
  std::unique_ptr<io::ReaderMarks> marks_;
};

TEST_F(FileRemovalTest, WithoutFollowersFilesGoAtOnce) {
  Make("a");
  EXPECT_TRUE(removal_.Remove({"a"}));
  EXPECT_FALSE(IsThere("a"));
  EXPECT_FALSE(removal_.HasWaiting());
}

TEST_F(FileRemovalTest, FilesWaitForWhoeverStandsBeforeTheEdit) {
  for (const uint64_t place : {PlaceAt(7, 2), PlaceAt(6, 900), MarkPlace(0, seconds(60))}) {
    Make("a");
    ASSERT_TRUE(marks_->Hold(place));
    EXPECT_TRUE(removal_.Remove({"a"}));
    EXPECT_TRUE(removal_.RemoveWaiting());
    EXPECT_TRUE(IsThere("a"));
    EXPECT_TRUE(removal_.HasWaiting());
    marks_->LetGo(place);
    EXPECT_TRUE(removal_.RemoveWaiting());
    EXPECT_FALSE(IsThere("a"));
    EXPECT_FALSE(removal_.HasWaiting());
  }
}

TEST_F(FileRemovalTest, WhoHasTheEditNeedsNothingThatItMadeObsolete) {
  Make("a");
  ASSERT_TRUE(marks_->Hold(PlaceAt(7, 3)));
  EXPECT_TRUE(removal_.Remove({"a"}));
  EXPECT_FALSE(IsThere("a"));
}

TEST_F(FileRemovalTest, WhatWaitsDoesNotWaitForThoseWhoCameLater) {
  Make("a");
  ASSERT_TRUE(marks_->Hold(PlaceAt(7, 2)));
  EXPECT_TRUE(removal_.Remove({"a"}));
  removal_.MoveTo({.manifest = key::FileNumber{8}, .records = 1});
  ASSERT_TRUE(marks_->Hold(PlaceAt(7, 3)));
  marks_->LetGo(PlaceAt(7, 2));
  EXPECT_TRUE(removal_.RemoveWaiting());
  EXPECT_FALSE(IsThere("a"));
}

TEST_F(FileRemovalTest, NoFileWaitsLongerThanAFollowersGrace) {
  Make("a");
  ASSERT_TRUE(marks_->Hold(PlaceAt(7, 2, seconds(10))));
  EXPECT_TRUE(removal_.Remove({"a"}));
  environment_->clock().Sleep(seconds(11));  // 16 by the power of two.
  EXPECT_TRUE(removal_.RemoveWaiting());
  EXPECT_TRUE(IsThere("a"));
  environment_->clock().Sleep(seconds(6));
  EXPECT_TRUE(removal_.RemoveWaiting());
  EXPECT_FALSE(IsThere("a"));
}

TEST_F(FileRemovalTest, WhatCannotBeRemovedIsNamed) {
  std::vector<std::string> failed;
  Make("b");
  EXPECT_FALSE(removal_.Remove({"a", "b"}, [](std::string_view) {}, &failed));
  EXPECT_EQ(failed, std::vector<std::string>{"a"});
  EXPECT_FALSE(IsThere("b"));
}

TEST(ManifestPlace, AscendsWithTheEdits) {
  const auto ordinal = [](uint64_t manifest, uint64_t records) {
    return ManifestPlace{.manifest = key::FileNumber{manifest}, .records = records}.Ordinal();
  };
  EXPECT_LT(ordinal(1, 1), ordinal(1, 2));
  EXPECT_LT(ordinal(1, uint64_t{1} << 40), ordinal(2, 1));
  EXPECT_LE(ordinal(uint64_t{1} << 40, 1), ordinal(uint64_t{1} << 41, 1));
  EXPECT_LT(MarkPlace(ordinal(uint64_t{1} << 50, uint64_t{1} << 50), std::chrono::hours(1'000'000)),
            io::ReaderMarks::kPlaceMax);
}

}  // namespace
}  // namespace amethyst::tree
