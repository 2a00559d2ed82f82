#include "server/commands/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "server/keyspace/space.h"

namespace amethyst::server {

namespace {

constexpr size_t kDigitsMax = 5 << 10;  // As in Redis; a longer one is refused.

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

template <typename Number, typename Read>
std::optional<Number> ReadFloat(std::string_view text, Read read) {
  if (text.empty() || text.size() > kDigitsMax || IsSpace(text.front())) return {};
  const std::string copy(text);  // A zero byte within ends the number early, and so fails it.
  char* end = nullptr;
  errno = 0;
  const Number value = read(copy.c_str(), &end);
  if (end != copy.c_str() + copy.size() || std::isnan(value)) return {};
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return {};
  return value;
}

}  // namespace

std::optional<int64_t> ReadInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with('0') && text != "0") return {};
  return value;
}

std::optional<uint64_t> ReadCursor(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<unsigned> ReadDatabase(std::string_view text) {
  const auto number = ReadInteger(text);
  if (!number || *number < 0 || *number >= kDatabases) return {};
  return static_cast<unsigned>(*number);
}

std::optional<unsigned> ReadDatabase(std::string_view text, std::string_view* error) {
  const auto number = ReadInteger(text);
  *error = !number ? "ERR value is not an integer or out of range"
           : *number < INT32_MIN || *number > INT32_MAX
               ? "ERR value is out of range, value must between -2147483648 and 2147483647"
               : "ERR DB index is out of range";
  return ReadDatabase(text);
}

std::optional<double> ReadDouble(std::string_view text) { return ReadFloat<double>(text, std::strtod); }
std::optional<long double> ReadLongDouble(std::string_view text) { return ReadFloat<long double>(text, std::strtold); }

std::string FormatLongDouble(long double value) {
  std::string text = fmt::format("{:.17f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::optional<uint64_t> ReadTimeout(std::string_view text, std::string_view* error) {
  const auto seconds = ReadLongDouble(text);
  if (!seconds || !std::isfinite(*seconds)) {
    *error = "ERR timeout is not a float or out of range";
    return {};
  }
  if (*seconds < 0) {
    *error = "ERR timeout is negative";
    return {};
  }
  const long double milliseconds = std::ceil(*seconds * 1000);
  if (milliseconds > static_cast<long double>(INT64_MAX)) {
    *error = "ERR timeout is out of range";
    return {};
  }
  return static_cast<uint64_t>(milliseconds);
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool AddOverflows(int64_t a, int64_t b, int64_t* sum) { return __builtin_add_overflow(a, b, sum); }

std::optional<int64_t> ReadBytes(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = ReadInteger(text.substr(0, digits));
  if (!number) return {};
  const std::string_view unit = text.substr(digits);
  struct Unit {
    std::string_view name;
    int64_t bytes;
  };
  constexpr Unit kUnits[] = {{"", 1},          {"b", 1},        {"k", 1000},          {"kb", 1 << 10},
                             {"m", 1'000'000}, {"mb", 1 << 20}, {"g", 1'000'000'000}, {"gb", 1 << 30}};
  for (const Unit& known : kUnits) {
    int64_t bytes = 0;
    if (EqualsIgnoringCase(unit, known.name)) {
      return __builtin_mul_overflow(*number, known.bytes, &bytes) ? std::nullopt : std::optional(bytes);
    }
  }
  return {};
}

}  // namespace amethyst::server
