// What a catalog is opened with. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "amethyst/comparator.h"
#include "amethyst/error.h"
#include "catalog/manifest.h"
#include "key/order.h"

namespace amethyst::catalog {

struct CatalogSettings {
  std::string directory{};
  key::Order order{};
  // Every other comparator that a family may have, by their names.
  std::map<std::string, const Comparator*, std::less<>> comparators{};
  bool create_if_missing = true;
  bool error_if_exists = false;
  bool read_only = false;
  // Asked before each edit; its error is latched, as one of the manifest is. Null: the owner needs no check.
  std::function<Status()> check_owner{};
  uint64_t manifest_bytes_max = kManifestBytesMax;  // Neither read nor written beyond.
};

}  // namespace amethyst::catalog
