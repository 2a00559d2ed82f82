#include "cli/completion.h"

#include <algorithm>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/text.h"
#include "cli/words.h"

namespace amethyst::cli {

namespace {

std::vector<std::string> CommandNames(std::string_view begin) {
  std::vector<std::string> names;
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      if (command.name.starts_with(begin)) names.emplace_back(command.name);
    }
  }
  return names;
}

std::vector<std::string> OptionNames(const Command& command, std::string_view begin) {
  std::vector<std::string> names;
  for (const OptionSpec& option : OptionsOf(command)) {
    if (option.name.starts_with(begin)) names.emplace_back(option.name);
  }
  return names;
}

std::vector<std::string> FirstWords(const Command& command, std::string_view begin) {
  std::vector<std::string> words;
  for (const std::string_view word : command.first_words) {
    if (word.starts_with(begin)) words.emplace_back(word);
  }
  return words;
}

// Names that want quotes are left out.
std::vector<std::string> FamilyNames(std::span<const std::string> families, std::string_view begin) {
  constexpr std::string_view kNeedQuotes = " \"'\\#";
  std::vector<std::string> names;
  for (const std::string& name : families) {
    const bool is_plain = IsPrintable(name) && name.find_first_of(kNeedQuotes) == std::string::npos;
    if (is_plain && !name.starts_with('-') && name.starts_with(begin)) names.push_back(name);
  }
  return names;
}

// Whether the word behind `before`, which begins with `command`, names a family.
bool NamesFamily(const Command& command, std::string_view before) {
  const auto words = SplitWords(before);
  if (!words || words->empty()) return false;
  const std::vector<OptionSpec> options = OptionsOf(command);
  const bool takes_family = std::ranges::find(options, "--family", &OptionSpec::name) != options.end();
  if (takes_family && words->back().text == "--family") return true;
  if (command.name == "use") return words->size() == 1;
  return command.name == "family" && words->size() == 2 && (*words)[1].text != "create";
}

std::vector<std::string> FileNames(std::string_view begin, io::FileSystem& files) {
  const size_t slash = begin.rfind('/');
  const std::string_view typed = slash == std::string_view::npos ? std::string_view() : begin.substr(0, slash + 1);
  const std::string_view name_begin = begin.substr(typed.size());
  const auto found = files.List(typed.empty() ? "." : std::string(typed));
  std::vector<std::string> names;
  for (const std::string& name : found.value_or(std::vector<std::string>{})) {
    const bool hidden = name.starts_with('.') && !name_begin.starts_with('.');
    if (!hidden && name.starts_with(name_begin)) names.push_back(std::string(typed) + name);
  }
  return names;
}

}  // namespace

Completion Complete(std::string_view line, io::FileSystem& files, std::span<const std::string> families) {
  Completion completion;
  const size_t blank = line.find_last_of(" \t");
  completion.begin = blank == std::string_view::npos ? 0 : blank + 1;
  const std::string_view word = line.substr(completion.begin);
  const std::string_view before = line.substr(0, completion.begin);
  const size_t first_begin = before.find_first_not_of(" \t");
  bool is_file = false;
  if (first_begin == std::string_view::npos) {
    completion.candidates = CommandNames(word);
  } else {
    const size_t first_end = before.find_first_of(" \t", first_begin);
    const std::string_view first = before.substr(first_begin, first_end - first_begin);
    const bool is_second = before.find_first_not_of(" \t", first_end) == std::string_view::npos;
    const Command* const command = FindCommand(first);
    if (first == "help") {
      completion.candidates = CommandNames(word);
    } else if (command != nullptr && NamesFamily(*command, before)) {
      completion.candidates = FamilyNames(families, word);
    } else if (command != nullptr && word.starts_with("--")) {
      completion.candidates = OptionNames(*command, word);
    } else if (command != nullptr && command->takes_files) {
      completion.candidates = FileNames(word, files);
      is_file = true;
    } else if (command != nullptr && is_second) {
      completion.candidates = FirstWords(*command, word);
    }
  }
  std::ranges::sort(completion.candidates);
  if (completion.candidates.empty()) return completion;
  const std::string& first = completion.candidates.front();
  const std::string& last = completion.candidates.back();
  const auto [end, other_end] = std::ranges::mismatch(first, last);
  completion.common.assign(first.begin(), end);
  if (completion.candidates.size() == 1 && !is_file) completion.common += ' ';
  return completion;
}

}  // namespace amethyst::cli
