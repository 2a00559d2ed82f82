// The texts of the help: of the program, and of each command, from what the command says of itself.
// Thread safety: pure functions.
#pragma once

#include <string>

#include "cli/command.h"

namespace amethyst::cli {

// "put KEY VALUE".
[[nodiscard]] std::string UsageLine(const Command& command);
[[nodiscard]] std::string CommandHelp(const Command& command);
// The list of commands, as `help` shows it.
[[nodiscard]] std::string CommandList();
[[nodiscard]] std::string ProgramHelp();

// What every command takes besides its own options, and what stands before the command.
[[nodiscard]] std::span<const OptionSpec> CommonOptions();
[[nodiscard]] std::span<const OptionSpec> ProgramOptions();

}  // namespace amethyst::cli
