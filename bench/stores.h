// The engines that this build has, by name. Thread safety: constant.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/store.h"

namespace amethyst::bench {

struct Engine {
  std::string name;
  std::string version;
  Result<std::unique_ptr<Store>> (*open)(const StoreSettings& settings);  // Creates what is not there.
};

// "amethyst" first, then the peers; "null", which stores nothing and shows what the driver itself costs, last.
[[nodiscard]] const std::vector<Engine>& Engines();
// Null if this build has no such engine.
[[nodiscard]] const Engine* FindEngine(std::string_view name);

}  // namespace amethyst::bench
