// How a command takes and prints keys: as they are, or, on request, as digits or escapes that hold any bytes.
//
// What one command prints in a notation, another takes back in it. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"

namespace amethyst::cli {

enum class KeyNotation : uint8_t {
  kPlain,    // Taken as they are, printed as Readable has them.
  kHex,      // Two digits a byte; 0x may stand before them.
  kEscapes,  // With the escapes of a double-quoted word; the double quotes may stand around it.
};

inline constexpr OptionSpec kHexOption{
    .name = "--hex", .value = "", .help = "keys are given and printed as hexadecimal digits"};
inline constexpr OptionSpec kEscapesOption{
    .name = "--escapes", .value = "", .help = "keys are given and printed with \\n \\t \\\\ and \\xNN in them"};

// Of --hex and --escapes, or what is wrong with them.
[[nodiscard]] std::expected<KeyNotation, std::string> KeyNotationOf(const Arguments& arguments);
// The key that `text` stands for, or why it stands for none.
[[nodiscard]] std::expected<std::string, std::string> ParseKey(KeyNotation notation, std::string_view text);
[[nodiscard]] std::string KeyText(KeyNotation notation, std::string_view key);

// The first arguments, at most `count_max`, as keys in the notation that the options name; or what is wrong.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> KeysOf(const Arguments& arguments,
                                                                          size_t count_max = kAnyNumber);

}  // namespace amethyst::cli
