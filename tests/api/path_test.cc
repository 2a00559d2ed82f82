// Paths that the system would take for others. Covers: db, destroy, repair
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::OpenOrFail;
using support::TempDirectory;

std::set<std::string> PathsIn(const std::string& directory) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) files.insert(entry.path());
  return files;
}

TEST(Path, OneWithAZeroByteIsNotTakenForItsBeginning) {
  const TempDirectory directory;
  const std::string cut = directory.File("db");
  OpenOrFail(cut).reset();
  const std::set<std::string> before = PathsIn(directory.path());
  const std::string whole = cut + std::string("\0whole", 6);
  EXPECT_EQ(CodeOf(DB::Open(whole, {})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(DB::Open(whole, {.read_only = true})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(DB::Destroy(whole)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(DB::Repair(whole, directory.File("repaired"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(DB::Repair(cut, directory.File("repaired") + std::string("\0", 1))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(PathsIn(directory.path()), before);
}

}  // namespace
}  // namespace amethyst
