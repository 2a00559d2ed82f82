// The command line. Thread safety: pure function.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "bench/plan.h"

namespace amethyst::bench {

// Why there is no plan: help or a list was asked for (exit code 0), or the arguments are wrong (2).
struct Farewell {
  int exit_code = 0;
  std::string text;  // For standard output if the code is 0, else for standard error.
};

[[nodiscard]] std::expected<Plan, Farewell> ParseArguments(const std::vector<std::string>& arguments);

}  // namespace amethyst::bench
