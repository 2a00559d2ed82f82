#include "server/monitors.h"

#include <fmt/format.h>

#include <iterator>

#include "server/session.h"

namespace amethyst::server {

namespace {

constexpr uint64_t kMicrosecondsOfSecond = 1'000'000;

// Between quotes, as redis-cli shows bytes.
void AppendQuoted(std::string* line, std::string_view bytes) {
  constexpr std::string_view kSpecial = "\\\"\n\r\t\a\b";
  constexpr std::string_view kLetters = "\\\"nrtab";
  line->push_back('"');
  for (const char c : bytes) {
    if (const size_t at = kSpecial.find(c); at != std::string_view::npos) {
      *line += {'\\', kLetters[at]};
    } else if (c >= ' ' && c <= '~') {
      line->push_back(c);
    } else {
      fmt::format_to(std::back_inserter(*line), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  line->push_back('"');
}

}  // namespace

void Monitors::Add(Session& session) {
  session.is_monitor = true;
  sessions_.insert(&session);
}

void Monitors::Remove(Session& session) {
  session.is_monitor = false;
  sessions_.erase(&session);
}

void Monitors::Show(const Caller& caller, uint64_t time_us, Arguments args) {
  std::string line = fmt::format("{}.{:06} [{} {}]", time_us / kMicrosecondsOfSecond, time_us % kMicrosecondsOfSecond,
                                 caller.database, caller.peer);
  for (const std::string_view arg : args) {
    line.push_back(' ');
    AppendQuoted(&line, arg);
  }
  for (Session* const monitor : sessions_) {
    monitor->NewReply().Simple(line);
    monitor->WillFlush();
  }
}

}  // namespace amethyst::server
