// The engines that this build has, by name. Thread safety: constant.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/feature.h"
#include "bench/store.h"

namespace amethyst::bench {

struct Engine {
  std::string name;
  std::string version;
  Result<std::unique_ptr<Store>> (*open)(const StoreSettings& settings);  // Creates what is not there.
  std::vector<Feature> features;
  // A second way to run a peer. A comparison that names no engines takes it where a workload needs this alone.
  std::optional<Feature> only_for = {};

  [[nodiscard]] bool Has(std::optional<Feature> feature) const {
    return !feature || std::ranges::find(features, *feature) != features.end();
  }
};

// "amethyst" first, then the peers; "null", which stores nothing and shows what the driver itself costs, last.
[[nodiscard]] const std::vector<Engine>& Engines();
// Null if this build has no such engine.
[[nodiscard]] const Engine* FindEngine(std::string_view name);

}  // namespace amethyst::bench
