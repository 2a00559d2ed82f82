// Which directories and names LevelDB's interface takes, on whichever library this program finds.
#include <gtest/gtest.h>
#include <leveldb/db.h>
#include <leveldb/env.h>

#include <string>
#include <vector>

#include "support/temp_directory.h"

namespace {

using amethyst::support::TempDirectory;
using leveldb::Status;

TEST(LevelDbDirectory, MayHoldFilesOfOthersWhichStay) {
  const TempDirectory directory;
  const std::string other = directory.path() + "/notes.txt";
  ASSERT_TRUE(leveldb::WriteStringToFile(leveldb::Env::Default(), "somebody else's", other).ok());
  leveldb::Options options;
  options.create_if_missing = true;
  for (int round = 0; round < 2; ++round) {
    leveldb::DB* db = nullptr;
    const Status opened = leveldb::DB::Open(options, directory.path(), &db);
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    EXPECT_TRUE(db->Put({}, "a", "1").ok());
    delete db;
    EXPECT_TRUE(leveldb::DestroyDB(directory.path(), options).ok());
    EXPECT_TRUE(leveldb::Env::Default()->FileExists(other));
  }
}

// LevelDB takes the name up to its zero byte.
TEST(AmethystAlone, ANameWithAZeroByteNamesNothing) {
  const TempDirectory directory;
  leveldb::Env* const env = leveldb::Env::Default();
  const std::string cut = directory.File("cut");
  const std::string whole = cut + std::string("\0whole", 6);
  ASSERT_TRUE(leveldb::WriteStringToFile(env, "kept", cut).ok());
  EXPECT_FALSE(env->FileExists(whole));
  EXPECT_FALSE(env->RemoveFile(whole).ok());
  EXPECT_FALSE(env->RenameFile(whole, directory.File("other")).ok());
  EXPECT_FALSE(env->CreateDir(directory.File("new") + std::string("\0", 1)).ok());
  EXPECT_FALSE(leveldb::WriteStringToFile(env, "lost", whole).ok());
  leveldb::Options options;
  options.create_if_missing = true;
  leveldb::DB* opened = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, directory.File("db") + std::string("\0", 1), &opened);
  EXPECT_TRUE(status.IsInvalidArgument()) << status.ToString();
  std::vector<std::string> names;
  ASSERT_TRUE(env->GetChildren(directory.path(), &names).ok());
  EXPECT_EQ(names.size(), 3u) << "the file, and the directory twice";
  std::string kept;
  ASSERT_TRUE(leveldb::ReadFileToString(env, cut, &kept).ok());
  EXPECT_EQ(kept, "kept");
}

}  // namespace
