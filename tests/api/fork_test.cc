// A forked child has the parent's database object, but not the right to use it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::OpenOrFail;
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

}  // namespace
}  // namespace amethyst
