// Serves the page of a database over HTTP for as long as the shell is not interrupted, beside its writer if there is
// one. Thread safety: one thread.
#pragma once

#include <string>

#include "amethyst/error.h"
#include "cli/command.h"
#include "net/http_address.h"

namespace amethyst::cli {

// Says where the page is once it can be opened. kInvalidArgument: no database is there. kBusy: the port is taken.
[[nodiscard]] Status ServePage(const Invocation& invocation, const std::string& directory, const net::HttpAddress& at);

}  // namespace amethyst::cli
