#include "io/copy_file.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "io/memory_file_system.h"
#include "support/fault_file_system.h"

namespace amethyst::io {
namespace {

TEST(CopyFile, CopiesEveryByteAndTellsTheirHash) {
  MemoryFileSystem files, others;
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{5} << 20) + 3}) {
    std::string content(bytes, 'x');
    for (size_t i = 0; i < bytes; i += 1000) content[i] = static_cast<char>(i / 1000);
    const std::string name = "/" + std::to_string(bytes);
    ASSERT_TRUE(ReplaceFile(files, name, content));
    uint64_t told = 0;
    const auto tell = [&told](uint64_t piece) -> Status {
      told += piece;
      return {};
    };
    const FileDigest expected{.bytes = bytes, .hash = base::Hash64(content)};
    EXPECT_EQ(CopyFile({files, name}, {others, name}, tell).value(), expected);
    EXPECT_EQ(told, bytes);
    EXPECT_EQ(ReadFile(others, name).value(), content);
    EXPECT_EQ(DigestFile({others, name}, tell).value(), expected);
    EXPECT_FALSE(CopyFile({files, name}, {others, name}, tell)) << "it exists";
  }
}

TEST(CopyFile, EndsWithTheFirstError) {
  MemoryFileSystem memory;
  ASSERT_TRUE(ReplaceFile(memory, "/from", std::string(3 << 20, 'x')));
  const auto go_on = [](uint64_t) { return Status(); };
  const auto end = [](uint64_t) -> Status { return base::MakeError(ErrorCode::kClosed, "enough"); };
  EXPECT_EQ(CopyFile({memory, "/from"}, {memory, "/ended"}, end).error().code(), ErrorCode::kClosed);
  using support::Operation;
  for (const Operation operation : {Operation::kOpen, Operation::kRead, Operation::kCreate, Operation::kAppend,
                                    Operation::kSync, Operation::kClose}) {
    support::FaultFileSystem files(memory);
    files.Fail({.operation = operation, .call = 1, .code = ErrorCode::kNoSpace});
    const std::string to = "/to" + std::to_string(static_cast<int>(operation));
    EXPECT_EQ(CopyFile({files, "/from"}, {files, to}, go_on).error().code(), ErrorCode::kNoSpace) << to;
  }
}

}  // namespace
}  // namespace amethyst::io
