#include "server/keyspace/checkpoints.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

#include "base/error.h"

namespace amethyst::server {

namespace {

constexpr size_t kKept = 3;

// "2026-11-30T07-53-12.345", by UTC: the order of the names is that of the times.
std::string NameOf(TimeMs time_ms) {
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  return fmt::format("{:%Y-%m-%dT%H-%M-%S}.{:03}", fmt::gmtime(seconds), time_ms % 1000);
}

// What else lies there is not the server's, or was not finished.
bool IsName(std::string_view name) {
  constexpr std::string_view kShape = "0000-00-00T00-00-00.000";
  return std::ranges::equal(name, kShape,
                            [](char c, char shape) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; });
}

}  // namespace

Status Checkpoints::Make(TimeMs now_ms) {
  has_failed_ = true;
  const std::string directory = io::JoinPath(space_.path().string(), "checkpoints");
  AMETHYST_TRY(space_.files().CreateDirectories(directory));
  const TimeMs time_ms = count_ == 0 ? now_ms : std::max(now_ms, last_ms_ + 1);  // No name comes twice.
  AMETHYST_TRY(space_.db().Checkpoint(io::JoinPath(directory, NameOf(time_ms))));
  last_ms_ = time_ms;
  ++count_;
  AMETHYST_TRY(RemoveOld(directory));
  has_failed_ = false;
  return {};
}

Status Checkpoints::RemoveOld(const std::string& directory) {
  AMETHYST_ASSIGN(std::vector<std::string> names, space_.files().List(directory));
  std::erase_if(names, [](const std::string& name) { return !IsName(name); });
  for (size_t i = 0; i + kKept < names.size(); ++i) AMETHYST_TRY(Remove(io::JoinPath(directory, names[i])));
  return {};
}

// The file CURRENT makes a directory a database: it goes first, so that an interrupted removal leaves none.
Status Checkpoints::Remove(const std::string& copy) {
  AMETHYST_ASSIGN(std::vector<std::string> names, space_.files().List(copy));
  std::ranges::partition(names, [](const std::string& name) { return name == "CURRENT"; });
  for (const std::string& name : names) AMETHYST_TRY(space_.files().Remove(io::JoinPath(copy, name)));
  return space_.files().RemoveDirectory(copy);
}

}  // namespace amethyst::server
