// An engine that stores nothing and finds everything: what it takes is what the driver itself costs.
// Thread safety: as store.h says.
#pragma once

#include <memory>

#include "bench/store.h"

namespace amethyst::bench {

[[nodiscard]] Result<std::unique_ptr<Store>> OpenNull(const StoreSettings& settings);

}  // namespace amethyst::bench
