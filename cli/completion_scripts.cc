// The completions of zsh and fish; see manual.h.
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/manual.h"

namespace amethyst::cli {

namespace {

// `text` with a backslash before each of `special`.
std::string Escaped(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Within zsh's single quotes.
std::string ZshQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// What stands behind an option: a directory, a file, one of a few words, or anything.
std::string ZshAction(const OptionSpec& option) {
  if (option.value == "DIRECTORY") return "_directories";
  if (option.value == "FILE") return "_files";
  return option.name == "--color" ? "(auto always never)" : " ";
}

// An option as _arguments takes it: '--limit=[help]:N:action'.
std::string ZshOption(const OptionSpec& option) {
  std::string spec(option.name);
  if (!option.value.empty()) spec += option.optional_value ? "=-" : "=";
  spec += fmt::format("[{}]", Escaped(option.help, "[]\\:"));
  if (!option.value.empty()) {
    spec += fmt::format(":{}{}:{}", option.optional_value ? ":" : "", option.value, ZshAction(option));
  }
  return ZshQuoted(spec);
}

// What the command's own words complete to.
std::string ZshWords(const Command& command) {
  if (command.takes_files) return "'*:file:_files'";
  if (command.name == "help") return "'1:command:->command'";
  if (command.first_words.empty()) return {};  // Keys and values: a message in their place would keep options away.
  return fmt::format("'1: :({})'", fmt::join(command.first_words, " "));
}

std::string FishQuoted(std::string_view text) { return fmt::format("'{}'", Escaped(text, "\\'")); }

std::string FishOption(std::string_view condition, const OptionSpec& option) {
  std::string line = fmt::format("complete -c amethyst -n {} -l {}", FishQuoted(condition), option.name.substr(2));
  if (!option.value.empty() && !option.optional_value) {
    const bool names_files = option.value == "FILE" || option.value == "DIRECTORY";
    line += option.name == "--color" ? " -x -a 'auto always never'" : names_files ? " -r -F" : " -x";
  }
  return fmt::format("{} -d {}\n", line, FishQuoted(option.help));
}

}  // namespace

std::string ZshCompletion() {
  std::string text =
      "#compdef amethyst\n# Made of the shell's table of commands by `amethyst help --as zsh`.\n\n"
      "_amethyst() {\n  local curcontext=$curcontext state line ret=1\n  local -a commands\n  commands=(\n";
  std::string cases;
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      text += fmt::format("    {}\n", ZshQuoted(fmt::format("{}:{}", command.name, command.summary)));
      cases += fmt::format("        {})\n          _arguments -C", command.name);
      for (const OptionSpec& option : OptionsOf(command))
        cases += fmt::format(" \\\n            {}", ZshOption(option));
      cases += fmt::format(" \\\n            {} && ret=0\n          ;;\n", ZshWords(command));
    }
  }
  text += "  )\n  _arguments -C";
  for (const OptionSpec& option : ProgramOptions()) text += fmt::format(" \\\n    {}", ZshOption(option));
  text +=
      " \\\n    '1:command:->command' '*::argument:->argument' && ret=0\n"
      "  case $state in\n    argument)\n      case $words[1] in\n";
  text += cases;
  text +=
      "      esac\n      ;;\n  esac\n  [[ $state == command ]] && _describe -t commands command commands && ret=0\n"
      "  return ret\n}\n\n_amethyst \"$@\"\n";
  return text;
}

std::string FishCompletion() {
  std::string with_value;
  for (const OptionSpec& option : ProgramOptions()) {
    if (!option.value.empty()) with_value += fmt::format(" {}", option.name);
  }
  std::string text = fmt::format(R"(# Made of the shell's table of commands by `amethyst help --as fish`.

# The command on the line, past the program's options; nothing if there is none yet.
function __amethyst_command
  set -l words (commandline -opc)
  set -e words[1]
  while set -q words[1]
    switch $words[1]
      case{}
        set -e words[1]
        set -q words[1]; and set -e words[1]
      case '-*'
        set -e words[1]
      case '*'
        echo $words[1]
        return
    end
  end
end
function __amethyst_runs
  set -l command (__amethyst_command)
  test "$command" = "$argv[1]"
end

complete -c amethyst -f
)",
                                 with_value);
  for (const OptionSpec& option : ProgramOptions()) text += FishOption("__amethyst_runs ''", option);
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      const std::string runs = fmt::format("__amethyst_runs {}", command.name);
      for (const char* const when : {"__amethyst_runs ''", "__amethyst_runs help"}) {
        text += fmt::format("complete -c amethyst -n {} -a {} -d {}\n", FishQuoted(when), command.name,
                            FishQuoted(command.summary));
      }
      for (const OptionSpec& option : OptionsOf(command)) text += FishOption(runs, option);
      if (command.takes_files) text += fmt::format("complete -c amethyst -n {} -F\n", FishQuoted(runs));
      if (!command.first_words.empty()) {
        text += fmt::format("complete -c amethyst -n {} -a {}\n", FishQuoted(runs),
                            FishQuoted(fmt::format("{}", fmt::join(command.first_words, " "))));
      }
    }
  }
  return text;
}

}  // namespace amethyst::cli
