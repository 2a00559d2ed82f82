// The texts of the help: of the program, and of each command, from what the command says of itself.
// Thread safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.h"

namespace amethyst::cli {

// "put KEY VALUE".
[[nodiscard]] std::string UsageLine(const Command& command);
[[nodiscard]] std::string CommandHelp(const Command& command);
// The list of commands, as `help` shows it.
[[nodiscard]] std::string CommandList();
[[nodiscard]] std::string ProgramHelp();

// All that a command takes: its own options, --family if it acts on one, and what every command takes.
[[nodiscard]] std::vector<OptionSpec> OptionsOf(const Command& command);
// What stands before the command.
[[nodiscard]] std::span<const OptionSpec> ProgramOptions();

}  // namespace amethyst::cli
