#include "tree/file_names.h"

#include <fmt/core.h>

#include <charconv>

#include "wal/log_format.h"

namespace amethyst::tree {

std::string TableFileName(key::FileNumber number) { return fmt::format("{:06}.sst", key::Raw(number)); }
std::string LogFileName(key::FileNumber number) { return wal::SegmentFileName(number); }
std::string ManifestFileName(key::FileNumber number) { return fmt::format("MANIFEST-{:06}", key::Raw(number)); }

std::optional<ParsedFileName> ParseFileName(std::string_view name) {
  if (name == kCurrentFileName) return ParsedFileName{FileType::kCurrent};
  if (name == kLockFileName) return ParsedFileName{FileType::kLock};
  if (name == kReserveFileName) return ParsedFileName{FileType::kReserve};
  if (name == kReadersFileName) return ParsedFileName{FileType::kReaders};
  if (name == kStatsFileName) return ParsedFileName{FileType::kStats};
  if (name == "CURRENT.tmp") return ParsedFileName{FileType::kTemporary};
  const size_t digits = name.find_first_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  uint64_t value = 0;
  const auto parsed = std::from_chars(name.data() + digits, name.data() + name.size(), value);
  const key::FileNumber number{value};
  if (parsed.ec != std::errc() || number == key::FileNumber{0} || number > kFileNumberMax) return std::nullopt;
  if (name == TableFileName(number)) return ParsedFileName{FileType::kTable, number};
  if (name == LogFileName(number)) return ParsedFileName{FileType::kLogSegment, number};
  if (name == ManifestFileName(number)) return ParsedFileName{FileType::kManifest, number};
  return std::nullopt;
}

}  // namespace amethyst::tree
