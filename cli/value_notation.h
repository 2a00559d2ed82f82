// How a command takes and prints values: as they are, or, on request, as the number that their 8 bytes are.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "cli/arguments.h"

namespace amethyst::cli {

enum class ValueNotation : uint8_t { kPlain, kInt64, kUint64 };  // Numbers have 8 bytes, little-endian.

inline constexpr OptionSpec kTakenAsOption{
    .name = "--as", .value = "TYPE", .help = "int64 or uint64: it is given as a number, and stored as its 8 bytes"};
inline constexpr OptionSpec kPrintedAsOption{
    .name = "--as", .value = "TYPE", .help = "int64 or uint64: a value of 8 bytes is printed as that number"};

// Of --as, or what is wrong with it.
[[nodiscard]] std::expected<ValueNotation, std::string> ValueNotationOf(const Arguments& arguments);
// The value that `text` stands for, or why it stands for none.
[[nodiscard]] std::expected<std::string, std::string> ParseValue(ValueNotation notation, std::string_view text);
// The number that `value` is; nullopt: none, or none is asked for.
[[nodiscard]] std::optional<std::string> NumberText(ValueNotation notation, std::string_view value);
// "value":5 where it is a number; else as JsonField.
[[nodiscard]] std::string JsonValueField(ValueNotation notation, std::string_view value);

}  // namespace amethyst::cli
