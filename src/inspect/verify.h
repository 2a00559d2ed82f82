// Checks a whole database: every checksum, every order, and what its files say of each other.
//
// Beyond reading everything: CURRENT names a manifest that is whole; every listed table is there, and is the one that
// is listed, to the digest; the tables of a level below 0 are disjoint; the log's chain from the manifest's first
// segment on can be replayed. Takes the database's shared lock; beside a writer a mark, so that no file goes meanwhile,
// and then the log's end is not judged, for it is being written. Changes nothing. Thread safety: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "io/file_system.h"

namespace amethyst::inspect {

struct VerifyReport {
  // What was whole of a family: one for each that the manifest or a table names, the default first.
  struct Family {
    std::string name;
    uint64_t tables = 0;  // That of its range deletes included.
    uint64_t bytes = 0;
    uint64_t entries = 0;
    uint64_t range_deletes = 0;
  };

  uint64_t tables = 0;
  uint64_t table_bytes = 0;
  uint64_t table_entries = 0;
  uint64_t log_segments = 0;
  uint64_t log_batches = 0;
  std::vector<Family> families;
  std::vector<std::string> problems;
  std::vector<std::string> notes;  // No damage: leftovers, a torn log tail.
};

// kBusy while a program of before the marks writes it; kInvalidArgument: there is no database.
[[nodiscard]] Result<VerifyReport> VerifyDatabase(io::FileSystem& files, const std::string& directory);

}  // namespace amethyst::inspect
