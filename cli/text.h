// Bytes as a person, a script or JSON can read them.
//
// Keys and values are any bytes. Shown to a person, they stand as they are if they are printable UTF-8; else between
// double quotes with the escapes that words.h reads back. JSON has text only: what is not UTF-8 goes into a field
// "<name>_base64". Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::cli {

[[nodiscard]] bool IsUtf8(std::string_view bytes);
// UTF-8 without control characters, nor marks that turn a terminal's writing direction.
[[nodiscard]] bool IsPrintable(std::string_view bytes);

// "a\xff\n" with its quotes; escapes the quote, the backslash, and all that is not printable.
[[nodiscard]] std::string Quoted(std::string_view bytes);
// As it is if that is unmistakable, else Quoted: also what is empty, or begins with a quote.
[[nodiscard]] std::string Readable(std::string_view bytes);
// Readable, cut to about `columns_max` characters, with what is missing told.
[[nodiscard]] std::string Shortened(std::string_view bytes, size_t columns_max);

[[nodiscard]] std::string EncodeBase64(std::string_view bytes);
// nullopt: not canonical base64 (RFC 4648, with padding).
[[nodiscard]] std::optional<std::string> DecodeBase64(std::string_view text);

// Lower-case digits, two a byte; both cases are read.
[[nodiscard]] std::string EncodeHex(std::string_view bytes);
// nullopt: an odd number of digits, or something else among them.
[[nodiscard]] std::optional<std::string> DecodeHex(std::string_view text);

// A JSON string with its quotes. `text` must be UTF-8.
[[nodiscard]] std::string JsonString(std::string_view text);
// "name":"text", or "name_base64":"…".
[[nodiscard]] std::string JsonField(std::string_view name, std::string_view bytes);

// "1,234,567", "512 B", "64.0 MiB".
[[nodiscard]] std::string Grouped(uint64_t number);
[[nodiscard]] std::string HumanBytes(uint64_t bytes);
// "1 entry", "2 entries".
[[nodiscard]] std::string Counted(uint64_t count, std::string_view one, std::string_view many);

}  // namespace amethyst::cli
