// Values of a RocksDB database that was opened with a time to live: each ends in the time of its write.
//
//   value | 4 bytes: seconds since 1970, little-endian
//
// RocksDB's own open with a TTL takes the suffix off; any other open gives it out as part of the value. Nothing in the
// data says that it is there: the files OPTIONS do, unless a later open without a TTL has replaced them.
// Thread safety: pure functions, and plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/file_system.h"

namespace amethyst::cli {

inline constexpr size_t kTtlSuffixBytes = 4;

// The time at the end of `value`; nullopt: RocksDB would take it for none.
[[nodiscard]] std::optional<uint32_t> TtlTimeOf(std::string_view value);

// Whether the text of a file OPTIONS says that column family `family` was opened with a TTL.
[[nodiscard]] bool NamesTtl(std::string_view options_text, std::string_view family);
// Whether any file OPTIONS of the database in `directory` does; one that cannot be read says nothing.
[[nodiscard]] bool RecordsTtl(io::FileSystem& files, const std::string& directory, std::string_view family);

// Watches values go by, to tell whether they look like those of a TTL where no file says so.
class TtlSuspicion {
 public:
  void Add(std::string_view value);
  // All ended in a time, of enough values, and not all in letters.
  [[nodiscard]] bool Holds() const { return all_end_in_times_ && count_ >= kLeastValues && any_unprintable_; }

 private:
  static constexpr uint64_t kLeastValues = 4;

  uint64_t count_ = 0;
  bool all_end_in_times_ = true;
  bool any_unprintable_ = false;
};

}  // namespace amethyst::cli
