// LevelDB under the driver. Thread safety: as store.h says.
//
// It has no MultiGet (keys are read one by one), compresses with Snappy whatever codec is asked for, cannot write
// without its log, has one background thread, and does not tell when it is idle: that is taken from the process's CPU
// time, so the process must have no other work then.
#pragma once

#include <memory>

#include "bench/store.h"

namespace amethyst::bench {

[[nodiscard]] Result<std::unique_ptr<Store>> OpenLevelDb(const StoreSettings& settings);
[[nodiscard]] std::string LevelDbVersion();

}  // namespace amethyst::bench
