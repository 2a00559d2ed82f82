#include "cli/moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "cli/text.h"

namespace amethyst::cli {

namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::system_clock;

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr std::array kUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000},
                               Unit{"ms", 1}};

constexpr std::string_view kDigits = "0123456789";
constexpr int64_t kYear10000Ms = 253'402'300'800'000;  // No moment of a database is as late.
constexpr int64_t kLastMs = std::chrono::floor<milliseconds>(kNever.time_since_epoch()).count();

// Takes a moment in ISO 8601 to pieces.
class IsoScanner {
 public:
  explicit IsoScanner(std::string_view text) : rest_(text) {}

  // Milliseconds since 1970; nullopt: the text is no moment.
  std::optional<int64_t> Run() {
    const auto date = TakeDate();
    if (!date) return std::nullopt;
    int64_t since_ms = std::chrono::sys_days(*date).time_since_epoch().count() * kUnits[0].ms;
    if (rest_.empty()) return since_ms;
    if (!Take('T') && !Take(' ')) return std::nullopt;
    const auto time_ms = TakeTime();
    const auto offset_ms = TakeOffset();
    if (!time_ms || !offset_ms || !rest_.empty()) return std::nullopt;
    since_ms += *time_ms - *offset_ms;
    return since_ms;
  }

 private:
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // `count` digits, less than `end`.
  std::optional<uint32_t> TakeNumber(size_t count, uint32_t end) {
    const std::string_view digits = rest_.substr(0, count);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (digits.size() != count || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    rest_.remove_prefix(count);
    uint32_t number = 0;
    for (const char c : digits) number = 10 * number + static_cast<uint32_t>(c - '0');
    return number < end ? std::optional(number) : std::nullopt;
  }
  std::optional<std::chrono::year_month_day> TakeDate() {
    const auto year = TakeNumber(4, 10'000);
    if (!year || !Take('-')) return std::nullopt;
    const auto month = TakeNumber(2, 13);
    if (!month || !Take('-')) return std::nullopt;
    const auto day = TakeNumber(2, 32);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                           std::chrono::day(*day));
    return date.ok() ? std::optional(date) : std::nullopt;
  }
  std::optional<int64_t> TakeTime() {
    const auto hour = TakeNumber(2, 24);
    if (!hour || !Take(':')) return std::nullopt;
    const auto minute = TakeNumber(2, 60);
    if (!minute) return std::nullopt;
    int64_t ms = *hour * kUnits[1].ms + *minute * kUnits[2].ms;
    if (!Take(':')) return ms;
    const auto second = TakeNumber(2, 60);
    if (!second) return std::nullopt;
    ms += *second * kUnits[3].ms;
    if (!Take('.')) return ms;
    size_t digits = 0;
    for (int64_t scale = 100;; scale /= 10, ++digits) {  // Digits behind the third are smaller than we can tell.
      const auto digit = TakeNumber(1, 10);
      if (!digit) return digits == 0 ? std::nullopt : std::optional(ms);
      ms += scale * *digit;
    }
  }
  // Of the place whose time it is, from UTC.
  std::optional<int64_t> TakeOffset() {
    if (rest_.empty() || Take('Z')) return 0;
    const bool is_west = Take('-');
    if (!is_west && !Take('+')) return std::nullopt;
    const auto hours = TakeNumber(2, 24);
    if (!hours) return std::nullopt;
    Take(':');
    const auto minutes = TakeNumber(2, 60);
    if (!minutes) return std::nullopt;
    const int64_t ms = *hours * kUnits[1].ms + *minutes * kUnits[2].ms;
    return is_west ? -ms : ms;
  }

  std::string_view rest_;
};

}  // namespace

