// Marks of readers, in both file systems, and in processes of their own. Covers: posix_reader_marks
#include "io/reader_marks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

class ReaderMarksTest : public testing::TestWithParam<bool> {
 protected:
  std::unique_ptr<ReaderMarks> Open(MarksFile file = MarksFile::kMade) {
    return is_posix() ? posix_.OpenMarks(directory_.File("READERS"), file).value()
                      : memory_.OpenMarks("/READERS", file).value();
  }
  [[nodiscard]] bool is_posix() const { return GetParam(); }

  const support::TempDirectory directory_;
  PosixFileSystem posix_;
  MemoryFileSystem memory_;
};

TEST_P(ReaderMarksTest, OthersSeeAMarkUntilItIsLetGo) {
  const auto reader = Open();
  const auto writer = Open();
  EXPECT_FALSE(writer->AreHeld(0, ReaderMarks::kPlaceMax));
  ASSERT_TRUE(reader->Hold(1000));
  EXPECT_TRUE(writer->AreHeld(0, ReaderMarks::kPlaceMax));
  EXPECT_TRUE(writer->AreHeld(1000, 1001));
  EXPECT_FALSE(writer->AreHeld(0, 1000));
  EXPECT_FALSE(writer->AreHeld(1001, 2000));
  reader->LetGo(1000);
  EXPECT_FALSE(writer->AreHeld(0, ReaderMarks::kPlaceMax));
}

TEST_P(ReaderMarksTest, AMarkThatIsHeldTwiceStaysUntilBothAreLetGo) {
  const auto reader = Open();
  const auto writer = Open();
  ASSERT_TRUE(reader->Hold(7) && reader->Hold(7) && reader->Hold(8));
  reader->LetGo(7);
  EXPECT_TRUE(writer->AreHeld(7, 8));
  reader->LetGo(7);
  EXPECT_FALSE(writer->AreHeld(7, 8));
  EXPECT_TRUE(writer->AreHeld(8, 9));
}

TEST_P(ReaderMarksTest, EndWithTheirObjectAndNotWithAnothers) {
  auto one = Open();
  auto other = Open();
  const auto writer = Open();
  ASSERT_TRUE(one->Hold(5) && other->Hold(5));
  one.reset();
  EXPECT_TRUE(writer->AreHeld(5, 6));
  other.reset();
  EXPECT_FALSE(writer->AreHeld(5, 6));
}

TEST_P(ReaderMarksTest, AreNotThereWithoutTheirFile) {
  EXPECT_EQ(Open(MarksFile::kFound), nullptr);
  EXPECT_NE(Open(), nullptr);
  EXPECT_NE(Open(MarksFile::kFound), nullptr);
}

INSTANTIATE_TEST_SUITE_P(FileSystems, ReaderMarksTest, testing::Bool());

TEST(PosixReaderMarks, EndWithTheirProcess) {
  const support::TempDirectory directory;
  PosixFileSystem files;
  const auto writer = files.OpenMarks(directory.File("READERS"), MarksFile::kMade).value();
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto marks = files.OpenMarks(directory.File("READERS"), MarksFile::kFound);
    const char held = marks && *marks != nullptr && (*marks)->Hold(3) ? 'y' : 'n';
    static_cast<void>(write(told[1], &held, 1));
    pause();
    _exit(1);
  }
  char held = 'n';
  ASSERT_EQ(read(told[0], &held, 1), 1);
  EXPECT_EQ(held, 'y');
  EXPECT_TRUE(writer->AreHeld(3, 4));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(writer->AreHeld(3, 4));
  close(told[0]);
  close(told[1]);
}

TEST(PosixReaderMarks, StayTheParentsWhereAForkedChildLetsGo) {
  const support::TempDirectory directory;
  PosixFileSystem files;
  const auto writer = files.OpenMarks(directory.File("READERS"), MarksFile::kMade).value();
  const auto reader = files.OpenMarks(directory.File("READERS"), MarksFile::kFound).value();
  ASSERT_TRUE(reader->Hold(3));
  const pid_t child = fork();
  if (child == 0) {
    reader->LetGo(3);
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(writer->AreHeld(3, 4));
}

}  // namespace
}  // namespace amethyst::io
