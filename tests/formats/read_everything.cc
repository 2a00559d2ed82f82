// Opens a database, reads all of it, and closes it; prints what came of that, on one line.
//
//   read_everything DIRECTORY read-only|read-write
//
// "open ERROR", "read ERROR", "close ERROR", or "whole COUNT HASH". Speaks the public interface of the earliest build
// that tools/old_builds knows, for it is compiled against that.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "amethyst/amethyst.h"

namespace {

// FNV-1a.
uint64_t HashOf(uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ bytes.size()) * 0x100000001b3;
}

int Fails(const char* step, const std::string& error) {
  std::printf("%s %s\n", step, error.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  amethyst::Options options;
  options.create_if_missing = false;
  options.read_only = std::string_view(argv[2]) == "read-only";
  auto opened = amethyst::DB::Open(argv[1], options);
  if (!opened) return Fails("open", opened.error().ToString());
  amethyst::DB& db = **opened;
  uint64_t count = 0;
  uint64_t hash = 0xcbf29ce484222325;
  {
    amethyst::Iterator iterator = db.NewIterator();
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      const auto value = db.Get(iterator.key());
      if (!value) return Fails("read", value.error().ToString());
      if (!*value || **value != iterator.value()) return Fails("read", "Get and the iterator differ");
      hash = HashOf(HashOf(hash, iterator.key()), iterator.value());
      ++count;
    }
    if (!iterator.status()) return Fails("read", iterator.status().error().ToString());
  }
  if (const auto closed = db.Close(); !closed) return Fails("close", closed.error().ToString());
  std::printf("whole %llu %016llx\n", static_cast<unsigned long long>(count), static_cast<unsigned long long>(hash));
  return 0;
}
