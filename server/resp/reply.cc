#include "server/resp/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace amethyst::server {

namespace {
constexpr std::string_view kLineEnd = "\r\n";
constexpr double kExactIntegerMax = 9007199254740992.0;  // 2^53.
}  // namespace

void Reply::Header(char type, int64_t number) {
  const fmt::format_int digits(number);
  out_->push_back(type);
  out_->append(digits.data(), digits.size()).append(kLineEnd);
}

void Reply::Simple(std::string_view text) {
  out_->push_back('+');
  out_->append(text).append(kLineEnd);
}

void Reply::Error(std::string_view text) {
  out_->push_back('-');
  const size_t begin = out_->size();
  out_->append(text);
  std::replace_if(
      out_->begin() + static_cast<std::ptrdiff_t>(begin), out_->end(), [](char c) { return c == '\r' || c == '\n'; },
      ' ');
  out_->append(kLineEnd);
}

void Reply::Integer(int64_t value) { Header(':', value); }

void Reply::Bulk(std::string_view bytes) {
  Header('$', static_cast<int64_t>(bytes.size()));
  out_->append(bytes).append(kLineEnd);
}

void Reply::BulkInteger(int64_t value) { Bulk(fmt::format_int(value).c_str()); }

void Reply::Null() { out_->append(is_resp3() ? "_\r\n" : "$-1\r\n"); }

void Reply::NullArray() { out_->append(is_resp3() ? "_\r\n" : "*-1\r\n"); }

void Reply::Double(double value) {
  const std::string text = FormatDouble(value);
  if (!is_resp3()) return Bulk(text);
  out_->push_back(',');
  out_->append(text).append(kLineEnd);
}

void Reply::BigNumber(std::string_view digits) {
  if (!is_resp3()) return Bulk(digits);
  out_->push_back('(');
  out_->append(digits).append(kLineEnd);
}

void Reply::Boolean(bool value) {
  if (!is_resp3()) return Integer(value ? 1 : 0);
  out_->append(value ? "#t\r\n" : "#f\r\n");
}

void Reply::Verbatim(std::string_view format, std::string_view text) {
  if (!is_resp3()) return Bulk(text);
  Header('=', static_cast<int64_t>(format.size() + 1 + text.size()));
  out_->append(format).append(":").append(text).append(kLineEnd);
}

void Reply::Array(size_t elements) { Header('*', static_cast<int64_t>(elements)); }

void Reply::Map(size_t pairs) {
  if (!is_resp3()) return Array(2 * pairs);
  Header('%', static_cast<int64_t>(pairs));
}

void Reply::Set(size_t elements) { Header(is_resp3() ? '~' : '*', static_cast<int64_t>(elements)); }

void Reply::Push(size_t elements) { Header(is_resp3() ? '>' : '*', static_cast<int64_t>(elements)); }

std::string Reply::TakeFrom(size_t mark) {
  std::string taken = out_->substr(mark);
  out_->resize(mark);
  return taken;
}

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == std::floor(value) && std::abs(value) < kExactIntegerMax) {
    return value == 0 && std::signbit(value) ? "-0" : fmt::format("{}", static_cast<int64_t>(value));
  }
  return fmt::format("{:.17g}", value);
}

}  // namespace amethyst::server
