#include "io/output_target.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

class OutputTargetTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Link(const std::string& name, const std::string& to) const {
    std::filesystem::create_symlink(to, directory_.File(name));
    return directory_.File(name);
  }

  const support::TempDirectory directory_;
};

TEST_F(OutputTargetTest, APlainPathIsWhatItIsWhetherThereOrNot) {
  const std::string path = directory_.File("plain");
  for (const bool exists : {false, true}) {
    if (exists) std::ofstream(path) << "before";
    const auto target = ResolveOutput(path);
    ASSERT_TRUE(target) << target.error().message();
    EXPECT_EQ(target->path, path);
    EXPECT_FALSE(target->is_device);
  }
}

TEST_F(OutputTargetTest, ALogIsAppendedTo) {
  const std::string path = directory_.File("log");
  for (const char* const line : {"one\n", "two\n"}) {
    const auto file = OpenToAppend(path);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_TRUE((*file)->Append(line));
  }
  std::ifstream log(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(log), {}), "one\ntwo\n");
}

TEST_F(OutputTargetTest, LinksAreFollowedToWhatNeedNotExist) {
  const std::string second = Link("second", "plain");
  const auto target = ResolveOutput(Link("first", second));
  ASSERT_TRUE(target) << target.error().message();
  EXPECT_EQ(target->path, directory_.File("plain"));
  EXPECT_FALSE(target->is_device);
}

TEST_F(OutputTargetTest, LinksThatLeadToEachOtherAreAnError) {
  static_cast<void>(Link("a", "b"));
  EXPECT_FALSE(ResolveOutput(Link("b", "a")));
}

TEST_F(OutputTargetTest, ADirectoryIsAnErrorAndSoIsAZeroByte) {
  EXPECT_FALSE(ResolveOutput(directory_.path()));
  const auto zero = ResolveOutput(directory_.path() + std::string(1, '\0') + "x");
  ASSERT_FALSE(zero);
  EXPECT_EQ(zero.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(OutputTargetTest, APipeIsWrittenIntoThroughALinkToo) {
  const std::string pipe = directory_.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const auto target = ResolveOutput(Link("link", "pipe"));
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->is_device);
  const auto device = OpenDevice(target->path);
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_TRUE((*device)->Append("one"));
  EXPECT_TRUE((*device)->Append("two"));
  EXPECT_EQ((*device)->size(), 6u);
  EXPECT_TRUE((*device)->Sync());
  EXPECT_TRUE((*device)->Close());
  char bytes[16];
  EXPECT_EQ(read(reader, bytes, sizeof bytes), 6);
  EXPECT_EQ(std::string(bytes, 6), "onetwo");
  close(reader);
}

TEST_F(OutputTargetTest, AFullDeviceSaysSo) {
  const auto target = ResolveOutput("/dev/full");
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->is_device);
  const auto device = OpenDevice(target->path);
  ASSERT_TRUE(device) << device.error().message();
  const Status written = (*device)->Append("anything");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace amethyst::io
