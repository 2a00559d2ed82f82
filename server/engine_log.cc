#include "server/engine_log.h"

#include <fmt/format.h>

#include <string>

namespace amethyst::server {

namespace {

struct Line {
  LogLevel level = LogLevel::kVerbose;
  std::string message{};
};

Line LineOfError(const Event& event) {
  const std::string error = event.error ? fmt::format("{}: {}", ErrorCodeName(*event.error), event.text) : event.text;
  switch (event.kind) {
    case EventKind::kErrorLatched:
      return {LogLevel::kWarning, fmt::format("{}; no write is taken until the server is started again", error)};
    case EventKind::kErrorWaits:
      return {LogLevel::kWarning, fmt::format("background work waits and is tried again: {}", error)};
    case EventKind::kFlushEnd: return {LogLevel::kWarning, fmt::format("a flush failed: {}", error)};
    default: return {LogLevel::kWarning, fmt::format("a compaction failed: {}", error)};
  }
}

// An empty message: it is not told.
Line LineOf(const Event& event) {
  if (event.error) return LineOfError(event);
  switch (event.kind) {
    case EventKind::kErrorCleared: return {LogLevel::kNotice, "background work goes on again"};
    case EventKind::kWriteDelayBegin:
      return {LogLevel::kNotice, fmt::format("writes are slowed down: {}", DelayCauseName(event.cause))};
    case EventKind::kWriteDelayEnd:
      return {LogLevel::kNotice, fmt::format("writes go at full speed again: {}", DelayCauseName(event.cause))};
    case EventKind::kFlushEnd:
      return {LogLevel::kVerbose,
              fmt::format("flushed {} entries, {} bytes written", event.entries, event.bytes_written)};
    case EventKind::kCompactionEnd:
      return {LogLevel::kVerbose,
              fmt::format("compacted level {} to {} of {}: {} bytes read, {} written", event.from_level, event.to_level,
                          event.family, event.bytes_read, event.bytes_written)};
    case EventKind::kEventsLost: return {LogLevel::kWarning, fmt::format("{} events were lost", event.value)};
    default: return {};
  }
}

}  // namespace

void EngineLog::OnEvent(const Event& event) {
  const Line line = LineOf(event);
  if (line.message.empty()) return;
  log_.Write(line.level, EventKindName(event.kind), line.message,
             {{"bytes_read", static_cast<int64_t>(event.bytes_read)},
              {"bytes_written", static_cast<int64_t>(event.bytes_written)},
              {"entries", static_cast<int64_t>(event.entries)}});
}

}  // namespace amethyst::server
