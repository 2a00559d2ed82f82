// What a caller asks to be taken in. Thread safety: plain values.
#pragma once

#include <string>
#include <vector>

#include "amethyst/ingest.h"
#include "key/range.h"
#include "tree/forest.h"

namespace amethyst::engine {

struct IngestFile {
  std::string path;
  tree::FamilyKey family{};
};

struct IngestCall {
  struct Replaced {
    tree::FamilyKey family{};
    key::Range range{};
  };

  std::vector<IngestFile> files{};  // Oldest first.
  std::vector<Replaced> replaced{};
  IngestMode mode = IngestMode::kLink;
  bool in_order = false;
  bool verify = false;
};

}  // namespace amethyst::engine
