#include "cli/help.h"

#include <fmt/format.h>

#include <iterator>

#include "cli/commands.h"

namespace amethyst::cli {

namespace {

constexpr OptionSpec kCommonOptions[] = {
    {.name = "--json", .value = "", .help = "answer, and tell errors, as JSON"},
    {.name = "--help", .value = "", .help = "show this"},
};

constexpr OptionSpec kFamilyOption{
    .name = "--family", .value = "NAME", .help = "the family to act on; else that of `use`, or default"};

constexpr OptionSpec kProgramOptions[] = {
    {.name = "--db",
     .value = "DIRECTORY",
     .help = "the database; default $AMETHYST_DB, or data/amethyst under the current directory"},
    {.name = "--json", .value = "", .help = "answer, and tell errors, as JSON"},
    {.name = "--wait",
     .value = "SECONDS",
     .help = "how long to wait for a database that another process has open; default 0",
     .number = true},
    {.name = "--read-only", .value = "", .help = "refuse every command that writes"},
    {.name = "--memory",
     .value = "SIZE",
     .help = "memory of the database, as 64M or 2G; default 256M, or what it takes"},
    {.name = "--family", .value = "NAME", .help = "the family that commands act on; else default"},
    {.name = "--merge",
     .value = "OPERATOR",
     .help = "that family's merge operator, while it has none; see `help merge`"},
    {.name = "--color", .value = "WHEN", .help = "auto (only on a terminal; the default), always or never"},
    {.name = "--help", .value = "", .help = "show this"},
    {.name = "--version", .value = "", .help = "print the version"},
};

std::string WithValue(const OptionSpec& option) {
  if (option.value.empty()) return std::string(option.name);
  return option.optional_value ? fmt::format("{}[={}]", option.name, option.value)
                               : fmt::format("{} {}", option.name, option.value);
}

constexpr ProgramTexts kTexts = {
    .summary = "the shell of Amethyst, an ordered durable key-value store",
    .synopsis = "amethyst [OPTION...] [COMMAND [ARGUMENT...]]\n",
    .description =
        "Without a command: a prompt; or, if standard input is no terminal, commands from there, one a line.\n",
    .notes =
        R"(Keys and values on a line of the prompt or a pipe are words: "double quotes" understand \n \t \\ \" and \xNN
for any byte, 'single quotes' take everything as it is. As arguments of the program they are taken as they are; with
--hex or --escapes, as those of most commands that take keys, they stand for any bytes.

A database has families, maps of keys of their own: commands act on the one called default, or on the one that --family
names, or `use` on a line before them.
)",
    .environment =
        R"(AMETHYST_DB      the database, unless --db names one
AMETHYST_CONFIG  the file of options; empty: none
PAGER            shows pictures that are longer than the terminal; else less. Empty, or cat: none
)",
    .files =
        R"(~/.config/amethyst/config         options without their dashes, `db = ~/shop` or `read-only = true`, one a
                                  line; $AMETHYST_DB goes before it, and an option before both
~/.local/state/amethyst/history   the lines of the prompt
data/amethyst                     the database, if nothing names another
)",
    .exit_codes =
        R"(0 done, 1 the key is not there, a condition does not hold or a repair dropped something, 2 wrong usage, 3 an
error, 4 a transaction met a conflict and is to be run again, 130 interrupted; of a pipe, that of its worst line.
)",
    .examples = R"(  amethyst put apple artichoke
  amethyst get apple
  amethyst scan --prefix a --limit 10
  amethyst --db /srv/shop export shop.tsv
  printf 'put a 1\nget a\n' | amethyst
  amethyst help scan
)",
};

}  // namespace

const ProgramTexts& ProgramHelpTexts() { return kTexts; }

std::string OptionLines(std::span<const OptionSpec> options) {
  std::string text;
  for (const OptionSpec& option : options) {
    fmt::format_to(std::back_inserter(text), "  {:<22}{}\n", WithValue(option), option.help);
  }
  return text;
}

std::vector<OptionSpec> OptionsOf(const Command& command) {
  std::vector<OptionSpec> options(command.options.begin(), command.options.end());
  if (command.of_family) options.push_back(kFamilyOption);
  options.insert(options.end(), std::begin(kCommonOptions), std::end(kCommonOptions));
  return options;
}

std::span<const OptionSpec> ProgramOptions() { return kProgramOptions; }

std::string UsageLine(const Command& command) {
  std::string usage(command.name);
  if (!command.arguments.empty()) usage += fmt::format(" {}", command.arguments);
  for (const OptionSpec& option : command.options) {
    usage += fmt::format(" [{}]", WithValue(option));
  }
  return usage;
}

std::string CommandHelp(const Command& command) {
  std::string text = fmt::format("usage: amethyst [--db DIRECTORY] {}\n\n{}\n\n", UsageLine(command), command.summary);
  text += OptionLines(OptionsOf(command));
  if (!command.details.empty()) text += fmt::format("\n{}\n", command.details);
  return text;
}

std::string CommandList() {
  std::string text;
  for (const CommandGroup& group : AllCommands()) {
    if (!group.title.empty()) text += fmt::format("{}:\n", group.title);
    for (const Command& command : group.commands) {
      const std::string left = fmt::format("{} {}", command.name, command.arguments);
      if (left.size() > 26)
        text += fmt::format("  {}\n  {:28}{}\n", left, "", command.summary);
      else
        text += fmt::format("  {:<28}{}\n", left, command.summary);
    }
  }
  return text;
}

std::string ProgramHelp() {
  return fmt::format("amethyst: {}\n\nusage: {}\n{}\n{}\n{}\n{}\nFiles:\n{}\nEnvironment:\n{}\nExit code: {}\n{}",
                     kTexts.summary, kTexts.synopsis, kTexts.description, OptionLines(kProgramOptions), CommandList(),
                     kTexts.notes, kTexts.files, kTexts.environment, kTexts.exit_codes, kTexts.examples);
}

}  // namespace amethyst::cli
