#include "cli/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "cli/help.h"
#include "cli/line_source.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

// The options that a file may set: all but --help and --version, which only ask the program to say something.
std::vector<std::string_view> ConfigNames() {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : ProgramOptions()) {
    if (option.name != "--help" && option.name != "--version") names.push_back(option.name.substr(2));
  }
  return names;
}

// The option that the line stands for, without text if it is false; or what is wrong.
std::expected<std::string, std::string> OptionOf(std::string_view line) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return std::unexpected(fmt::format("expected NAME = VALUE, found {}", Shortened(line, 40)));
  }
  const std::string_view name = Trimmed(line.substr(0, equals));
  const std::string_view value = Trimmed(line.substr(equals + 1));
  const std::vector<std::string_view> names = ConfigNames();
  if (std::ranges::find(names, name) == names.end()) {
    const std::string_view nearest = Nearest(name, names);
    return std::unexpected(fmt::format("there is no {}{}", Shortened(name, 40),
                                       nearest.empty() ? fmt::format("; there are {}", fmt::join(names, ", "))
                                                       : fmt::format(", did you mean {}?", nearest)));
  }
  if (value.empty()) return std::unexpected(fmt::format("{} has no value", name));
  const auto option = std::ranges::find(ProgramOptions(), fmt::format("--{}", name), &OptionSpec::name);
  if (!option->value.empty()) {
    const bool at_home = name == "db" && value.starts_with("~/") && !Variable("HOME").empty();
    return fmt::format("{}={}{}", option->name, at_home ? Variable("HOME") : "", at_home ? value.substr(1) : value);
  }
  if (value == "true") return std::string(option->name);
  if (value == "false") return std::string();
  return std::unexpected(fmt::format("{} is true or false, not {}", name, Shortened(value, 40)));
}

}  // namespace

std::string ConfigPath(io::FileSystem& files) {
  if (std::getenv("AMETHYST_CONFIG") != nullptr) return std::string(Variable("AMETHYST_CONFIG"));
  std::string directory(Variable("XDG_CONFIG_HOME"));
  if (!directory.starts_with('/')) {
    if (!Variable("HOME").starts_with('/')) return {};
    directory = io::JoinPath(Variable("HOME"), ".config");
  }
  std::string path = io::JoinPath(directory, "amethyst/config");
  return files.Exists(path).value_or(false) ? path : std::string();
}

std::expected<std::vector<ConfigLine>, std::string> ParseConfig(std::string_view path, std::string_view text) {
  std::vector<ConfigLine> lines;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    auto option = OptionOf(line);
    if (!option) return std::unexpected(fmt::format("{}:{}: {}", path, number, option.error()));
    if (!option->empty()) lines.push_back({.option = {.text = *std::move(option)}, .number = number});
  }
  return lines;
}

}  // namespace amethyst::cli
