#include "io/file.h"

#include "base/error.h"

namespace amethyst::io {

Status ReadExactly(const RandomAccessFile& file, uint64_t offset, std::span<char> to) {
  AMETHYST_ASSIGN(const size_t read, file.ReadAt(offset, to));
  if (read == to.size()) return {};
  return base::Corruption("{} at {}: expected {} bytes, found {} before the end of the file", file.path(), offset,
                          to.size(), read);
}

Result<std::string> ReadToEnd(const RandomAccessFile& file) {
  AMETHYST_ASSIGN(const uint64_t size, file.Size());
  std::string content(size, '\0');
  AMETHYST_ASSIGN(const size_t read, file.ReadAt(0, content));
  content.resize(read);
  return content;
}

}  // namespace amethyst::io
