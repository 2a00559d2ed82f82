#include "figures/reader.h"

#include <algorithm>

#include "base/error.h"

namespace amethyst::figures {
namespace {

Result<Contents> ReadOnce(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  std::string bytes(kFileBytes + 1, '\0');  // One more shows that it is longer.
  AMETHYST_ASSIGN(const size_t read, file->ReadAt(0, bytes));
  return Decode(std::string_view(bytes).substr(0, read));
}

}  // namespace

// Only the header of a file that was there before is changed in place: by a new writer, once. What is read just then
// looks damaged.
Result<Contents> Read(io::FileSystem& files, const std::string& path) {
  constexpr int kTries = 3;
  Result<Contents> contents = ReadOnce(files, path);
  for (int tried = 1; tried < kTries && !contents && contents.error().code() == ErrorCode::kCorruption; ++tried) {
    contents = ReadOnce(files, path);
  }
  if (contents || contents.error().code() == ErrorCode::kIo) return contents;
  return base::MakeError(contents.error().code(), "{}: {}", path, contents.error().message());
}

}  // namespace amethyst::figures
