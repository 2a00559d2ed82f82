#include <gmock/gmock.h>

#include <filesystem>

#include "amethyst/amethyst.h"
#include "io/environment.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

class Destroy : public testing::Test {
 protected:
  void SetUp() override {
    auto database = DB::Open(path_);
    ASSERT_TRUE(database) << database.error().message();
    ASSERT_TRUE((*database)->Put("apple", "artichoke"));
    ASSERT_TRUE((*database)->Close());
  }
  void Write(const std::string& name) {
    ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), path_ + "/" + name, "x"));
  }

  support::TempDirectory directory_;
  std::string path_ = directory_.File("db");
};

TEST_F(Destroy, RemovesEverythingAndTheDirectory) {
  ASSERT_TRUE(DB::Destroy(path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Destroy, LeavesWhatIsNotOurs) {
  const std::vector<std::string> foreign = {"notes.txt", "12.sst",  "000012.sst.bak",
                                            "MANIFEST",  "current", "0000012.wal"};
  for (const std::string& name : foreign) Write(name);
  ASSERT_TRUE(DB::Destroy(path_));
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) left.push_back(entry.path().filename());
  EXPECT_THAT(left, testing::UnorderedElementsAreArray(foreign));
}

TEST_F(Destroy, IsRefusedWhileTheDatabaseIsOpen) {
  const auto database = DB::Open(path_);
  ASSERT_TRUE(database);
  const Status destroyed = DB::Destroy(path_);
  ASSERT_FALSE(destroyed);
  EXPECT_EQ(destroyed.error().code(), ErrorCode::kBusy);
  EXPECT_EQ(**(*database)->Get("apple"), "artichoke");
}

TEST_F(Destroy, IsRefusedWhereThereIsNoDatabase) {
  for (const std::string& path : {directory_.File("absent"), directory_.path()}) {
    const Status destroyed = DB::Destroy(path);
    ASSERT_FALSE(destroyed) << path;
    EXPECT_EQ(destroyed.error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Destroy, TakesADamagedDatabaseAsWell) {
  ASSERT_TRUE(std::filesystem::remove(path_ + "/CURRENT"));
  ASSERT_TRUE(DB::Destroy(path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace amethyst
