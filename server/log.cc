#include "server/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "io/system_environment.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kSigns = ".-*#";
constexpr std::string_view kLevels[] = {"debug", "verbose", "notice", "warning"};

std::string TimeText(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (time - seconds).count());
}

// A line stays one, whatever a message quotes.
std::string OneLine(std::string_view message) {
  std::string line;
  for (const char c : message) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

Log& Log::Nowhere() {
  static Log nowhere(io::DefaultEnvironment()->clock(), nullptr);
  return nowhere;
}

void Log::Configure(std::string_view level, std::string_view format) {
  for (size_t i = 0; i < std::size(kLevels); ++i) {
    if (kLevels[i] == level) smallest_.store(static_cast<LogLevel>(i), std::memory_order_relaxed);
  }
  is_json_.store(format == "json", std::memory_order_relaxed);
}

void Log::Write(LogLevel level, std::string_view event, std::string_view message,
                std::initializer_list<LogField> fields) {
  if (!sink_ || level < smallest_.load(std::memory_order_relaxed)) return;
  const auto number = static_cast<size_t>(level);
  const std::string time = TimeText(clock_.WallTime());
  std::string line;
  if (is_json_.load(std::memory_order_relaxed)) {
    nlohmann::ordered_json object;
    object["time"] = time;
    object["level"] = kLevels[number];
    object["event"] = event;
    object["message"] = message;
    for (const LogField& field : fields) {
      std::visit([&](const auto& value) { object[std::string(field.name)] = value; }, field.value);
    }
    line = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else {
    line = fmt::format("{} {} {}", time, kSigns[number], OneLine(message));
  }
  line += '\n';
  base::MutexLock lock(mutex_);
  sink_(line);
}

}  // namespace amethyst::server
