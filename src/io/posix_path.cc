#include "io/posix_path.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::io {

PosixPath::PosixPath(const std::string& path, std::string_view root, int held) : text(path), directory(held) {
  const auto skip_slashes = [&](size_t at) { return std::min(path.find_first_not_of('/', at), path.size()); };
  while (root.ends_with('/')) root.remove_suffix(1);
  const bool inside = path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
  AMETHYST_ASSERT(inside);
  const size_t begin = skip_slashes(root.size());
  name = begin == path.size() ? "." : path.c_str() + begin;
}

}  // namespace amethyst::io
