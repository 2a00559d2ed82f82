#include "cli/value_notation.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/coding.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

template <typename Number>
std::expected<std::string, std::string> ParseAs(std::string_view text, std::string_view type) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end) {
    return std::unexpected(fmt::format("{} is no {}", text.empty() ? "nothing" : Shortened(text, 40), type));
  }
  std::string value;
  base::AppendFixed(&value, static_cast<uint64_t>(number));
  return value;
}

}  // namespace

std::expected<ValueNotation, std::string> ValueNotationOf(const Arguments& arguments) {
  const auto type = arguments.Value(kTakenAsOption.name);
  if (!type) return ValueNotation::kPlain;
  if (*type == "int64") return ValueNotation::kInt64;
  if (*type == "uint64") return ValueNotation::kUint64;
  return std::unexpected(fmt::format("--as is int64 or uint64, not {}", Shortened(*type, 40)));
}

std::expected<std::string, std::string> ParseValue(ValueNotation notation, std::string_view text) {
  switch (notation) {
    case ValueNotation::kPlain: return std::string(text);
    case ValueNotation::kInt64: return ParseAs<int64_t>(text, "int64");
    case ValueNotation::kUint64: return ParseAs<uint64_t>(text, "uint64");
  }
  std::unreachable();
}

std::optional<std::string> NumberText(ValueNotation notation, std::string_view value) {
  if (notation == ValueNotation::kPlain || value.size() != sizeof(uint64_t)) return std::nullopt;
  const auto number = base::LoadFixed<uint64_t>(value.data());
  return notation == ValueNotation::kInt64 ? std::to_string(static_cast<int64_t>(number)) : std::to_string(number);
}

std::string JsonValueField(ValueNotation notation, std::string_view value) {
  const auto number = NumberText(notation, value);
  return number ? fmt::format("\"value\":{}", *number) : JsonField("value", value);
}

}  // namespace amethyst::cli
