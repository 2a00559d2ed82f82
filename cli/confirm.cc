#include "cli/confirm.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace amethyst::cli {

std::optional<ExitCode> Unconfirmed(const Invocation& invocation, std::string_view deed) {
  if (invocation.arguments.Has(kYesOption.name)) return std::nullopt;
  Console& console = invocation.console();
  if (invocation.scripted && !console.in_is_terminal) {
    return WrongUsage(invocation, fmt::format("add --yes to {}: there is nobody to ask", deed));
  }
  fmt::print(console.err, "Really {}? [y/N] ", deed);
  console.err.flush();
  const auto answer = invocation.lines.Next("");
  if (answer && (*answer == "y" || *answer == "yes" || *answer == "Y")) return std::nullopt;
  fmt::print(console.err, "nothing was removed\n");
  return ExitCode::kUsage;
}

}  // namespace amethyst::cli
