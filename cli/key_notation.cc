#include "cli/key_notation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/text.h"
#include "cli/words.h"

namespace amethyst::cli {

std::expected<KeyNotation, std::string> KeyNotationOf(const Arguments& arguments) {
  const bool hex = arguments.Has(kHexOption.name);
  const bool escapes = arguments.Has(kEscapesOption.name);
  if (hex && escapes) return std::unexpected("--hex and --escapes exclude each other");
  return hex ? KeyNotation::kHex : escapes ? KeyNotation::kEscapes : KeyNotation::kPlain;
}

std::expected<std::string, std::string> ParseKey(KeyNotation notation, std::string_view text) {
  switch (notation) {
    case KeyNotation::kPlain: return std::string(text);
    case KeyNotation::kHex: {
      auto key = DecodeHex(text.starts_with("0x") ? text.substr(2) : text);
      if (key) return *std::move(key);
      return std::unexpected(fmt::format("{} is not hexadecimal digits, two a byte", Shortened(text, 40)));
    }
    case KeyNotation::kEscapes: {
      const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
      auto key = Unescaped(quoted ? text.substr(1, text.size() - 2) : text);
      if (key) return key;
      return std::unexpected(fmt::format("{}: {}", Shortened(text, 40), key.error()));
    }
  }
  std::unreachable();
}

std::string KeyText(KeyNotation notation, std::string_view key) {
  switch (notation) {
    case KeyNotation::kPlain: return Readable(key);
    case KeyNotation::kHex: return EncodeHex(key);
    case KeyNotation::kEscapes: {
      const std::string quoted = Quoted(key);
      return quoted.substr(1, quoted.size() - 2);
    }
  }
  std::unreachable();
}

std::expected<std::vector<std::string>, std::string> KeysOf(const Arguments& arguments, size_t count_max) {
  const auto notation = KeyNotationOf(arguments);
  if (!notation) return std::unexpected(notation.error());
  std::vector<std::string> keys;
  for (size_t i = 0; i < std::min(count_max, arguments.positional().size()); ++i) {
    auto key = ParseKey(*notation, arguments.positional()[i]);
    if (!key) return std::unexpected(key.error());
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace amethyst::cli
