// A forked child has the parent's database object, but not the right to use it. It may open databases of its own,
// whatever the parent's threads were doing at the fork.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "amethyst/c.h"
#include "base/sanitizer.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::OpenOrFail;
using support::SmallOptions;
using support::TempDirectory;
using support::Text;

TEST(Fork, AChildCannotWriteAndDoesNoHarmByEnding) {
  const TempDirectory directory;
  auto db = OpenOrFail(directory.path());
  ASSERT_TRUE(db->Put("before", "1"));
  const pid_t child = fork();
  if (child == 0) {
    const bool refused = CodeOf(db->Put("child", "1")) == ErrorCode::kBusy && CodeOf(db->Flush()) == ErrorCode::kBusy &&
                         CodeOf(db->SyncWal()) == ErrorCode::kBusy && CodeOf(db->Close()) == ErrorCode::kBusy &&
                         CodeOf(DB::Open(directory.path())) == ErrorCode::kBusy;
    db.reset();
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_TRUE(db->Put("after", "1"));
  ASSERT_EQ(Text(db->Close()), "");
  EXPECT_EQ(ContentOf(*OpenOrFail(directory.path())).size(), 2);
}

// Forks time and again while `work` runs on another thread; each child uses a database of its own.
void ChildrenUseTheirOwnBeside(const std::string& directory, const std::function<void()>& work) {
  if (AMETHYST_THREAD_SANITIZER) GTEST_SKIP() << "the thread sanitizer allows no threads after such a fork";
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop) work();
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);  // Ends a child that waits for good.
      amethyst_db* own = nullptr;
      const std::string path = directory + "/child" + std::to_string(i);
      const bool used = amethyst_open(path.c_str(), nullptr, &own, nullptr) == AMETHYST_OK &&
                        amethyst_put(own, "a", 1, "b", 1, AMETHYST_BUFFERED, nullptr) == AMETHYST_OK &&
                        amethyst_flush(own, nullptr) == AMETHYST_OK && amethyst_close(own, nullptr) == AMETHYST_OK &&
                        amethyst_db_free(own) == AMETHYST_OK;
      _exit(used ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "child " << i;
    if (status != 0) break;
  }
  stop = true;
  worker.join();
}

TEST(Fork, AChildHasItsOwnDatabaseWhileAThreadOfTheParentReads) {
  const TempDirectory directory;
  auto db = OpenOrFail(directory.path() + "/parent");
  ASSERT_TRUE(db->Put("key", "value"));
  std::string value;
  ChildrenUseTheirOwnBeside(directory.path(), [&] { ASSERT_TRUE(db->GetInto("key", &value)); });
}

TEST(Fork, AChildHasItsOwnDatabaseWhileAThreadOfTheParentMakesHandles) {
  const TempDirectory directory;
  ChildrenUseTheirOwnBeside(directory.path(), [&] {
    amethyst_options* options = nullptr;
    ASSERT_EQ(amethyst_options_create(&options, nullptr), AMETHYST_OK);
    ASSERT_EQ(amethyst_options_free(options), AMETHYST_OK);
  });
}

TEST(Fork, AChildIsRefusedTheMemoryBudgetOfItsParent) {
  const TempDirectory directory;
  Components components;
  components.memory_budget = NewMemoryBudget(size_t{8} << 20);
  const pid_t child = fork();
  if (child == 0) {
    _exit(CodeOf(DB::Open(directory.path(), SmallOptions(), components)) == ErrorCode::kBusy ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace amethyst
