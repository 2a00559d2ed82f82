#include "cli/event_log.h"

#include <fmt/format.h>

#include <iterator>

#include "cli/json.h"
#include "cli/text.h"

namespace amethyst::cli {

void EventLog::OnEvent(const Event& event) {
  base::MutexLock lock(mutex_);
  if (kept_.size() == kKeptMax) kept_.pop_front();
  kept_.push_back(event);
}

std::vector<Event> EventLog::Take() {
  base::MutexLock lock(mutex_);
  std::vector<Event> taken(std::make_move_iterator(kept_.begin()), std::make_move_iterator(kept_.end()));
  kept_.clear();
  return taken;
}

namespace {

bool HasFamily(EventKind kind) {
  return kind == EventKind::kFamilyMade || kind == EventKind::kFamilyDropped || kind == EventKind::kFamilyRenamed;
}

bool HasLevels(EventKind kind) {
  return kind == EventKind::kCompactionBegin || kind == EventKind::kCompactionEnd || kind == EventKind::kTableMade;
}

bool HasValue(EventKind kind) {
  return kind == EventKind::kBackup || kind == EventKind::kDurable || kind == EventKind::kEventsLost;
}

}  // namespace

std::string EventLine(const Event& event) {
  std::string line = fmt::format("{}\t{}", event.number, EventKindName(event.kind));
  const auto add = [&]<typename... Args>(fmt::format_string<Args...> format, Args&&... args) {
    line += line.find(' ') == std::string::npos ? " " : ", ";
    line += fmt::format(format, std::forward<Args>(args)...);
  };
  if (event.table != 0) add("table {}", event.table);
  if (HasFamily(event.kind)) add("{}", Readable(event.family));
  if (HasLevels(event.kind) && event.family_id != 0) add("family {}", Readable(event.family));
  if (event.kind == EventKind::kTableMade) add("level {}", event.to_level);
  if (HasLevels(event.kind) && event.kind != EventKind::kTableMade) {
    add("level {} to {}", event.from_level, event.to_level);
  }
  if (event.entries != 0) add("{} entries", event.entries);
  if (event.bytes_read != 0) add("{} bytes read", event.bytes_read);
  if (event.bytes_written != 0) add("{} bytes written", event.bytes_written);
  if (event.cause != DelayCause::kNone) add("{}", DelayCauseName(event.cause));
  if (HasValue(event.kind)) add("{}", event.value);
  if (event.jump.count() != 0) add("{} ms", event.jump.count());
  if (event.error) add("{}", ErrorCodeName(*event.error));
  if (!event.text.empty()) add("{}", Readable(event.text));
  return line;
}

std::string EventJson(const Event& event) {
  Json object;
  object["event"] = EventKindName(event.kind);
  object["number"] = event.number;
  object["time_ms"] = std::chrono::floor<std::chrono::milliseconds>(event.time.time_since_epoch()).count();
  if (!event.family.empty()) {
    AddBytes(&object, "family", event.family);
    object["family_id"] = event.family_id;
  }
  if (HasLevels(event.kind)) {
    if (event.kind != EventKind::kTableMade) object["from_level"] = event.from_level;
    object["to_level"] = event.to_level;
  }
  const auto add = [&object](const char* name, uint64_t number) {
    if (number != 0) object[name] = number;
  };
  add("table", event.table);
  add("entries", event.entries);
  add("bytes_read", event.bytes_read);
  add("bytes_written", event.bytes_written);
  if (event.cause != DelayCause::kNone) object["cause"] = DelayCauseName(event.cause);
  if (HasValue(event.kind)) object["value"] = event.value;
  if (event.jump.count() != 0) object["jump_ms"] = event.jump.count();
  if (event.error) object["error"] = ErrorCodeName(*event.error);
  if (!event.text.empty()) AddBytes(&object, "text", event.text);
  return object.dump();
}

}  // namespace amethyst::cli
