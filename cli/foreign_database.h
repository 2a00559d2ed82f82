// Databases of other libraries as a source of records for import: opened as they are, read from the first key to the
// last.
//
// Each is compiled in where its library was found (cli/CMakeLists.txt). RocksDB's, which is large, is loaded only when
// it is asked for. LevelDB's is linked statically: the drop-in for it, which may stand on LD_LIBRARY_PATH, does not
// read what LevelDB wrote. Thread safety: one thread.
#pragma once

#include <memory>
#include <string>

#include "amethyst/error.h"
#include "cli/record_format.h"

namespace amethyst::cli {

// `directory` must hold such a database; an error says what is wrong, or that this build cannot read it.
[[nodiscard]] Result<std::unique_ptr<RecordReader>> OpenLevelDb(const std::string& directory);
[[nodiscard]] Result<std::unique_ptr<RecordReader>> OpenRocksDb(const std::string& directory);
[[nodiscard]] Result<std::unique_ptr<RecordReader>> OpenLmdb(const std::string& path);

}  // namespace amethyst::cli
