// Long answers a page at a time: on a terminal, through the program that $PAGER names, as git and man show theirs.
// Thread safety: one thread.
#pragma once

#include <string_view>

#include "cli/command.h"

namespace amethyst::cli {

// Runs the command. What it prints goes through the console's pager, if there is one and it takes more lines than the
// terminal has.
[[nodiscard]] Result<ExitCode> RunPaged(const Invocation& invocation);

// Shows text by $PAGER, or by `less` if that is not set, and waits until the pager ends. False, and nothing was shown:
// $PAGER is empty or `cat`, or the pager is not installed. Like git, sets LESS=FRX unless it is set: colours are kept,
// and text that fits just stands there.
[[nodiscard]] bool ShowByPager(std::string_view text);

}  // namespace amethyst::cli
