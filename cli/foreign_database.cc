#include "cli/foreign_database.h"

#include "base/error.h"

// What takes the place of a library that was not there at build time.
namespace amethyst::cli {

namespace {

[[maybe_unused]] std::unexpected<Error> NotBuilt(std::string_view library, std::string_view package) {
  return base::InvalidArgument("this amethyst was built without {}: install {} and build it again", library, package);
}

}  // namespace

#ifndef AMETHYST_FROM_LEVELDB
Result<std::unique_ptr<ForeignDatabase>> OpenLevelDb(const std::string&, const ForeignOptions&) {
  return NotBuilt("LevelDB", "libleveldb-dev");
}
#endif
#ifndef AMETHYST_FROM_ROCKSDB
Result<std::unique_ptr<ForeignDatabase>> OpenRocksDb(const std::string&, const ForeignOptions&) {
  return NotBuilt("RocksDB", "librocksdb-dev");
}
#endif
#ifndef AMETHYST_FROM_LMDB
Result<std::unique_ptr<ForeignDatabase>> OpenLmdb(const std::string&, const ForeignOptions&) {
  return NotBuilt("LMDB", "liblmdb-dev");
}
#endif

}  // namespace amethyst::cli
