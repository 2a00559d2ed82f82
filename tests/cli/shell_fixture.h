// Runs the shell in this process, on a database of the test's own, and hands back what it said.
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "cli/program.h"
#include "support/temp_directory.h"

namespace amethyst::cli {

struct Answer {
  ExitCode code;
  std::string out;
  std::string err;
};

class ShellTest : public testing::Test {
 protected:
  // amethyst --db <directory> ARGUMENT...
  Answer Amethyst(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--db", database_});
    return Run(arguments, input);
  }
  static Answer Run(const std::vector<std::string>& arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Console console(in, out, err);
    const ExitCode code = RunProgram(arguments, console);
    return {.code = code, .out = out.str(), .err = err.str()};
  }
  // Lines through a pipe.
  Answer Pipe(const std::string& lines) { return Amethyst({}, lines); }

  support::TempDirectory directory_;
  std::string database_ = directory_.File("db");
};

}  // namespace amethyst::cli
