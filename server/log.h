// What the server tells its operator, a line for each thing: for people, or as JSON for programs.
//
//   2026-11-30T11:12:28.348Z # refused 3 connections: maxclients 100 is reached
//   {"time":"2026-11-30T11:12:28.348Z","level":"warning","event":"refused","message":"...","connections":3}
//
// The sign before the message is Redis's: . debug, - verbose, * notice, # warning. The message says all that the fields
// say. Thread safety: any thread; a line is written under a lock, so that lines do not mix.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/mutex.h"
#include "io/environment.h"

namespace amethyst::server {

enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning };

struct LogField {
  std::string_view name;
  std::variant<int64_t, std::string_view> value;
};

class Log {
 public:
  // Takes a line with its end.
  using Sink = std::function<void(std::string_view line)>;
  // `clock` outlives this.
  Log(io::Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Of a database that nobody operates.
  [[nodiscard]] static Log& Nowhere();

  // As in Redis's setting `loglevel`, and "text" or "json".
  void Configure(std::string_view level, std::string_view format);
  // `event` is a word that stays the same: programs look for it.
  void Write(LogLevel level, std::string_view event, std::string_view message,
             std::initializer_list<LogField> fields = {}) AMETHYST_EXCLUDES(mutex_);

 private:
  io::Clock& clock_;
  std::atomic<LogLevel> smallest_{LogLevel::kNotice};  // Lines are independent of each other: no order is needed.
  std::atomic<bool> is_json_{false};
  base::Mutex mutex_{base::LockRank::kProgram};
  const Sink sink_;
};

}  // namespace amethyst::server
