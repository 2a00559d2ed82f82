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

// The keys that were stored; -1: the file is refused.
int64_t Import(rdb::FileReader& reader, Space& space) {
  const Config config;
  rdb::Importer importer(space, config, 1'700'000'000'000);
  rdb::FileReader::Entry entry;
  while (true) {
    const auto next = reader.Next(&entry);
    AMETHYST_ASSERT(reader.offset() <= reader.size());
    if (!next) return -1;
    if (!*next) break;
    AMETHYST_ASSERT(entry.bytes > 0 && entry.database < kDatabases);
    if (!importer.Put(entry)) return -1;  // Such as a member that is too long.
  }
  return importer.Finish() ? static_cast<int64_t>(importer.keys()) : -1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto kEnvironment = NewInMemoryEnvironment();
  io::FileSystem& files = kEnvironment->files();
  AMETHYST_ASSERT(io::ReplaceFile(files, "file.rdb", {reinterpret_cast<const char*>(data), size}));
  const auto reader = rdb::FileReader::Open(files, "file.rdb");
  if (!reader) return 0;
  Space& space = EmptySpace();
  const int64_t keys = Import(**reader, space);
  if (keys < 0) return 0;
  int64_t stored = 0;
  for (uint16_t database = 0; database < kDatabases; ++database) stored += space.KeyCount(database);
  AMETHYST_ASSERT(stored <= keys);
  return 0;
}
