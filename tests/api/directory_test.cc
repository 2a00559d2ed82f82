// A database stays in the directory that it opened, whatever becomes of the names that led there; and has it alone,
// whatever becomes of its lock's file. Covers: db
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::TempDirectory;
using support::Text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Back in the working directory at the end.
class WorkingDirectory {
 public:
  WorkingDirectory() : before_(std::filesystem::current_path()) {}
  ~WorkingDirectory() { std::filesystem::current_path(before_); }
  void Change(const std::string& path) { std::filesystem::current_path(path); }

 private:
  const std::filesystem::path before_;
};

std::set<std::string> NamesIn(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

void Write(const std::string& path) { std::ofstream(path) << "somebody else's"; }

// Through every kind of file: several log segments, tables, compactions, a manifest that is written anew at open.
void PutMany(DB& db, int first, int entries) {
  for (int i = first; i < first + entries; ++i) {
    const WriteOptions durability{.durability = i % 1000 == 0 ? Durability::kSync : Durability::kBuffered};
    ASSERT_EQ(Text(db.Put(Key(static_cast<uint64_t>(i)), std::string(100, 'v'), durability)), "");
  }
}

TEST(Directory, ARelativePathMeansWhatItMeantAtOpen) {
  const TempDirectory top;
  std::filesystem::create_directories(top.File("one"));
  std::filesystem::create_directories(top.File("two/data"));
  WorkingDirectory working;
  working.Change(top.File("one"));
  auto db = OpenOrFail("data", SmallOptions());
  PutMany(*db, 0, 1000);
  working.Change(top.File("two"));
  PutMany(*db, 1000, 20'000);
  EXPECT_EQ(Text(db->Flush()), "");
  EXPECT_EQ(Text(db->CompactRange()), "");
  EXPECT_EQ(ContentOf(*db).size(), 21'000u) << "tables are opened on demand";
  EXPECT_EQ(Text(db->Close()), "");
  EXPECT_THAT(NamesIn(top.File("two/data")), IsEmpty());
  EXPECT_EQ(ContentOf(*OpenOrFail(top.File("one/data"))).size(), 21'000u);
}

TEST(Directory, AnotherDatabaseOfTheSameRelativePathIsNotTouched) {
  const TempDirectory top;
  std::filesystem::create_directories(top.File("one"));
  {
    PutMany(*OpenOrFail(top.File("two/data"), SmallOptions()), 0, 10'000);
  }
  WorkingDirectory working;
  working.Change(top.File("one"));
  auto db = OpenOrFail("data", SmallOptions());
  working.Change(top.File("two"));
  PutMany(*db, 50'000, 20'000);
  db.reset();
  EXPECT_EQ(ContentOf(*OpenOrFail(top.File("one/data"))).size(), 20'000u);
  EXPECT_EQ(ContentOf(*OpenOrFail(top.File("two/data"))).size(), 10'000u);
}

TEST(Directory, RenamedItIsStillTheSameAndANewOneInItsPlaceIsNot) {
  const TempDirectory top;
  const std::string path = top.File("data");
  auto db = OpenOrFail(path, SmallOptions());
  PutMany(*db, 0, 1000);
  std::filesystem::rename(path, top.File("elsewhere"));
  std::filesystem::create_directory(path);
  Write(path + "/000001.sst");
  PutMany(*db, 1000, 20'000);
  EXPECT_EQ(Text(db->Flush()), "");
  EXPECT_EQ(CodeOf(DB::Open(top.File("elsewhere"))), ErrorCode::kBusy);
  EXPECT_EQ(Text(db->Close()), "");
  EXPECT_THAT(NamesIn(path), ElementsAre("000001.sst"));
  EXPECT_EQ(ContentOf(*OpenOrFail(top.File("elsewhere"))).size(), 21'000u);
}

TEST(Directory, ReplacedByAnotherDatabaseBothGoOn) {
  const TempDirectory top;
  const std::string path = top.File("data");
  auto old = OpenOrFail(path, SmallOptions());
  std::filesystem::rename(path, top.File("old"));
  auto fresh = OpenOrFail(path, SmallOptions());
  PutMany(*old, 0, 20'000);
  PutMany(*fresh, 20'000, 10'000);
  EXPECT_EQ(Text(old->Close()), "");
  EXPECT_EQ(Text(fresh->Close()), "");
  EXPECT_EQ(ContentOf(*OpenOrFail(path)).size(), 10'000u);
  EXPECT_EQ(ContentOf(*OpenOrFail(top.File("old"))).size(), 20'000u);
}

TEST(Directory, RemovedItIsAnErrorAndOneMadeAnewStaysEmpty) {
  const TempDirectory top;
  const std::string path = top.File("data");
  auto db = OpenOrFail(path, SmallOptions());
  ASSERT_TRUE(db->Put("j", "v"));  // Which begins the log.
  std::filesystem::remove_all(path);
  std::filesystem::create_directory(path);
  ASSERT_TRUE(db->Put("k", std::string(100, 'v')));
  const Status flushed = db->Flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code(), ErrorCode::kIo);
  EXPECT_THAT(flushed.error().message(), HasSubstr(path + "/")) << "errors name the path that was given";
  static_cast<void>(db->Close());
  EXPECT_THAT(NamesIn(path), IsEmpty());
}

TEST(Directory, IsOwnedThoughItsLockFileIsRemoved) {
  const TempDirectory top;
  const std::string path = top.path();
  auto db = OpenOrFail(path, SmallOptions());
  PutMany(*db, 0, 100);
  std::filesystem::remove(path + "/LOCK");
  Options read_only = SmallOptions();
  read_only.read_only = true;
  EXPECT_EQ(CodeOf(DB::Open(path)), ErrorCode::kBusy);
  EXPECT_EQ(CodeOf(DB::Open(path, read_only)), ErrorCode::kBusy);
  EXPECT_EQ(CodeOf(DB::Destroy(path)), ErrorCode::kBusy);
  const pid_t child = fork();
  if (child == 0) _exit(CodeOf(DB::Open(path)) == ErrorCode::kBusy ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  PutMany(*db, 100, 100);
  EXPECT_EQ(Text(db->Close()), "");
  EXPECT_EQ(ContentOf(*OpenOrFail(path)).size(), 200u);
}

TEST(Directory, AKilledOwnersChildDoesNotKeepIt) {
  const TempDirectory top;
  int block[2];
  int begun[2];
  ASSERT_EQ(pipe(block), 0);
  ASSERT_EQ(pipe(begun), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    auto db = DB::Open(top.path(), SmallOptions());
    if (!db || !(*db)->Put("k", "v")) _exit(1);
    char byte = 0;
    if (fork() == 0) {
      close(block[1]);
      static_cast<void>(!write(begun[1], &byte, 1));
      static_cast<void>(!read(block[0], &byte, 1));  // Until the test closes its end.
      _exit(0);
    }
    if (read(begun[0], &byte, 1) == 1) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(owner, &status, 0), owner);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(ContentOf(*OpenOrFail(top.path())).size(), 1u);
  for (const int end : {block[0], block[1], begun[0], begun[1]}) close(end);
}

TEST(Directory, ThatIsAMountPointOrHoldsHiddenFilesIsEmptyEnough) {
  const TempDirectory top;
  std::filesystem::create_directory(top.File("lost+found"));
  Write(top.File(".keep"));
  EXPECT_TRUE(OpenOrFail(top.path())->Put("k", "v"));
  EXPECT_EQ(ContentOf(*OpenOrFail(top.path())).size(), 1u);
  ASSERT_EQ(Text(DB::Destroy(top.path())), "");
  EXPECT_THAT(NamesIn(top.path()), ElementsAre(".keep", "lost+found"));
}

TEST(Directory, ThatHoldsSomebodyElsesFilesIsTakenOnlyWhenTheCallerKnowsIt) {
  const TempDirectory top;
  Write(top.File("notes.txt"));
  const auto refused = DB::Open(top.path());
  ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("notes.txt"));
  EXPECT_THAT(NamesIn(top.path()), ElementsAre("notes.txt"));
  Components components;
  components.beside_other_files = true;
  const auto taken = DB::Open(top.path(), SmallOptions(), std::move(components));
  ASSERT_TRUE(taken) << taken.error().ToString();
  PutMany(**taken, 0, 20'000);
  ASSERT_TRUE((*taken)->Close());
  EXPECT_TRUE(NamesIn(top.path()).contains("notes.txt"));
  EXPECT_EQ(ContentOf(*OpenOrFail(top.path())).size(), 20'000u) << "a database is opened whatever lies beside it";
}

}  // namespace
}  // namespace amethyst
