#include "base/readable.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "base/assert.h"

namespace amethyst::base {

namespace {

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

}  // namespace amethyst::base
