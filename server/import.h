// `amethystd import`: a database of the server from a file that Redis wrote. Thread safety: one thread.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "server/config.h"

namespace amethyst::server {

struct ImportOrder {
  std::string file{};
  std::string directory{};
  bool merges = false;          // Into the database that is there, whose keys of the same name are replaced.
  bool is_json = false;         // What is told at the end.
  bool shows_progress = false;  // On `err`, a line that is drawn over.
};

// Without `merges` the directory must not be there, or be empty, and either has all of the file afterwards or is as it
// was. With it the file is read in full before anything is written.
[[nodiscard]] Status Import(const ImportOrder& order, const Config& config, std::ostream& out, std::ostream& err);

}  // namespace amethyst::server
