#include "figures/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace amethyst::figures {
namespace {

using testing::HasSubstr;

TEST(FiguresReader, NamesTheFileAndWhatIsWrongWithIt) {
  io::MemoryFileSystem files;
  EXPECT_EQ(Read(files, "/STATS").error().code(), ErrorCode::kIo);
  const auto with = [&](const std::string& bytes) {
    const auto file = files.Create("/STATS").value();
    EXPECT_TRUE(file->Append(bytes));
    EXPECT_TRUE(file->Close());
    const Result<Contents> read = Read(files, "/STATS");
    EXPECT_TRUE(files.Remove("/STATS"));
    return read.error();
  };
  EXPECT_EQ(with("short").code(), ErrorCode::kCorruption);
  EXPECT_THAT(with("short").message(), HasSubstr("/STATS: it has 5 bytes"));
  EXPECT_THAT(with(std::string(2 * kFileBytes, 'x')).message(), HasSubstr("begins with something else"));
}

}  // namespace
}  // namespace amethyst::figures
