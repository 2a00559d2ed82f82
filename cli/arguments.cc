#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/assert.h"

namespace amethyst::cli {

namespace {

std::string UnknownOption(std::string_view name, std::span<const OptionSpec> options) {
  std::vector<std::string_view> names;
  for (const OptionSpec& option : options) names.push_back(option.name);
  const std::string_view nearest = Nearest(name, names);
  std::string message = fmt::format("unknown option {}", name);
  if (!nearest.empty()) message += fmt::format(", did you mean {}?", nearest);
  return message + " (an argument that begins with -- goes behind a -- of its own)";
}

std::string WrongCount(size_t count, Arity arity) {
  if (count > arity.most)
    return fmt::format("{} arguments, but it takes {}", count,
                       arity.most == 0 ? "none" : fmt::format("{}", arity.most));
  return count == 0 ? std::string("arguments are missing")
                    : fmt::format("{} of {} arguments are missing", arity.least - count, arity.least);
}

}  // namespace

std::expected<Arguments, std::string> Arguments::Parse(std::span<const Word> words, std::span<const OptionSpec> options,
                                                       Arity arity) {
  AMETHYST_ASSERT(arity.least <= arity.most);
  Arguments arguments;
  bool options_ended = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    if (options_ended || word.quoted || !word.text.starts_with("--")) {
      arguments.positional_.push_back(word.text);
      continue;
    }
    if (word.text == "--") {
      options_ended = true;
      continue;
    }
    const size_t equals = word.text.find('=');
    const std::string_view name = std::string_view(word.text).substr(0, equals);
    const auto option = std::ranges::find(options, name, &OptionSpec::name);
    if (option == options.end()) return std::unexpected(UnknownOption(name, options));
    std::string value;
    if (option->value.empty()) {
      if (equals != std::string::npos) return std::unexpected(fmt::format("{} takes no value", name));
    } else if (equals != std::string::npos) {
      value = word.text.substr(equals + 1);
    } else if (option->optional_value) {
      value.clear();
    } else if (++i < words.size()) {
      value = words[i].text;
    } else {
      return std::unexpected(fmt::format("{} wants a value: {} {}", name, name, option->value));
    }
    if (option->number && !ParseNumber(value)) {
      return std::unexpected(fmt::format("{} wants a number, not {}", name, value.empty() ? "nothing" : value));
    }
    arguments.values_.insert_or_assign(std::string(name), std::move(value));
  }
  const size_t count = arguments.positional_.size();
  if (count < arity.least || count > arity.most) return std::unexpected(WrongCount(count, arity));
  return arguments;
}

std::optional<std::string_view> Arguments::Value(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::optional<uint64_t> Arguments::Number(std::string_view option) const {
  const auto value = Value(option);
  if (!value) return std::nullopt;
  const std::optional<uint64_t> number = ParseNumber(*value);
  AMETHYST_ASSERT(number.has_value());  // Parse has checked it; or the option's `number` is missing.
  return number;
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  std::string digits(text);
  if (digits.starts_with('_') || digits.ends_with('_')) return std::nullopt;
  std::erase(digits, '_');
  uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  constexpr std::string_view kUnits = "KMGT";
  if (text.ends_with("iB")) {
    text.remove_suffix(2);
    if (text.empty() || kUnits.find(text.back()) == std::string_view::npos) return std::nullopt;
  }
  const size_t unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
  const bool has_unit = unit != std::string_view::npos;
  const std::optional<uint64_t> number = ParseNumber(text.substr(0, text.size() - (has_unit ? 1 : 0)));
  const size_t shift = has_unit ? 10 * (unit + 1) : 0;
  if (!number || *number > UINT64_MAX >> shift) return std::nullopt;
  return *number << shift;
}

std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (word.size() >= 2 && candidate.starts_with(word)) return candidate;
    // Levenshtein's distance, a row at a time.
    std::vector<size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= std::min<size_t>(word.size(), 64); ++i) {
      size_t diagonal = std::exchange(row[0], i);
      for (size_t j = 1; j <= candidate.size(); ++j) {
        const size_t changed = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
      }
    }
    if (word.size() <= 64 && row.back() < best_distance && row.back() < word.size()) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace amethyst::cli
