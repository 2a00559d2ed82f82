// Text in JSON, piece by piece: what the page reads may be long, so that no tree of values is built first.
//
// Commas come by themselves. The caller balances what it begins. Thread safety: one thread.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

namespace amethyst::page {

class JsonWriter {
 public:
  JsonWriter& Begin(char bracket);  // '{' or '['.
  JsonWriter& End(char bracket);    // '}' or ']'.
  JsonWriter& Key(std::string_view name);

  JsonWriter& Value(std::integral auto number) {
    Comma();
    fmt::format_to(std::back_inserter(text_), "{}", number);
    return *this;
  }
  JsonWriter& Value(double number);          // With four digits behind the point at the most; 0 where it is no number.
  JsonWriter& Value(std::string_view text);  // What is not UTF-8 is quoted first.
  JsonWriter& Value(const char* text) { return Value(std::string_view(text)); }
  // Any bytes, as a string of as many characters: each is one byte, U+0000 to U+00FF. Strings in that form compare as
  // the bytes do, in JavaScript too.
  JsonWriter& Bytes(std::string_view bytes);
  // A value that is JSON already.
  JsonWriter& Raw(std::string_view json);

  JsonWriter& Field(std::string_view name, const auto& value) { return Key(name).Value(value); }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  void Comma();
  void AppendEscaped(unsigned char character);

  std::string text_;
  bool first_ = true;  // Nothing stands before the next value that a comma would part it from.
};

}  // namespace amethyst::page
