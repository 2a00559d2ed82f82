#include "cli/text.h"

#include <fmt/format.h>

#include <array>

#include "base/assert.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The character at the front of `bytes` and how many bytes it has; 0 bytes: not UTF-8.
struct Character {
  uint32_t code = 0;
  size_t bytes = 0;
};

Character FrontCharacter(std::string_view bytes) {
  const auto lead = static_cast<uint8_t>(bytes.front());
  if (lead < 0x80) return {lead, 1};
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < size) return {};
  uint32_t code = lead & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<uint8_t>(bytes[i]);
    if ((next & 0xc0) != 0x80) return {};
    code = code << 6 | (next & 0x3fu);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[size] || code > 0x10ffff || surrogate) return {};
  return {code, size};
}

bool IsControl(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void AppendEscaped(std::string* to, std::string_view bytes, const Character& character) {
  switch (bytes.front()) {
    case '\n': *to += "\\n"; return;
    case '\t': *to += "\\t"; return;
    case '\r': *to += "\\r"; return;
    case '"': *to += "\\\""; return;
    case '\\': *to += "\\\\"; return;
    default: break;
  }
  if (character.bytes != 0 && !IsControl(character.code)) {
    *to += bytes.substr(0, character.bytes);
    return;
  }
  const size_t count = character.bytes == 0 ? 1 : character.bytes;
  for (size_t i = 0; i < count; ++i) *to += fmt::format("\\x{:02x}", static_cast<uint8_t>(bytes[i]));
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = FrontCharacter(bytes).bytes;
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

bool IsPrintable(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = FrontCharacter(bytes);
    if (character.bytes == 0 || IsControl(character.code)) return false;
    bytes.remove_prefix(character.bytes);
  }
  return true;
}

std::string Quoted(std::string_view bytes) {
  std::string text = "\"";
  while (!bytes.empty()) {
    const Character character = FrontCharacter(bytes);
    AppendEscaped(&text, bytes, character);
    bytes.remove_prefix(character.bytes == 0 ? 1 : character.bytes);
  }
  return text + "\"";
}

std::string Readable(std::string_view bytes) {
  const bool plain = !bytes.empty() && bytes.front() != '"' && bytes.front() != '\'' && IsPrintable(bytes);
  return plain ? std::string(bytes) : Quoted(bytes);
}

std::string Shortened(std::string_view bytes, size_t columns_max) {
  AMETHYST_ASSERT(columns_max >= 4);
  if (bytes.size() <= columns_max) return Readable(bytes);
  size_t cut = columns_max;
  while (cut > columns_max - 4 && (static_cast<uint8_t>(bytes[cut]) & 0xc0) == 0x80) --cut;  // Between characters.
  return fmt::format("{}... ({} bytes)", Readable(bytes.substr(0, cut)), bytes.size());
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) text += j <= count ? kBase64Digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char digit : text.substr(0, text.find('='))) {
    const size_t value = kBase64Digits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> bits & 0xff);
    }
  }
  if (EncodeBase64(bytes) != text) return std::nullopt;  // Stray bits, or padding that is missing or too much.
  return bytes;
}

std::string EncodeHex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

std::optional<std::string> DecodeHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string JsonString(std::string_view text) {
  AMETHYST_DCHECK(IsUtf8(text));
  std::string json = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': json += "\\\""; break;
      case '\\': json += "\\\\"; break;
      case '\n': json += "\\n"; break;
      case '\r': json += "\\r"; break;
      case '\t': json += "\\t"; break;
      default:
        if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) {
          json += fmt::format("\\u{:04x}", static_cast<uint8_t>(c));
        } else {
          json += c;
        }
    }
  }
  return json + "\"";
}

std::string JsonField(std::string_view name, std::string_view bytes) {
  if (IsUtf8(bytes)) return fmt::format("\"{}\":{}", name, JsonString(bytes));
  return fmt::format("\"{}_base64\":\"{}\"", name, EncodeBase64(bytes));
}

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string HumanBytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto scaled = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; scaled >= 1023.95 && unit + 1 < kUnits.size(); ++unit) scaled /= 1024;
  return fmt::format("{:.1f} {}", scaled, kUnits[unit]);
}

std::string Counted(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", Grouped(count), count == 1 ? one : many);
}

}  // namespace amethyst::cli
