// What the log tells of tables that were taken in and are in no manifest yet. Thread safety: one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingest/ingest_record.h"
#include "io/file_system.h"
#include "repair/salvage_sources.h"
#include "sstable/properties.h"

namespace amethyst::repair {

struct SalvagedIngests {
  std::map<key::FileNumber, tree::AddedTable> tables{};
  std::vector<ingest::FamilyRange> range_deletes{};  // Numbered: of these ingests, as far as they were placed.
  key::SequenceNumber newest{};                      // Of the tables that were placed so far.

  // Notes a table, to be called by ascending numbers; gives one that was taken in its sequence base if it has none, and
  // takes its range deletes if no list has them. False: nothing tells its base, so that it was guessed.
  [[nodiscard]] bool Place(const sstable::Properties& properties, TableOrigin* origin);
};

// Of all records above `flushed` that can be read in the log segments among `names`.
[[nodiscard]] SalvagedIngests FindIngests(io::FileSystem& files, const std::string& directory,
                                          const std::vector<std::string>& names, key::SequenceNumber flushed);

}  // namespace amethyst::repair
