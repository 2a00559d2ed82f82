// Durations and moments as people write and read them: 90s, 1h30m; 2026-11-28T18:30:00Z; and the options of commands
// that say when an entry expires. Thread safety: pure functions.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/options.h"
#include "amethyst/write_batch.h"
#include "cli/arguments.h"

namespace amethyst::cli {

// Numbers with ms, s, m, h or d behind them, longest first; over 0, and within the year 9999 at any rate. Else what is
// wrong.
[[nodiscard]] std::expected<std::chrono::milliseconds, std::string> ParseDuration(std::string_view text);
// ISO 8601, to a day or more exactly, in UTC unless it ends in an offset; seconds since 1970; or `never`, kNever. Else
// what is wrong. What is before 1970 comes as 1970.
[[nodiscard]] std::expected<std::chrono::system_clock::time_point, std::string> ParseMoment(std::string_view text);

// "2026-11-28T18:30:00Z", with milliseconds where there are some: ParseMoment takes it back.
[[nodiscard]] std::string MomentText(std::chrono::system_clock::time_point moment);
// ,"expires_at":"2026-11-28T18:30:00Z"; empty for nullopt.
[[nodiscard]] std::string JsonExpiry(std::optional<std::chrono::system_clock::time_point> moment);
// "29m 59s": the two largest units, rounded down.
[[nodiscard]] std::string DurationText(std::chrono::milliseconds duration);

inline constexpr OptionSpec kTtlOption{
    .name = "--ttl", .value = "DURATION", .help = "it expires so long from now: 500ms, 10s, 5m, 1h30m, 7d"};
inline constexpr OptionSpec kExpiresAtOption{
    .name = "--expires-at",
    .value = "MOMENT",
    .help = "it expires then: 2026-11-28T18:30:00Z, or seconds since 1970, or never"};

// Of these options; none given is an Expiry as made without arguments. Else what is wrong.
[[nodiscard]] std::expected<Expiry, std::string> ExpiryOf(const Arguments& arguments);
[[nodiscard]] inline bool IsGiven(const Expiry& expiry) { return expiry.at || expiry.after.count() != 0; }
[[nodiscard]] inline WriteOptions ToWrite(const Expiry& expiry) {
  return {.ttl = expiry.after, .expires_at = expiry.at};
}

}  // namespace amethyst::cli
