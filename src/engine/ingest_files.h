// Files that come into the database's directory under names of tables, before the log tells of them.
//
// Until they are kept, their owner's end removes them: nothing knows them then. Thread safety: one thread.
#pragma once

#include <string>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/ingest.h"
#include "engine/database.h"

namespace amethyst::engine {

class IngestFiles {
 public:
  explicit IngestFiles(Database& database) : database_(database) {}
  ~IngestFiles();
  IngestFiles(const IngestFiles&) = delete;
  IngestFiles& operator=(const IngestFiles&) = delete;

  // Gives the file at `path` the name of table `number`, by a link or as a copy, whose content is durable; the name is
  // once Sync has returned.
  [[nodiscard]] Status Bring(const std::string& path, key::FileNumber number, IngestMode mode);
  [[nodiscard]] Status Sync();
  // They stay: the log may tell of them.
  void Keep() { brought_.clear(); }

 private:
  Database& database_;
  std::vector<key::FileNumber> brought_;
};

}  // namespace amethyst::engine
