// The file that sets what the program's options set, so that they need not be given each time.
//
//   # The shop's database.
//   db = ~/shop
//   memory = 1G
//   read-only = true
//
// A line is `name = value`, where the name is that of an option of the program without its dashes; an option without a
// value is true or false. Lines that are empty or begin with # say nothing. In the value of db, ~/ at the front stands
// for the home directory. Thread safety: pure functions, which read the environment.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cli/words.h"
#include "io/file_system.h"

namespace amethyst::cli {

// $AMETHYST_CONFIG, or amethyst/config in $XDG_CONFIG_HOME or ~/.config if there is such a file. Empty: none.
[[nodiscard]] std::string ConfigPath(io::FileSystem& files);

// One setting, as the option that it stands for, and its line.
struct ConfigLine {
  Word option;  // "--memory=1G".
  size_t number = 0;
};
// Of the text of such a file; or what is wrong with it, which begins with `path` and the line. Values are not looked
// at.
[[nodiscard]] std::expected<std::vector<ConfigLine>, std::string> ParseConfig(std::string_view path,
                                                                              std::string_view text);

}  // namespace amethyst::cli