std::expected<milliseconds, std::string> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  int64_t sum_ms = 0;
  auto next_unit = kUnits.begin();
  do {
    const size_t digits = std::min(rest.find_first_not_of(kDigits), rest.size());
    const size_t end = std::min(rest.find_first_of(kDigits, digits), rest.size());
    const auto number = ParseNumber(rest.substr(0, digits));
    const auto unit = std::find_if(next_unit, kUnits.end(),
                                   [&](const Unit& known) { return known.name == rest.substr(digits, end - digits); });
    if (digits == 0 || unit == kUnits.end()) {
      return std::unexpected(fmt::format("{} is no duration such as 500ms, 10s, 5m, 1h30m or 7d", Shortened(text, 40)));
    }
    if (!number || *number >= static_cast<uint64_t>((kYear10000Ms - sum_ms) / unit->ms)) {
      return std::unexpected(fmt::format("{} from now is after the year 9999", Shortened(text, 40)));
    }
    sum_ms += static_cast<int64_t>(*number) * unit->ms;
    next_unit = unit + 1;
    rest.remove_prefix(end);
  } while (!rest.empty());
  if (sum_ms == 0) return std::unexpected(fmt::format("a duration is over 0, not {}", Shortened(text, 40)));
  return milliseconds(sum_ms);
}

std::expected<system_clock::time_point, std::string> ParseMoment(std::string_view text) {
  if (text == "never") return kNever;
  std::optional<int64_t> since_ms = IsoScanner(text).Run();
  const bool is_number = !text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos;
  if (is_number)
    since_ms = static_cast<int64_t>(std::min<uint64_t>(ParseNumber(text).value_or(UINT64_MAX), kLastMs) * 1000);
  if (!since_ms) {
    return std::unexpected(
        fmt::format("{} is no moment such as 2026-11-28, 2026-11-28T18:30:00Z, "
                    "2026-11-28T19:30+01:00 or 1795890600, nor never",
                    Shortened(text, 40)));
  }
  if (*since_ms >= kLastMs) {
    return std::unexpected(fmt::format("{} is after {}, the last moment that can be told; never is for ever",
                                       Shortened(text, 40),
                                       MomentText(system_clock::time_point(milliseconds(kLastMs)))));
  }
  return system_clock::time_point(milliseconds(std::max<int64_t>(*since_ms, 0)));
}

std::string MomentText(system_clock::time_point moment) {
  const auto day = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<milliseconds>(moment - day));
  const int64_t ms = time.subseconds().count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), ms == 0 ? "" : fmt::format(".{:03}", ms));
}

std::string JsonExpiry(std::optional<system_clock::time_point> moment) {
  return moment ? fmt::format(",\"expires_at\":\"{}\"", MomentText(*moment)) : std::string();
}

std::string DurationText(milliseconds duration) {
  int64_t rest_ms = duration.count();
  const auto largest = std::ranges::find_if(kUnits, [&](const Unit& unit) { return rest_ms >= unit.ms; });
  if (largest == kUnits.end()) return "0s";
  std::string text = fmt::format("{}{}", rest_ms / largest->ms, largest->name);
  rest_ms %= largest->ms;
  const auto next = largest + 1;
  if (largest->ms <= 1000 || rest_ms / next->ms == 0) return text;
  return text + fmt::format(" {}{}", rest_ms / next->ms, next->name);
}

std::expected<Expiry, std::string> ExpiryOf(const Arguments& arguments) {
  const auto ttl = arguments.Value(kTtlOption.name);
  const auto expires_at = arguments.Value(kExpiresAtOption.name);
  if (ttl && expires_at) return std::unexpected("--ttl and --expires-at exclude each other");
  if (ttl) {
    const auto duration = ParseDuration(*ttl);
    if (!duration) return std::unexpected(fmt::format("--ttl: {}", duration.error()));
    return ExpiresAfter(*duration);
  }
  if (!expires_at) return Expiry{};
  const auto moment = ParseMoment(*expires_at);
  if (!moment) return std::unexpected(fmt::format("--expires-at: {}", moment.error()));
  return ExpiresAt(*moment);
}

}  // namespace amethyst::cli
