#include "bench/stores.h"

#include "amethyst/version.h"
#include "bench/stores/amethyst_store.h"
#include "bench/stores/leveldb_store.h"
#include "bench/stores/lmdb_store.h"
#include "bench/stores/null_store.h"
#include "bench/stores/rocksdb_store.h"

namespace amethyst::bench {

namespace {

const std::vector<Feature> kEverything = {Feature::kRangeDelete, Feature::kMerge,        Feature::kExpiry,
                                          Feature::kFamilies,    Feature::kTransactions, Feature::kIndexedBatches};
#ifdef AMETHYST_BENCH_ROCKSDB
// Its transactions are databases of another class.
const std::vector<Feature> kAllOfRocksDb = {Feature::kRangeDelete, Feature::kMerge, Feature::kExpiry,
                                            Feature::kFamilies, Feature::kIndexedBatches};
#endif

}  // namespace

const std::vector<Engine>& Engines() {
  static const std::vector<Engine> engines = {
      {"amethyst", AMETHYST_VERSION_STRING, &OpenAmethyst, kEverything},
#ifdef AMETHYST_BENCH_ROCKSDB
      {"rocksdb", RocksDbVersion(), &OpenRocksDb, kAllOfRocksDb},
      {"rocksdb_optimistic",
       RocksDbVersion(),
       &OpenRocksDbOptimistic,
       {Feature::kTransactions},
       Feature::kTransactions},
      {"rocksdb_locking", RocksDbVersion(), &OpenRocksDbLocking, {Feature::kTransactions}, Feature::kTransactions},
#endif
#ifdef AMETHYST_BENCH_LEVELDB
      {"leveldb", LevelDbVersion(), &OpenLevelDb, {}},
#endif
#ifdef AMETHYST_BENCH_LMDB
      {"lmdb", LmdbVersion(), &OpenLmdb, {}},
#endif
      {"null", "1", &OpenNull, kEverything},
  };
  return engines;
}

const Engine* FindEngine(std::string_view name) {
  for (const Engine& engine : Engines()) {
    if (engine.name == name) return &engine;
  }
  return nullptr;
}

}  // namespace amethyst::bench
