// Any bytes as an object of Redis: refused, or a value that can be stored, dumped and read again, and is the same then.
// The first byte says whether the collections are kept inline. The same bytes as libraries of functions, too.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/empty_space.h"
#include "server/config.h"
#include "server/keyspace/access.h"
#include "server/keyspace/stored_key.h"
#include "server/rdb/dump.h"
#include "server/rdb/function_payload.h"
#include "server/rdb/rdb_object_reader.h"
#include "server/rdb/restore.h"

namespace {

using namespace amethyst;          // NOLINT: a program of one file.
using namespace amethyst::server;  // NOLINT

// The object that the stored value is dumped as. nullopt: the engine cannot keep it, such as a member that is too long.
std::optional<std::string> StoreAndDump(const rdb::Value& value, const Config& config) {
  static Access access(EmptySpace());  // Nothing is committed.
  access.Begin(0, 1'700'000'000'000);
  rdb::RestoreValue(access, "key", value, config);
  if (!access.status()) return {};
  StoredKey key(access, "key");
  AMETHYST_ASSERT(key.exists() && key.type() == value.type);
  std::string object = rdb::DumpObject(key, config);
  AMETHYST_ASSERT(access.status());
  return object;
}

void ReadAsLibraries(std::string_view bytes) {
  const auto codes = rdb::ReadLibraries(bytes);
  if (!codes) return;
  std::string written;
  for (const std::string& code : *codes) rdb::AppendLibrary(&written, code);
  AMETHYST_ASSERT(rdb::ReadLibraries(written) == codes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Config config;
  if (bytes[0] % 2 == 0) {
    for (const char* const name : {"hash-max-listpack-entries", "zset-max-listpack-entries"}) {
      AMETHYST_ASSERT(config.Set({{name, "0"}}, true));
    }
  }
  ReadAsLibraries(bytes.substr(1));
  const auto value = rdb::ReadObject(bytes.substr(1));
  if (!value) return 0;
  const auto object = StoreAndDump(*value, config);
  if (!object) return 0;
  const auto again = rdb::ReadObject(*object);
  AMETHYST_ASSERT(again && again->type == value->type && again->strings.size() == value->strings.size());
  AMETHYST_ASSERT(StoreAndDump(*again, config) == object);
  return 0;
}
