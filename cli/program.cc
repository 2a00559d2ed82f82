#include "cli/program.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cstdlib>
#include <span>

#include "cli/config.h"
#include "cli/family_settings.h"
#include "cli/help.h"
#include "cli/prompt.h"
#include "cli/report_error.h"
#include "cli/shell.h"
#include "io/system_environment.h"

namespace amethyst::cli {

namespace {

// The program's options end at the first word that is none: the command.
size_t CountProgramOptions(std::span<const Word> words) {
  size_t i = 0;
  while (i < words.size() && words[i].text.starts_with("--") && words[i].text != "--") {
    const auto option = std::ranges::find(ProgramOptions(), words[i].text, &OptionSpec::name);
    i += option != ProgramOptions().end() && !option->value.empty() ? 2 : 1;
  }
  return std::min(i, words.size());
}

std::optional<ColorMode> ParseColorMode(std::string_view word) {
  if (word == "auto") return ColorMode::kAuto;
  if (word == "always") return ColorMode::kAlways;
  if (word == "never") return ColorMode::kNever;
  return std::nullopt;
}

// Of the program's options, or what is wrong with them.
std::expected<Settings, std::string> SettingsOf(const Arguments& options) {
  constexpr uint64_t kSecondsMax = 1'000'000'000;  // Of use to nobody, and far from where a clock ends.
  Settings settings;
  settings.json = options.Has("--json");
  settings.read_only = options.Has("--read-only");
  settings.wait = std::chrono::seconds(std::min(options.Number("--wait").value_or(0), kSecondsMax));
  if (const auto memory = options.Value("--memory")) {
    settings.memory_bytes = ParseSize(*memory);
    if (!settings.memory_bytes) return std::unexpected(fmt::format("--memory is a size as 64M or 2G, not {}", *memory));
  }
  if (const auto color = options.Value("--color"); color && !ParseColorMode(*color)) {
    return std::unexpected(fmt::format("--color is auto, always or never, not {}", *color));
  }
  if (const auto name = options.Value("--merge")) {
    auto merge_operator = ParseMergeOperator(*name);
    if (!merge_operator) return std::unexpected(merge_operator.error());
    settings.merge_operator = *std::move(merge_operator);
  }
  settings.family = options.Value("--family").value_or(kDefaultFamily);
  if (const auto directory = options.Value("--db")) {
    if (directory->empty()) return std::unexpected("--db names no directory");
    settings.directory = *directory;
  }
  return settings;
}

std::expected<Arguments, std::string> ParseOptions(std::span<const Word> words) {
  return Arguments::Parse(words, ProgramOptions(), {0, 0});
}

// Adds what the file sets, or tells what is wrong with it and in which line.
std::expected<void, std::string> AddConfig(const std::string& path, io::FileSystem& files, std::vector<Word>* words) {
  if (path.empty()) return {};
  const auto text = io::ReadFile(files, path);
  if (!text) return std::unexpected(text.error().message());
  auto lines = ParseConfig(path, *text);
  if (!lines) return std::unexpected(lines.error());
  for (const ConfigLine& line : *lines) {
    const auto option = ParseOptions(std::span(&line.option, 1));
    const auto settings = option ? SettingsOf(*option) : std::unexpected(option.error());
    if (!settings) return std::unexpected(fmt::format("{}:{}: {}", path, line.number, settings.error()));
    words->push_back(line.option);
  }
  return {};
}

// All that sets an option of the program, what goes before the other coming later.
std::expected<Arguments, std::string> AllOptions(std::span<const Word> given, const std::string& config_path,
                                                 io::FileSystem& files) {
  std::vector<Word> words;
  if (auto added = AddConfig(config_path, files, &words); !added) return std::unexpected(added.error());
  if (const char* const directory = std::getenv("AMETHYST_DB"); directory != nullptr && *directory != '\0') {
    words.push_back({.text = fmt::format("--db={}", directory)});
  }
  words.insert(words.end(), given.begin(), given.end());
  return ParseOptions(words);
}

ExitCode BadUsage(Console& console, bool json, std::string_view message) {
  PrintError(console, json,
             {.code = "Usage",
              .message = message,
              .hint = "usage: amethyst [--db DIRECTORY] [--json] [--wait SECONDS] [--read-only] [--memory SIZE] "
                      "[--family NAME] [--merge OPERATOR] [--color WHEN] [COMMAND ...]; `amethyst --help` tells more"});
  return ExitCode::kUsage;
}

ExitCode RunPrompt(Session& session) {
  Console& console = session.console();
  const auto families = [&session] {  // Of a database that a command has opened.
    DB* const database = session.open_database();
    return database == nullptr ? std::vector<std::string>{} : database->FamilyNames();
  };
  Prompt prompt(console, session.environment().files(), families);
  fmt::print(console.out, "amethyst {}, database {}; `help` lists the commands, ^D ends\n", AMETHYST_VERSION_STRING,
             session.settings().directory);
  return Shell(session, prompt, {.from_lines = true, .scripted = false}).RunLines();
}

}  // namespace

ExitCode RunProgram(const std::vector<std::string>& arguments, Console& console, Components components,
                    const std::string& config_path) {
  const std::vector<Word> words = WordsOf(arguments);
  const size_t option_words = CountProgramOptions(words);
  const std::span<const Word> given = std::span(words).first(option_words);
  const std::span<const Word> command = std::span(words).subspan(option_words);
  const bool wants_json = std::ranges::find(arguments, "--json") != arguments.end();
  const auto own = ParseOptions(given);
  if (!own) return BadUsage(console, wants_json, own.error());
  if (own->Has("--help") || (!command.empty() && command.front().text == "-h")) {
    console.out << ProgramHelp() << std::flush;
    return ExitCode::kOk;
  }
  const auto environment = components.environment ? components.environment : io::DefaultEnvironment();
  const auto options = AllOptions(given, config_path, environment->files());
  if (!options) return BadUsage(console, wants_json, options.error());
  auto settings = SettingsOf(*options);
  if (!settings) return BadUsage(console, options->Has("--json"), settings.error());
  console.color = ParseColorMode(options->Value("--color").value_or("auto")).value_or(ColorMode::kAuto);
  Session session(*std::move(settings), console, std::move(components));
  StreamLines lines(console.in);
  if (command.empty() && !options->Has("--version")) {
    if (console.in_is_terminal) return RunPrompt(session);
    return Shell(session, lines, {.from_lines = true, .scripted = true}).RunLines();
  }
  Shell shell(session, lines, {.from_lines = false, .scripted = true});
  const std::vector<Word> version = {{.text = "version"}};
  const ExitCode code = shell.RunWords(command.empty() ? version : command);
  return Worst(code, shell.Finish());
}

}  // namespace amethyst::cli
