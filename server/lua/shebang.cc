#include "server/lua/shebang.h"

#include <algorithm>

namespace amethyst::server {

namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

// The next word of the line, which is taken off; empty: there is none.
std::string_view TakeWord(std::string_view* line) {
  line->remove_prefix(std::min(line->find_first_not_of(kBlanks), line->size()));
  const std::string_view word = line->substr(0, line->find_first_of(kBlanks));
  line->remove_prefix(word.size());
  return word;
}

// What is wrong with the flags; empty: nothing.
std::string ReadFlags(std::string_view list, Shebang* shebang) {
  for (bool is_last = list.empty(); !is_last;) {
    const size_t comma = list.find(',');
    const std::string_view flag = list.substr(0, comma);
    const auto at = std::ranges::find(kScriptFlagNames, flag);
    if (at == kScriptFlagNames.end()) {
      return "Unexpected flag in script shebang: " + std::string(flag);
    }
    shebang->flags.Add(static_cast<size_t>(at - kScriptFlagNames.begin()));
    is_last = comma == std::string_view::npos;
    if (!is_last) list.remove_prefix(comma + 1);
  }
  return {};
}

}  // namespace

std::expected<Shebang, std::string> ReadShebang(std::string_view script) {
  if (!script.starts_with("#!")) return Shebang{};
  const size_t end = script.find('\n');
  if (end == std::string_view::npos) return std::unexpected("Invalid script shebang");
  Shebang shebang{.is_there = true, .bytes = end};
  std::string_view line = script.substr(0, end);
  if (const std::string_view engine = TakeWord(&line); engine != "#!lua") {
    return std::unexpected("Unexpected engine in script shebang: " + std::string(engine));
  }
  constexpr std::string_view kFlagsOption = "flags=";
  for (std::string_view word = TakeWord(&line); !word.empty(); word = TakeWord(&line)) {
    if (!word.starts_with(kFlagsOption)) return std::unexpected("Unknown lua shebang option: " + std::string(word));
    std::string error = ReadFlags(word.substr(kFlagsOption.size()), &shebang);
    if (!error.empty()) return std::unexpected(std::move(error));
  }
  return shebang;
}

}  // namespace amethyst::server
