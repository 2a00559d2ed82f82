// Deeds that cannot be taken back: a person is asked, a script says --yes. Thread safety: one thread.
#pragma once

#include <optional>
#include <string_view>

#include "cli/command.h"

namespace amethyst::cli {

inline constexpr OptionSpec kYesOption{.name = "--yes", .value = "", .help = "do not ask"};

// nullopt: go on. Else the command's exit code, once it is told why nothing is done. `deed` as in "remove all of it".
[[nodiscard]] std::optional<ExitCode> Unconfirmed(const Invocation& invocation, std::string_view deed);

}  // namespace amethyst::cli
