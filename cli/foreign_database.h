// Databases of other libraries as a source of records for import: opened as they are, read from the first key to the
// last.
//
// Each is compiled in where its library was found (cli/CMakeLists.txt). RocksDB's, which is large, is loaded only when
// it is asked for. LevelDB's is linked statically: the drop-in for it, which may stand on LD_LIBRARY_PATH, does not
// read what LevelDB wrote. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "amethyst/error.h"
#include "cli/record_format.h"

namespace amethyst::cli {

// The 4 bytes behind each value of a database that RocksDB opened with a time to live.
enum class TtlSuffix : uint8_t {
  kAsRecorded,  // Left out if the database's files OPTIONS say that it is there.
  kStrip,
  kKeep,
};

// What of a database that holds more than Amethyst has a place for.
struct ForeignOptions {
  // The column family (RocksDB) or named database (LMDB). nullopt: there must be entries in the unnamed one alone.
  std::optional<std::string> family;
  TtlSuffix ttl_suffix = TtlSuffix::kAsRecorded;
};

// `directory` must hold such a database; an error says what is wrong, or that this build cannot read it. A database
// with more in it than was asked for and can be told is refused here, before the first record.
[[nodiscard]] Result<std::unique_ptr<RecordReader>> OpenLevelDb(const std::string& directory,
                                                                const ForeignOptions& options);
[[nodiscard]] Result<std::unique_ptr<RecordReader>> OpenRocksDb(const std::string& directory,
                                                                const ForeignOptions& options);
[[nodiscard]] Result<std::unique_ptr<RecordReader>> OpenLmdb(const std::string& path, const ForeignOptions& options);

}  // namespace amethyst::cli
