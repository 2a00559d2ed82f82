// The files of a directory whose database is open, as a killed process would leave them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

namespace amethyst::support {

inline std::set<std::filesystem::path> NamesIn(const std::string& directory) {
  std::set<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

// Background work adds and removes files meanwhile, so a copy counts only if no name came or went while it was made;
// else it is made again. `to` must not exist, or hold an older copy. Throws what std::filesystem throws.
inline void CopyLive(const std::string& from, const std::string& to) {
  for (;;) {
    std::filesystem::remove_all(to);
    std::filesystem::create_directory(to);
    const std::set<std::filesystem::path> names = NamesIn(from);
    std::error_code missing;
    for (const auto& name : names) {
      std::filesystem::copy_file(from / name, to / name, missing);
      if (missing == std::errc::no_such_file_or_directory) break;
      if (missing) throw std::filesystem::filesystem_error("cannot copy", from / name, to / name, missing);
    }
    if (!missing && NamesIn(from) == names) return;
  }
}

// The newest segment of the log that was in use: one that waits as a spare has no header yet. Empty if there is none.
inline std::string LogIn(const std::string& directory) {
  static constexpr std::string_view kMagic = "AMETHWAL";
  std::string newest;
  for (const auto& name : NamesIn(directory)) {
    if (name.extension() != ".wal") continue;
    std::string begin(kMagic.size(), 0);
    std::ifstream(directory / name).read(begin.data(), static_cast<std::streamsize>(begin.size()));
    if (begin == kMagic) newest = std::max(newest, (directory / name).string());
  }
  return newest;
}

}  // namespace amethyst::support
