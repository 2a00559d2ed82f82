// The program amethyst, from its arguments to its exit code; everything but the process's own streams and signals.
// Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "amethyst/components.h"
#include "cli/console.h"
#include "cli/exit_code.h"

namespace amethyst::cli {

// `arguments` without the program's name. `config_path`: see config.h; empty stands for no file. $AMETHYST_DB overrides
// what the file sets, and the arguments override both.
[[nodiscard]] ExitCode RunProgram(const std::vector<std::string>& arguments, Console& console,
                                  Components components = {}, const std::string& config_path = {});

}  // namespace amethyst::cli
