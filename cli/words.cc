#include "cli/words.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "cli/text.h"

namespace amethyst::cli {

namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  std::expected<std::vector<Word>, std::string> Run() {
    std::vector<Word> words;
    for (;;) {
      while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
      if (at_ == line_.size() || (words.empty() && line_[at_] == '#')) return words;
      Word word;
      while (at_ < line_.size() && !IsBlank(line_[at_])) {
        if (auto problem = TakePiece(&word)) return std::unexpected(*std::move(problem));
      }
      words.push_back(std::move(word));
    }
  }

  std::expected<std::string, std::string> Unescape() {
    std::string text;
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c != '\\') {
        text += c;
      } else if (auto problem = TakeEscape(&text)) {
        return std::unexpected(*std::move(problem));
      }
    }
    return text;
  }

 private:
  using Problem = std::optional<std::string>;

  Problem TakePiece(Word* word) {
    const char c = line_[at_++];
    if (c == '"' || c == '\'') {
      word->quoted = true;
      return c == '"' ? TakeDoubleQuoted(&word->text) : TakeSingleQuoted(&word->text);
    }
    if (c != '\\') {
      word->text += c;
      return std::nullopt;
    }
    if (at_ == line_.size()) return "a backslash at the end of the line escapes nothing";
    word->quoted = true;
    word->text += line_[at_++];
    return std::nullopt;
  }

  Problem TakeSingleQuoted(std::string* text) {
    const size_t begin = at_;
    const size_t end = line_.find('\'', begin);
    if (end == std::string_view::npos) return fmt::format("the ' at column {} is not closed", begin);
    *text += line_.substr(begin, end - begin);
    at_ = end + 1;
    return std::nullopt;
  }

  Problem TakeDoubleQuoted(std::string* text) {
    const size_t begin = at_;
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '"') return std::nullopt;
      if (c != '\\') {
        *text += c;
      } else if (auto problem = TakeEscape(text)) {
        return problem;
      }
    }
    return fmt::format("the \" at column {} is not closed", begin);
  }

  Problem TakeEscape(std::string* text) {
    if (at_ == line_.size()) return "the line ends in the middle of an escape";
    const char c = line_[at_++];
    switch (c) {
      case 'n': *text += '\n'; return std::nullopt;
      case 'r': *text += '\r'; return std::nullopt;
      case 't': *text += '\t'; return std::nullopt;
      case '0': *text += '\0'; return std::nullopt;
      case '\\':
      case '"': *text += c; return std::nullopt;
      case 'x': break;
      default:
        return fmt::format("column {}: \"\\{}\" is no escape; there are \\n \\r \\t \\0 \\\\ \\\" and \\xNN", at_ - 1,
                           c);
    }
    const std::string_view digits = line_.substr(at_, 2);
    const auto byte = digits.size() == 2 ? DecodeHex(digits) : std::nullopt;
    if (!byte) return fmt::format("column {}: \\x takes two hexadecimal digits", at_ - 1);
    *text += *byte;
    at_ += 2;
    return std::nullopt;
  }

  std::string_view line_;
  size_t at_ = 0;
};

}  // namespace

std::expected<std::vector<Word>, std::string> SplitWords(std::string_view line) { return Splitter(line).Run(); }

std::expected<std::string, std::string> Unescaped(std::string_view text) { return Splitter(text).Unescape(); }

std::vector<Word> WordsOf(std::vector<std::string> arguments) {
  std::vector<Word> words;
  for (std::string& argument : arguments) words.push_back({.text = std::move(argument), .quoted = false});
  return words;
}

}  // namespace amethyst::cli
