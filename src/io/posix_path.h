// A path as its caller names it, and the way that the system takes to it: from the working directory of the process, or
// from a directory that is held open.
//
// Errors name the path as the caller gave it. A PosixPath borrows: it lives no longer than the string that it was made
// of. Thread safety: a value.
#pragma once

#include <fcntl.h>

#include <string>
#include <string_view>

namespace amethyst::io {

struct PosixPath {
  // As the process sees it at the time of the call.
  PosixPath(const std::string& path) : text(path), name(path.c_str()) {}
  // `name` from the directory that is open as `held`; `path` is for messages.
  PosixPath(const std::string& path, int held, const char* its_name) : text(path), directory(held), name(its_name) {}
  // `path` is "<root>/name" or `root` itself, and `held` the descriptor of the directory that `root` led to.
  PosixPath(const std::string& path, std::string_view root, int held);

  const std::string& text;
  int directory = AT_FDCWD;
  const char* name;
};

}  // namespace amethyst::io
