// Numbers as commands take them: the whole argument, nothing else, and no more than fits. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::server {

// Decimal, without a plus, spaces or leading zeros, as Redis stores numbers: "-0" and "07" are none.
[[nodiscard]] std::optional<int64_t> ReadInteger(std::string_view text);
// "64", "64k" (thousands), "64kb" (of 1,024), likewise m and g.
[[nodiscard]] std::optional<int64_t> ReadBytes(std::string_view text);
// The cursor of SCAN and its kin: an unsigned number.
[[nodiscard]] std::optional<uint64_t> ReadCursor(std::string_view text);
// The number of a database, which there is.
[[nodiscard]] std::optional<unsigned> ReadDatabase(std::string_view text);
// The same, and why it is none.
[[nodiscard]] std::optional<unsigned> ReadDatabase(std::string_view text, std::string_view* error);
// What strtod takes of the C locale, no NaN, no spaces; "inf" and "-inf" are there.
[[nodiscard]] std::optional<double> ReadDouble(std::string_view text);
[[nodiscard]] std::optional<long double> ReadLongDouble(std::string_view text);
// As Redis shows sums: 17 decimals at the most, no zeros at their end, no exponent.
[[nodiscard]] std::string FormatLongDouble(long double value);
// A timeout in seconds as milliseconds: "0.5" is 500. nullopt and the text of the error: it is none.
[[nodiscard]] std::optional<uint64_t> ReadTimeout(std::string_view text, std::string_view* error);

[[nodiscard]] bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case);
[[nodiscard]] bool AddOverflows(int64_t a, int64_t b, int64_t* sum);

}  // namespace amethyst::server
