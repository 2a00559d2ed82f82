// Runs lines of bash around the program itself, for tests of what only a process of its own shows.
// Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/temp_directory.h"

namespace amethyst::cli {

struct ProcessResult {
  int status = -1;  // As $? has it.
  std::string out;  // And errors, where the command redirects them.
};

class Process : public testing::Test {
 protected:
  // Runs a line of bash in the test's directory, where `amethyst` is the program and $AMETHYST its path.
  ProcessResult Bash(const std::string& line) {
    const std::string script =
        "cd '" + directory_.path() +
        "'; export HOME=\"$PWD\"; unset XDG_STATE_HOME XDG_CONFIG_HOME AMETHYST_CONFIG; AMETHYST='" +
        AMETHYST_SHELL_PROGRAM + "'; amethyst() { \"$AMETHYST\" \"$@\"; }; " + line;
    ::setenv("AMETHYST_TEST_SCRIPT", script.c_str(), 1);
    FILE* const pipe = ::popen("exec bash -c \"$AMETHYST_TEST_SCRIPT\"", "r");
    EXPECT_NE(pipe, nullptr);
    ProcessResult result;
    char buffer[4096];
    for (size_t count; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.out.append(buffer, count);
    const int raw = ::pclose(pipe);
    result.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return result;
  }

  support::TempDirectory directory_;
};

}  // namespace amethyst::cli
