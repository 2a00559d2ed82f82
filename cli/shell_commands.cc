// help, version, quit, exit: about the shell itself.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/manual.h"

namespace amethyst::cli {

namespace {

// All commands, as another program reads them.
Result<ExitCode> HelpAs(const Invocation& invocation, std::string_view form) {
  if (invocation.arguments.at(0)) return WrongUsage(invocation, "--as is for all commands together");
  std::ostream& out = invocation.console().out;
  if (form == "man") {
    out << ManualPage();
  } else if (form == "zsh") {
    out << ZshCompletion();
  } else if (form == "fish") {
    out << FishCompletion();
  } else {
    return WrongUsage(invocation, fmt::format("--as is man, zsh or fish, not {}", form));
  }
  return ExitCode::kOk;
}

Result<ExitCode> Help(const Invocation& invocation) {
  const auto name = invocation.arguments.at(0);
  if (const auto form = invocation.arguments.Value("--as")) return HelpAs(invocation, *form);
  if (!name) {
    invocation.console().out << CommandList() << "\n`help COMMAND` tells more, with examples.\n";
    return ExitCode::kOk;
  }
  const Command* const command = FindCommand(*name);
  if (command == nullptr) {
    const std::string_view nearest = NearestCommand(*name);
    return WrongUsage(invocation, nearest.empty()
                                      ? fmt::format("there is no command {}", *name)
                                      : fmt::format("there is no command {}, did you mean {}?", *name, nearest));
  }
  invocation.console().out << CommandHelp(*command);
  return ExitCode::kOk;
}

Result<ExitCode> Version(const Invocation& invocation) {
  fmt::print(invocation.console().out, fmt::runtime(invocation.json ? "{{\"version\":\"{}\"}}\n" : "amethyst {}\n"),
             AMETHYST_VERSION_STRING);
  return ExitCode::kOk;
}

// As the program's arguments; in lines the shell takes them as the end.
Result<ExitCode> Quit(const Invocation&) { return ExitCode::kOk; }

constexpr OptionSpec kHelpOptions[] = {
    {.name = "--as", .value = "FORM", .help = "all commands as a page for man, or completion for zsh or fish"},
};

constexpr Command kShellCommands[] = {
    {.name = "help",
     .arguments = "[COMMAND]",
     .summary = "List all commands, or explain one",
     .details = "  amethyst help scan\n  amethyst help --as fish > ~/.config/fish/completions/amethyst.fish",
     .arity = {0, 1},
     .options = kHelpOptions,
     .run = Help,
     .in_transaction = true},
    {.name = "version",
     .arguments = "",
     .summary = "Print the version",
     .details = "  amethyst version --json",
     .arity = {0, 0},
     .options = {},
     .run = Version,
     .in_transaction = true},
    {.name = "quit",
     .arguments = "",
     .summary = "Leave the prompt",
     .details = "",
     .arity = {0, 0},
     .options = {},
     .run = Quit,
     .in_transaction = true},
    {.name = "exit",
     .arguments = "",
     .summary = "The same",
     .details = "",
     .arity = {0, 0},
     .options = {},
     .run = Quit,
     .in_transaction = true},
};

}  // namespace

std::span<const Command> ShellCommands() { return kShellCommands; }

}  // namespace amethyst::cli
