// A line of the shell as words: the quoting that people know from other shells, and escapes for binary keys.
//
// Words stand between blanks. "Double quotes" understand \n \r \t \0 \\ \" \xNN; in 'single quotes' everything is
// itself; a backslash outside quotes takes the next character as it is. Pieces that touch are one word: a"b c"d. A line
// that begins with # is a comment. Thread safety: pure functions.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::cli {

struct Word {
  std::string text;
  bool quoted = false;  // Then it is never an option, whatever it begins with.
};

// The words of `line`, or what is wrong with it.
[[nodiscard]] std::expected<std::vector<Word>, std::string> SplitWords(std::string_view line);

// `text` with the escapes of double quotes, but outside of any, read; or what is wrong with it.
[[nodiscard]] std::expected<std::string, std::string> Unescaped(std::string_view text);

// Words as the operating system hands them over: taken as they are.
[[nodiscard]] std::vector<Word> WordsOf(std::vector<std::string> arguments);

}  // namespace amethyst::cli
