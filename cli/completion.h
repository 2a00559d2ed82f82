// What the word under the cursor may become: a command, an option of the command, one of the words that may
// follow it, or the name of a family or a file.
// Thread safety: pure functions, except that they read directories.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"

namespace amethyst::cli {

struct Completion {
  size_t begin = 0;                     // In the line, of the word that is completed.
  std::vector<std::string> candidates;  // Whole words, sorted.
  std::string common;                   // What all of them begin with; with a blank behind it if there is but one.
};

// For the cursor at the end of `line`. `families` are the names of those there are, as far as they are known.
[[nodiscard]] Completion Complete(std::string_view line, io::FileSystem& files,
                                  std::span<const std::string> families = {});

}  // namespace amethyst::cli
