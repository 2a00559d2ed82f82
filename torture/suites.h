// What the torture programs share: suites by name, run in rounds for some time or some rounds, each with the next seed,
// with figures on the last line and, if asked for, in the ledger.
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "torture/ledger.h"

namespace amethyst::torture {

struct Suite {
  // Runs one round from a seed; returns a violation, or nothing.
  std::function<std::string(uint64_t seed)> round;
  // What all rounds so far add up to.
  std::function<std::vector<Figure>()> figures;
};

// Suites by name; a suite on the disk puts its databases into `directory`.
using Suites = std::map<std::string, std::function<Suite(const std::string& directory)>>;

// Does what the command line asks for. Returns the exit code: 0 without a violation, 1 with one, 2 for wrong arguments.
[[nodiscard]] int RunSuites(const std::string& description, const Suites& suites, int argc, const char* const* argv);

}  // namespace amethyst::torture
