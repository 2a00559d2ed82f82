// Runs commands: finds them by name, checks their arguments, tells their errors, and remembers the worst exit code.
// Thread safety: one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/line_source.h"
#include "cli/session.h"
#include "cli/words.h"

namespace amethyst::cli {

class Shell {
 public:
  struct Mode {
    bool from_lines = true;  // Commands come from `lines`; else from the program's arguments.
    bool scripted = true;    // No person at a prompt.
  };
  Shell(Session& session, LineSource& lines, Mode mode) : session_(session), lines_(lines), mode_(mode) {}

  // Lines until their end, or `quit`. Then closes the database. Returns the worst of the exit codes.
  [[nodiscard]] ExitCode RunLines();
  // One command; `words` begin with its name. An empty line does nothing.
  [[nodiscard]] ExitCode RunWords(std::span<const Word> words);
  // Closes the database, and tells what went wrong with that; and that what was printed arrived.
  [[nodiscard]] ExitCode Finish();

 private:
  [[nodiscard]] std::string PromptText();
  [[nodiscard]] ExitCode RunLine(std::string_view line);
  [[nodiscard]] ExitCode Execute(const Command& command, const Arguments& arguments);
  [[nodiscard]] ExitCode UnknownCommand(std::string_view name);
  [[nodiscard]] ExitCode Fail(const Error& error, bool json);
  [[nodiscard]] ExitCode CheckOutput();

  Session& session_;
  LineSource& lines_;
  const Mode mode_;
  bool output_failed_ = false;  // And that was told.
};

}  // namespace amethyst::cli
