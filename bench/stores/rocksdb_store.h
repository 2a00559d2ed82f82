// RocksDB under the driver. Thread safety: as store.h says.
#pragma once

#include <memory>

#include "bench/store.h"

namespace amethyst::bench {

[[nodiscard]] Result<std::unique_ptr<Store>> OpenRocksDb(const StoreSettings& settings);
[[nodiscard]] std::string RocksDbVersion();

}  // namespace amethyst::bench
