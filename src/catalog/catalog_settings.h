// What a catalog is opened with. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "amethyst/error.h"
#include "amethyst/family_options.h"
#include "catalog/manifest.h"
#include "key/order.h"

namespace amethyst::catalog {

struct CatalogSettings {
  std::string directory{};
  key::Order order{};
  // The functions of families other than the default, by the families' names. Built-in ones need not be given; a
  // comparator is known by its name, whichever family it is given for.
  std::map<std::string, FamilyOptions, std::less<>> families{};
  bool create_if_missing = true;
  bool error_if_exists = false;
  bool read_only = false;
  bool follows = false;  // Read-only, beside a writer.
  // Asked before each edit; its error is latched, as one of the manifest is. Null: the owner needs no check.
  std::function<Status()> check_owner{};
  uint64_t manifest_bytes_max = kManifestBytesMax;  // Neither read nor written beyond.
};

}  // namespace amethyst::catalog
