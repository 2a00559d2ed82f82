// LMDB under the driver. Thread safety: as store.h says.
//
// A memory-mapped B+tree: it has no cache of its own (the page cache serves it, whatever memory is asked for), no
// compression, no filter, no log and no background work. Buffered writes run without any sync: a power loss can damage
// the file, which is less than the other engines give. A compaction is a no-op.
#pragma once

#include <memory>

#include "bench/store.h"

namespace amethyst::bench {

[[nodiscard]] Result<std::unique_ptr<Store>> OpenLmdb(const StoreSettings& settings);
[[nodiscard]] std::string LmdbVersion();

}  // namespace amethyst::bench
