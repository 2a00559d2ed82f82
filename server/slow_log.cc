#include "server/slow_log.h"

#include <fmt/format.h>

#include <algorithm>

namespace amethyst::server {

namespace {
constexpr size_t kArgumentsMax = 32;
constexpr size_t kArgumentBytesMax = 128;
}  // namespace

void SlowLog::Add(Arguments args, Entry entry, size_t entries_max) {
  entry.id = next_id_++;
  const size_t shown = args.size() > kArgumentsMax ? kArgumentsMax - 1 : args.size();
  for (const std::string_view arg : args.first(shown)) {
    entry.args.emplace_back(arg.substr(0, kArgumentBytesMax));
    if (arg.size() > kArgumentBytesMax) {
      entry.args.back() += fmt::format("... ({} more bytes)", arg.size() - kArgumentBytesMax);
    }
  }
  if (shown < args.size()) entry.args.push_back(fmt::format("... ({} more arguments)", args.size() - shown));
  entries_.push_front(std::move(entry));
  Trim(entries_max);
}

void SlowLog::Trim(size_t entries_max) {
  if (entries_.size() > entries_max) entries_.resize(entries_max);
}

}  // namespace amethyst::server
