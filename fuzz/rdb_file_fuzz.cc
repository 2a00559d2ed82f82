// Any bytes as a file of Redis: refused with the offset of what is wrong, or keys that can be stored.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/components.h"
#include "base/assert.h"
#include "fuzz/empty_space.h"
#include "io/environment.h"
#include "server/config.h"
#include "server/rdb/importer.h"
#include "server/rdb/rdb_file_reader.h"

namespace {

using namespace amethyst;          // NOLINT: a program of one file.
using namespace amethyst::server;  // NOLINT

// Nothing is committed, except of inputs of megabytes.
void Import(rdb::FileReader& reader, Space& space) {
  const Config config;
  rdb::Importer importer(space, config, 1'700'000'000'000);
  rdb::FileReader::Entry entry;
  while (true) {
    const uint64_t begin = reader.offset();
    const auto next = reader.Next(&entry);
    AMETHYST_ASSERT(reader.offset() <= reader.size());
    if (!next || !*next) return;
    AMETHYST_ASSERT(!entry.raw.empty() && entry.raw.size() <= reader.offset() - begin && entry.database < kDatabases);
    if (!importer.Put(entry)) return;  // Such as a member that is too long.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto kEnvironment = NewInMemoryEnvironment();
  io::FileSystem& files = kEnvironment->files();
  AMETHYST_ASSERT(io::ReplaceFile(files, "file.rdb", {reinterpret_cast<const char*>(data), size}));
  const auto reader = rdb::FileReader::Open(files, "file.rdb");
  if (!reader) return 0;
  static Space& space = EmptySpace();
  Import(**reader, space);
  return 0;
}
