// import --from-...: what a database of another library holds, family by family.
//
// Everything that can be told beforehand (several values for a key, an order that is not here, a name that no family
// can have) is refused before the database is made or written. Thread safety: one thread.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"

namespace amethyst::cli {

inline constexpr OptionSpec kForeignImportOptions[] = {
    {.name = "--from-leveldb", .value = "DIR", .help = "all entries of a database of LevelDB's"},
    {.name = "--from-rocksdb", .value = "DIR", .help = "those of RocksDB's, all column families"},
    {.name = "--from-lmdb", .value = "PATH", .help = "those of LMDB's, a directory or a file, all named databases"},
    {.name = "--column-family", .value = "NAME", .help = "that column family (RocksDB), named database (LMDB) alone"},
    {.name = "--ttl-suffix",
     .value = "WHAT",
     .help = "strip or keep the 4 bytes that a TTL puts behind values (RocksDB); else by its OPTIONS"},
};

// Whether the arguments name such a database.
[[nodiscard]] bool NamesForeign(const Arguments& arguments);
// What is wrong with the options above where the source is a file; nullopt: nothing.
[[nodiscard]] std::optional<std::string> ForeignOptionsWithoutSource(const Arguments& arguments);
[[nodiscard]] Result<ExitCode> RunForeignImport(const Invocation& invocation);

}  // namespace amethyst::cli
