#include "compat/leveldb/properties.h"

#include <charconv>
#include <cstdint>
#include <cstdio>

namespace amethyst::compat {

namespace {

constexpr size_t kLevels = 7;  // As many as LevelDB answers for.
constexpr double kMiB = 1048576;

const LevelStats& LevelOf(const Stats& stats, size_t level) {
  static const LevelStats none;
  return level < stats.levels.size() ? stats.levels[level] : none;
}

template <typename... Values>
void AppendLine(std::string* to, const char* format, Values... values) {
  char line[200];
  std::snprintf(line, sizeof(line), format, values...);
  *to += line;
}

std::optional<std::string> FilesAtLevel(const Stats& stats, std::string_view number) {
  size_t level = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), level);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || level >= kLevels) return std::nullopt;
  return std::to_string(LevelOf(stats, level).tables);
}

// LevelDB's head and first two columns; what it then says of a level's compactions Amethyst counts in all.
std::string StatsText(const Stats& stats) {
  std::string text =
      "                               Compactions\n"
      "Level  Files Size(MB)    Entries    Deletes\n"
      "--------------------------------------------------\n";
  for (size_t level = 0; level < stats.levels.size(); ++level) {
    const LevelStats& of = stats.levels[level];
    if (of.tables == 0) continue;
    AppendLine(&text, "%3zu %8ju %8.0f %10ju %10ju\n", level, uintmax_t{of.tables},
               static_cast<double>(of.bytes) / kMiB, uintmax_t{of.entries}, uintmax_t{of.deletes});
  }
  AppendLine(&text, "Flushes %ju (%.0f MB), compactions %ju (read %.0f MB, wrote %.0f MB)\n", uintmax_t{stats.flushes},
             static_cast<double>(stats.flush_bytes_written) / kMiB, uintmax_t{stats.compactions},
             static_cast<double>(stats.compaction_bytes_read) / kMiB,
             static_cast<double>(stats.compaction_bytes_written) / kMiB);
  return text;
}

std::string TablesText(const Stats& stats) {
  std::string text;
  for (size_t level = 0; level < kLevels; ++level) {
    AppendLine(&text, "--- level %zu ---\n", level);
    const LevelStats& of = LevelOf(stats, level);
    if (of.tables != 0) AppendLine(&text, " %ju tables: %ju bytes\n", uintmax_t{of.tables}, uintmax_t{of.bytes});
  }
  return text;
}

}  // namespace

std::optional<std::string> PropertyOf(const Stats& stats, std::string_view name) {
  constexpr std::string_view kPrefix = "leveldb.", kFilesAtLevel = "num-files-at-level";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (name.starts_with(kFilesAtLevel)) return FilesAtLevel(stats, name.substr(kFilesAtLevel.size()));
  if (name == "stats") return StatsText(stats);
  if (name == "sstables") return TablesText(stats);
  // What holds something, as LevelDB counts: not what is set aside for memtables to come.
  if (name == "approximate-memory-usage") return std::to_string(stats.memtable_bytes + stats.cache_bytes);
  return std::nullopt;
}

}  // namespace amethyst::compat
