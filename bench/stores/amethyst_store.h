// Amethyst under the driver. Thread safety: as store.h says.
#pragma once

#include <memory>

#include "bench/store.h"

namespace amethyst::bench {

[[nodiscard]] Result<std::unique_ptr<Store>> OpenAmethyst(const StoreSettings& settings);

}  // namespace amethyst::bench
