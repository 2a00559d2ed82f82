// Databases of other libraries as a source of records for import: opened as they are, read family by family, each from
// its first key to the last.
//
// Each is compiled in where its library was found (cli/CMakeLists.txt). RocksDB's, which is large, is loaded only when
// it is asked for. LevelDB's is linked statically: the drop-in for it, which may stand on LD_LIBRARY_PATH, does not
// read what LevelDB wrote. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "cli/record_format.h"

namespace amethyst::cli {

// The 4 bytes behind each value of a database that RocksDB opened with a time to live.
enum class TtlSuffix : uint8_t {
  kAsRecorded,  // Left out if the database's files OPTIONS say that it is there.
  kStrip,
  kKeep,
};

struct ForeignOptions {
  // The column family (RocksDB) or named database (LMDB) to read alone. nullopt: all of them.
  std::optional<std::string> family;
  TtlSuffix ttl_suffix = TtlSuffix::kAsRecorded;
};

class ForeignDatabase {
 public:
  virtual ~ForeignDatabase() = default;

  // The names of what can be read, at least one. What has no name in the source is "default", and comes first.
  [[nodiscard]] virtual const std::vector<std::string>& families() const = 0;
  // The entries of the n-th. The reader dies before this, and before another is made.
  [[nodiscard]] virtual Result<std::unique_ptr<RecordReader>> Read(size_t family) = 0;
};

// `directory` must hold such a database; an error says what is wrong, or that this build cannot read it. What no family
// of ours can hold and can be told beforehand is refused here, by name, before the first record.
[[nodiscard]] Result<std::unique_ptr<ForeignDatabase>> OpenLevelDb(const std::string& directory,
                                                                   const ForeignOptions& options);
[[nodiscard]] Result<std::unique_ptr<ForeignDatabase>> OpenRocksDb(const std::string& directory,
                                                                   const ForeignOptions& options);
[[nodiscard]] Result<std::unique_ptr<ForeignDatabase>> OpenLmdb(const std::string& path, const ForeignOptions& options);

}  // namespace amethyst::cli
