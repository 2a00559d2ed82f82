#include "page/json_writer.h"

#include <cmath>

#include "base/readable.h"

namespace amethyst::page {

void JsonWriter::Comma() {
  if (!first_) text_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::Begin(char bracket) {
  Comma();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Value(name);
  text_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::Value(double number) {
  Comma();
  fmt::format_to(std::back_inserter(text_), "{:.10g}", std::isfinite(number) ? std::round(number * 1e4) / 1e4 : 0);
  return *this;
}

// Markup cannot begin or end within a string: the report holds this text in a script.
void JsonWriter::AppendEscaped(unsigned char character) {
  if (character == '"' || character == '\\') {
    text_ += '\\';
    text_ += static_cast<char>(character);
  } else if (character < 0x20 || character == '<' || character == 0x7f) {
    fmt::format_to(std::back_inserter(text_), "\\u{:04x}", static_cast<unsigned>(character));
  } else {
    text_ += static_cast<char>(character);
  }
}

JsonWriter& JsonWriter::Value(std::string_view text) {
  if (!base::IsUtf8(text)) return Value(std::string_view(base::Quoted(text)));
  Comma();
  text_ += '"';
  for (const char c : text) AppendEscaped(static_cast<unsigned char>(c));
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::Bytes(std::string_view bytes) {
  Comma();
  text_ += '"';
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      AppendEscaped(byte);
    } else {
      text_ += static_cast<char>(0xc0 | byte >> 6);
      text_ += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Comma();
  text_ += json;
  return *this;
}

}  // namespace amethyst::page
