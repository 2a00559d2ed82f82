// What other programs read of the shell's commands: its manual page, and the completions of zsh and fish, made of the
// one table of commands, so that they cannot differ from it. (Bash's asks the program itself.)
// Thread safety: pure functions.
#pragma once

#include <string>

namespace amethyst::cli {

// amethyst(1), for man: every option of every command, files, environment, exit codes, examples.
[[nodiscard]] std::string ManualPage();
// The file _amethyst in a folder of zsh's $fpath.
[[nodiscard]] std::string ZshCompletion();
// The file amethyst.fish in a folder of fish's completions.
[[nodiscard]] std::string FishCompletion();

}  // namespace amethyst::cli
