#include "cli/manual.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "cli/commands.h"
#include "cli/help.h"

namespace amethyst::cli {

namespace {

// Text as it stands, line by line, for man.
std::string Verbatim(std::string_view text) {
  std::string lines = ".nf\n";
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.starts_with('.') || line.starts_with('\'')) lines += "\\&";
    for (const char c : line) lines += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
    lines += '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines + ".fi\n";
}

std::string Section(std::string_view title, std::string_view text) {
  return fmt::format(".SH {}\n{}", title, Verbatim(text));
}

}  // namespace

std::string ManualPage() {
  std::string page = fmt::format(".TH AMETHYST 1 \"\" \"Amethyst {}\" \"User commands\"\n", AMETHYST_VERSION_STRING);
  const ProgramTexts& texts = ProgramHelpTexts();
  page += fmt::format(".SH NAME\namethyst \\- {}\n", texts.summary);
  page += Section("SYNOPSIS", texts.synopsis);
  page += Section("DESCRIPTION", fmt::format("{}\n{}", texts.description, texts.notes));
  page += Section("OPTIONS", OptionLines(ProgramOptions()));
  page += ".SH COMMANDS\n";
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      page += fmt::format(".SS {}\n{}", command.name, Verbatim(CommandHelp(command)));
    }
  }
  page += Section("ENVIRONMENT", texts.environment);
  page += Section("FILES", texts.files);
  page += Section("EXIT STATUS", texts.exit_codes);
  page += Section("EXAMPLES", texts.examples);
  return page;
}

}  // namespace amethyst::cli
