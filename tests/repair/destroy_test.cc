#include <gmock/gmock.h>

#include <filesystem>

#include "amethyst/amethyst.h"
#include "io/system_environment.h"
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

TEST_F(Destroy, TakesSlashesAndALinkForTheDirectory) {
  ASSERT_TRUE(DB::Destroy(path_ + "//"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::create_directory(path_);
  const std::string link = directory_.File("link");
  std::filesystem::create_directory_symlink(path_, link);
  for (const std::string& name : {link, link + "/"}) {
    auto database = DB::Open(name);
    ASSERT_TRUE(database) << database.error().message();
    ASSERT_TRUE((*database)->Close());
    const Status destroyed = DB::Destroy(name);
    EXPECT_TRUE(destroyed) << destroyed.error().message();
    EXPECT_TRUE(std::filesystem::is_empty(path_)) << "where the link leads to, it can be made again";
  }
}

TEST_F(Destroy, LeavesAndNamesWhatOnlyHasANameOfOurs) {
  const auto other = DB::Open(directory_.File("other"));
  ASSERT_TRUE(other && (*other)->Put("pear", "plum") && (*other)->Flush());
  for (const auto& entry : std::filesystem::directory_iterator(directory_.File("other"))) {
    if (entry.path().extension() == ".sst") std::filesystem::copy(entry.path(), path_ + "/000098.sst");
  }
  Write("000099.sst");
  const Status destroyed = DB::Destroy(path_);
  ASSERT_FALSE(destroyed);
  EXPECT_THAT(destroyed.error().message(), testing::HasSubstr("000098.sst (of another database), 000099.sst (not"));
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) left.push_back(entry.path().filename());
  EXPECT_THAT(left, testing::UnorderedElementsAre("000098.sst", "000099.sst"));
  EXPECT_FALSE(DB::Destroy(path_)) << "there is none any more";
}

TEST_F(Destroy, LeavesAnotherLibrarysDatabaseAndNamesIt) {
  const std::string theirs = directory_.File("theirs");
  std::filesystem::create_directory(theirs);
  const auto write = [&](const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), theirs + "/" + name, bytes));
  };
  write("CURRENT", "MANIFEST-000005\n");
  write("MANIFEST-000005", std::string("\x12\x34\x56\x78\x20\0\x01\x01\x1aleveldb.BytewiseComparator", 35));
  write("OPTIONS-000007", "[Version]\n  rocksdb_version=9.7.4\n");
  write("000004.sst", "a table");
  const auto refused = [](const auto& result) {
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message(), testing::HasSubstr("this is a RocksDB database, 9.7.4; `amethyst --db "));
  };
  refused(DB::Destroy(theirs));
  refused(DB::Repair(theirs, directory_.File("saved")));
  refused(DB::Open(theirs));
  refused(DB::Open(theirs, {.read_only = true}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(theirs), {}), 4) << "no LOCK either";
  EXPECT_FALSE(std::filesystem::exists(directory_.File("saved")));
}

TEST_F(Destroy, TakesWhatIsLeftOfEachFile) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
  const std::string copy = directory_.File("copy");
  for (const std::string& name : names) {
    for (const size_t bytes : {0, 20}) {
      std::filesystem::copy(path_, copy);
      std::filesystem::resize_file(copy + "/" + name, bytes);
      const Status destroyed = DB::Destroy(copy);
      EXPECT_TRUE(destroyed) << name << ": " << destroyed.error().message();
      EXPECT_FALSE(std::filesystem::exists(copy));
      std::filesystem::remove_all(copy);
    }
  }
}

TEST_F(Destroy, TakesADamagedDatabaseAsWell) {
  ASSERT_TRUE(std::filesystem::remove(path_ + "/CURRENT"));
  ASSERT_TRUE(DB::Destroy(path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Destroy, IsNotWhatAnOpenDoesToStrangersAmongItsLeftovers) {
  std::string table;
  {
    auto database = DB::Open(path_);
    ASSERT_TRUE(database && (*database)->Flush());
  }
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    if (entry.path().extension() == ".sst") table = entry.path();
  }
  const std::string bytes = io::ReadFile(io::DefaultEnvironment()->files(), table).value();
  const auto write = [&](const std::string& name, std::string_view content) {
    ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), path_ + "/" + name, content));
  };
  write("900001.sst", bytes);
  write("900002.sst", std::string_view(bytes).substr(0, bytes.size() / 2));  // Not finished.
  write("900003.sst", std::string(bytes.size(), '\0'));
  write("900004.sst", "what somebody keeps here");
  ASSERT_TRUE(DB::Open(path_));
  for (const std::string name : {"900001.sst", "900002.sst", "900003.sst"}) {
    EXPECT_FALSE(std::filesystem::exists(path_ + "/" + name)) << name;
  }
  EXPECT_TRUE(std::filesystem::exists(path_ + "/900004.sst"));
}

}  // namespace
}  // namespace amethyst
