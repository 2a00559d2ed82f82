// The names of a database's files: "000012.sst", "000013.wal", "MANIFEST-000001", "CURRENT", "CURRENT.tmp", "LOCK",
// "RESERVE", "READERS", "STATS".
//
// Parsing is strict, an allow-list: a name that Amethyst would not give, in every byte, is somebody else's file, and
// nothing of somebody else's is ever removed. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "key/types.h"

namespace amethyst::tree {

inline constexpr std::string_view kCurrentFileName = "CURRENT";
inline constexpr std::string_view kLockFileName = "LOCK";
inline constexpr std::string_view kReadersFileName = "READERS";  // Marks of followers: tree/file_removal.h.
inline constexpr std::string_view kReserveFileName = "RESERVE";  // Space for a full disk: engine/space_reserve.h.
inline constexpr std::string_view kStatsFileName = "STATS";      // Figures for other processes: figures/board.h.

// Stands in a directory that is being filled: what it says is not all there yet (checkpoint/new_directory.h).
inline constexpr std::string_view kUnfinishedFileName = "UNFINISHED";

// No number in a file or in a file's name is greater: a hostile one must not make the next number wrap.
inline constexpr key::FileNumber kFileNumberMax{(uint64_t{1} << 56) - 1};

[[nodiscard]] std::string TableFileName(key::FileNumber number);
[[nodiscard]] std::string LogFileName(key::FileNumber number);
[[nodiscard]] std::string ManifestFileName(key::FileNumber number);

enum class FileType : uint8_t {
  kTable,
  kLogSegment,
  kManifest,
  kCurrent,
  kLock,
  kTemporary,
  kReserve,
  kReaders,
  kStats
};
struct ParsedFileName {
  FileType type;
  key::FileNumber number{};
};
// nullopt: not a name that Amethyst gives.
[[nodiscard]] std::optional<ParsedFileName> ParseFileName(std::string_view name);

}  // namespace amethyst::tree
