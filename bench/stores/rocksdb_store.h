// RocksDB under the driver: as it is, and as either of its two kinds of transactional database. Thread safety: as
// store.h says.
#pragma once

#include <memory>

#include "bench/store.h"

namespace amethyst::bench {

[[nodiscard]] Result<std::unique_ptr<Store>> OpenRocksDb(const StoreSettings& settings);
// OptimisticTransactionDB: a commit looks for conflicts.
[[nodiscard]] Result<std::unique_ptr<Store>> OpenRocksDbOptimistic(const StoreSettings& settings);
// TransactionDB: a transaction that reads a key for an update, or writes it, has its lock until the commit.
[[nodiscard]] Result<std::unique_ptr<Store>> OpenRocksDbLocking(const StoreSettings& settings);
[[nodiscard]] std::string RocksDbVersion();

}  // namespace amethyst::bench
