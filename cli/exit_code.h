// What a command leaves behind for the script that called it. Thread safety: plain values.
#pragma once

#include <algorithm>

namespace amethyst::cli {

enum class ExitCode : int {
  kOk = 0,
  kNotFound = 1,  // Something is not there: the key of a get, what a condition asks for, what a repair had to drop.
  kUsage = 2,     // Unknown command or wrong arguments: nothing was done.
  kError = 3,
  kConflict = 4,       // A commit, since what it depends on has changed: nothing was written; run it again.
  kInterrupted = 130,  // By SIGINT; as shells count it.
  kPipeClosed = 141,   // Nobody reads our output any more; said as if SIGPIPE had ended us.
};

[[nodiscard]] inline ExitCode Worst(ExitCode a, ExitCode b) { return std::max(a, b); }

}  // namespace amethyst::cli
