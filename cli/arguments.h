// The words behind a command, sorted into options and positional arguments by what the command says it takes.
//
// Options begin with "--" and may stand anywhere; "--limit 5" and "--limit=5" are one; a word in quotes, and every word
// behind
// "--", is an argument whatever it begins with. A single dash begins no option: negative numbers and "-" are arguments.
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/words.h"

namespace amethyst::cli {

struct OptionSpec {
  std::string_view name;   // With its dashes.
  std::string_view value;  // What stands for its value in the usage; empty: a switch.
  std::string_view help;
  bool number = false;          // The value must be one.
  bool optional_value = false;  // The value may be left out, and stands behind a = alone.
};

struct Arity {
  size_t least = 0;
  size_t most = 0;
};
inline constexpr size_t kAnyNumber = SIZE_MAX;

class Arguments {
 public:
  // `words` without the command. An error says what is wrong with them.
  [[nodiscard]] static std::expected<Arguments, std::string> Parse(std::span<const Word> words,
                                                                   std::span<const OptionSpec> options, Arity arity);

  [[nodiscard]] const std::vector<std::string>& positional() const { return positional_; }
  // The n-th positional argument, or nullopt.
  [[nodiscard]] std::optional<std::string_view> at(size_t n) const {
    return n < positional_.size() ? std::optional<std::string_view>(positional_[n]) : std::nullopt;
  }
  [[nodiscard]] bool Has(std::string_view option) const { return values_.contains(option); }
  [[nodiscard]] std::optional<std::string_view> Value(std::string_view option) const;
  [[nodiscard]] std::optional<uint64_t> Number(std::string_view option) const;

 private:
  std::vector<std::string> positional_;
  std::map<std::string, std::string, std::less<>> values_;
};

// A number of digits alone, as options and commands take it; thousands may be set apart by _ as in 1_000_000.
[[nodiscard]] std::optional<uint64_t> ParseNumber(std::string_view text);

// A number of bytes: of digits alone, or with K, M, G or T behind them, as in 64M and 64MiB, which are powers of 1,024.
[[nodiscard]] std::optional<uint64_t> ParseSize(std::string_view text);

// Of `candidates` the one that `word` is most likely a slip of; empty if none is near.
[[nodiscard]] std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace amethyst::cli
