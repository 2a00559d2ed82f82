#include "cli/report_error.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>

#include "cli/text.h"

namespace amethyst::cli {

namespace {

// Text that may hold bytes of a key or a path, fit for a JSON string.
std::string JsonText(std::string_view text) { return JsonString(IsUtf8(text) ? std::string(text) : Quoted(text)); }

constexpr std::string_view kHowToMerge =
    "`amethyst [--family NAME] --merge OPERATOR merge ...` gives it one, `family create NAME --merge OPERATOR` makes a "
    "family with one";

bool Mentions(const Error& error, std::string_view text) { return error.message().find(text) != std::string::npos; }

bool HasTables(const std::string& directory, io::FileSystem& files) {
  const auto names = files.List(directory);
  return names && std::ranges::any_of(*names, [](const std::string& name) { return name.ends_with(".sst"); });
}

}  // namespace

void PrintError(Console& console, bool json, const ErrorReport& report) {
  if (json) {
    std::string object = fmt::format("\"code\":\"{}\",\"message\":{}", report.code, JsonText(report.message));
    if (!report.hint.empty()) object += fmt::format(",\"hint\":{}", JsonText(report.hint));
    if (report.line != 0) object += fmt::format(",\"line\":{}", report.line);
    fmt::print(console.err, "{{\"error\":{{{}}}}}\n", object);
  } else {
    const std::string place = report.line == 0 ? "" : fmt::format("line {}: ", report.line);
    fmt::print(console.err, "{}: {}{}\n", Colored(console.ColorsErr(), Hue::kBad, "amethyst"), place, report.message);
    if (!report.hint.empty()) fmt::print(console.err, "  {}\n", Colored(console.ColorsErr(), Hue::kDim, report.hint));
  }
  console.err.flush();
}

std::string HintFor(const Error& error, const std::string& directory, io::FileSystem& files) {
  switch (error.code()) {
    case ErrorCode::kBusy:
      return "end that process, or wait for it with --wait SECONDS; commands that only read work all the same, and it "
             "can make copies itself (a checkpoint or a backup, by its own calls or at its prompt)";
    case ErrorCode::kNoSpace: return "free some space, then do it again; whatever was confirmed before is kept";
    case ErrorCode::kCorruption:
      return fmt::format(
          "`amethyst --db {0} verify` lists all damage; `amethyst --db {0} repair NEW_DIRECTORY` saves what can be "
          "read",
          directory);
    case ErrorCode::kNotSupported:
      if (Mentions(error, "which was not given at open")) return "only the program that has that operator can read it";
      return "it was written by a newer version: open it with that one";
    case ErrorCode::kInvalidArgument:
      if (Mentions(error, "no merge operator")) return std::string(kHowToMerge);
      if (Mentions(error, "of memory_budget_bytes")) return "--memory SIZE gives it more";
      if (!Mentions(error, "no database")) return "";
      if (HasTables(directory, files)) {
        return fmt::format("but tables of one are: `amethyst --db {} repair NEW_DIRECTORY` saves what can be read",
                           directory);
      }
      return "`amethyst --db DIRECTORY` names another one; put, import, seed and family create create it";
    case ErrorCode::kIo:
      if (Mentions(error, "ermission denied") || Mentions(error, "ead-only file system")) {
        return "look at the permissions of that path; reading a database needs no right to write it";
      }
      return "";
    case ErrorCode::kClosed: return "";
    case ErrorCode::kTooOld: return "";
    case ErrorCode::kConflict: return "nothing of the transaction was written; run it again from `begin` on";
    case ErrorCode::kOutOfMemory: return "free some, or raise the limit (ulimit -v, -u); nothing is lost";
  }
  return "";
}

}  // namespace amethyst::cli
