// What a command of the shell is: its description, from which help, usage and completion come, and the function that
// runs it.
//
// A command writes its answer to the console and returns an exit code, or an Error that its caller prints with the next
// step. Thread safety: one thread.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/line_source.h"
#include "cli/session.h"
#include "cli/target.h"

namespace amethyst::cli {

struct Command;

// One run of a command.
struct Invocation {
  const Command& command;
  Session& session;
  const Arguments& arguments;
  LineSource& lines;  // Where the command came from; a prompt's or a pipe's next lines.
  bool json = false;
  bool scripted = true;     // No person reads along: no confirmations.
  bool from_lines = false;  // Else from the program's arguments: then `lines` are all the command's own.
  std::string family;       // The family that it acts on, if it acts on one.

  [[nodiscard]] Console& console() const { return session.console(); }
  // The family that the command acts on; see Session::OpenFamily.
  [[nodiscard]] Result<Family> OpenFamily(Session::Access access, size_t entry_bytes = 0) const {
    return session.OpenFamily(family, access, entry_bytes);
  }
  // The same, or the open transaction in it.
  [[nodiscard]] Result<Target> OpenTarget(Session::Access access, size_t entry_bytes = 0) const {
    Result<Family> opened = OpenFamily(access, entry_bytes);
    if (!opened) return std::unexpected(opened.error());
    return Target(*std::move(opened), session.transaction());
  }
  [[nodiscard]] bool interrupted() const { return console().interrupted.load(std::memory_order_relaxed); }
};

struct Command {
  std::string_view name;
  std::string_view arguments;  // As the usage shows them.
  std::string_view summary;    // One line.
  std::string_view details;    // Below the options in the command's help; with examples.
  Arity arity;
  std::span<const OptionSpec> options;
  Result<ExitCode> (*run)(const Invocation& invocation);
  bool takes_files = false;     // Its arguments complete to names of files.
  bool of_family = false;       // It acts on a family: --family names it, else it is the session's.
  bool in_transaction = false;  // It may stand between begin and commit.
  bool paged = false;           // A terminal shows its answer by a pager if that is long.
  std::span<const std::string_view> first_words = {};  // What its first argument may be.
};

// Prints what is wrong with the arguments, and the command's usage; for what the options alone do not say.
[[nodiscard]] ExitCode WrongUsage(const Invocation& invocation, std::string_view message);

}  // namespace amethyst::cli
