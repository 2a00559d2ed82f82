#include "io/posix_shared_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "base/coding.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

using testing::HasSubstr;

constexpr uint64_t kSharedBytes = 64 << 10;

class PosixSharedFile : public testing::Test {
 protected:
  Result<std::unique_ptr<SharedFile>> Open(uint64_t bytes = kSharedBytes) { return files_.OpenShared(path_, bytes); }
  uint64_t WordAt(uint64_t offset) {
    std::array<char, 8> bytes;
    EXPECT_TRUE(ReadExactly(*files_.Open(path_).value(), offset, bytes));
    return base::LoadFixed<uint64_t>(bytes.data());
  }

  support::TempDirectory directory_;
  std::string path_ = directory_.File("shared");
  PosixFileSystem files_;
};

TEST_F(PosixSharedFile, ShowsEachStoreToOthers) {
  const auto file = Open().value();
  EXPECT_EQ(files_.FileSize(path_).value(), kSharedBytes);
  const auto allocated = [this] {
    struct stat status;
    EXPECT_EQ(stat(path_.c_str(), &status), 0);
    return static_cast<uint64_t>(status.st_blocks) * 512;
  };
  EXPECT_EQ(allocated(), 0u);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{4088}, kSharedBytes - 16}) {
    ASSERT_TRUE(file->Store(offset, std::array<uint64_t, 2>{offset + 1, offset + 2}));
    EXPECT_EQ(WordAt(offset), offset + 1);
    EXPECT_EQ(WordAt(offset + 8), offset + 2);
  }
  EXPECT_GE(allocated(), 3 * 4096u) << "a store must find its block there";
  EXPECT_LE(allocated(), kSharedBytes / 2);
}

TEST_F(PosixSharedFile, GoesOnWithWhatIsThere) {
  ASSERT_TRUE(Open().value()->Store(8, std::array<uint64_t, 1>{77}));
  const auto longer = Open(2 * kSharedBytes);
  ASSERT_TRUE(longer);
  EXPECT_EQ(WordAt(8), 77u);
  EXPECT_EQ(files_.FileSize(path_).value(), 2 * kSharedBytes);
}

// Which a store into the mapping would not survive.
TEST_F(PosixSharedFile, AFileThatSomebodyCutOffIsAnError) {
  const auto file = Open().value();
  ASSERT_TRUE(file->Store(0, std::array<uint64_t, 1>{1}));
  std::filesystem::resize_file(path_, 0);
  const Status stored = file->Store(0, std::array<uint64_t, 1>{2});
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().message(), HasSubstr("cut off at 0"));
}

TEST_F(PosixSharedFile, LeavesWhatIsNoSuchFileAsItIs) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(Open().error().code(), ErrorCode::kNotSupported);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(directory_.File("elsewhere"), path_);
  EXPECT_FALSE(Open());
  EXPECT_FALSE(std::filesystem::exists(directory_.File("elsewhere")));
  std::filesystem::remove(path_);
  ASSERT_TRUE(Open(2 * kSharedBytes));
  EXPECT_EQ(Open().error().code(), ErrorCode::kNotSupported);
  EXPECT_EQ(files_.FileSize(path_).value(), 2 * kSharedBytes);
}

TEST_F(PosixSharedFile, LeavesNothingBehindWhereThereIsNoSpace) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit little{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto refused = Open();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kNoSpace);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(SharedFile, IsNotForFileSystemsOfTests) {
  MemoryFileSystem files;
  EXPECT_EQ(files.OpenShared("/shared", kSharedBytes).error().code(), ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace amethyst::io
