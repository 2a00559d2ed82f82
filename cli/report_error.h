// How errors are told: on standard error, with the line of the pipe they came from, the cause, and the next step.
//
// With --json an object on one line: {"error":{"code":"Busy","message":"…","hint":"…","line":3}}. Thread safety: one
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "cli/console.h"
#include "io/file_system.h"

namespace amethyst::cli {

struct ErrorReport {
  std::string_view code;  // "Busy"; "Usage" for wrong arguments.
  std::string_view message;
  std::string_view hint;  // The next step; empty: none beyond the message.
  uint64_t line = 0;      // Of the input; 0: none.
};

void PrintError(Console& console, bool json, const ErrorReport& report);

// What to do about an error of the database in `directory`.
[[nodiscard]] std::string HintFor(const Error& error, const std::string& directory, io::FileSystem& files);

}  // namespace amethyst::cli
