// Bytes as a person reads them: how every message, report and prompt prints a key or a value.
//
// Keys and values are any bytes. They stand as they are if they are printable UTF-8; else between double quotes, with
// escapes that the shell reads back (cli/words.h). Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace amethyst::base {

[[nodiscard]] bool IsUtf8(std::string_view bytes);
// UTF-8 without control characters, nor marks that turn a terminal's writing direction.
[[nodiscard]] bool IsPrintable(std::string_view bytes);

// "a\xff\n" with its quotes; escapes the quote, the backslash, and all that is not printable.
[[nodiscard]] std::string Quoted(std::string_view bytes);
// As it is if that is unmistakable, else Quoted: also what is empty, or begins with a quote.
[[nodiscard]] std::string Readable(std::string_view bytes);
// Readable, cut to about `columns_max` characters, at least 4, with the whole size at the end.
[[nodiscard]] std::string Shortened(std::string_view bytes, size_t columns_max);

// A key in a message.
inline constexpr size_t kKeyColumnsMax = 40;

}  // namespace amethyst::base
