// The texts of the help: of the program, and of each command, from what the command says of itself.
// Thread safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace amethyst::cli {

// "put KEY VALUE".
[[nodiscard]] std::string UsageLine(const Command& command);
[[nodiscard]] std::string CommandHelp(const Command& command);
// The list of commands, as `help` shows it.
[[nodiscard]] std::string CommandList();
[[nodiscard]] std::string ProgramHelp();

// The parts of the program's help that are no list, for the manual page, too.
struct ProgramTexts {
  std::string_view summary, synopsis, description, notes, environment, files, exit_codes, examples;
};
[[nodiscard]] const ProgramTexts& ProgramHelpTexts();
// A line or two for each.
[[nodiscard]] std::string OptionLines(std::span<const OptionSpec> options);

// All that a command takes: its own options, --family if it acts on one, and what every command takes.
[[nodiscard]] std::vector<OptionSpec> OptionsOf(const Command& command);
// What stands before the command.
[[nodiscard]] std::span<const OptionSpec> ProgramOptions();

}  // namespace amethyst::cli
