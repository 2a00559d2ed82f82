// Databases that LevelDB and LMDB made, with bytes of their files replaced: an import of them tells what is wrong, or
// reads what is there, and never harms. The libraries themselves do the reading; LMDB's has no checksums.
//
// The first byte chooses the library, then each 8 bytes replace 4 of the file: its place, and what stands there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/coding.h"
#include "cli/foreign_database.h"

#ifdef AMETHYST_FROM_LEVELDB
#include <leveldb/db.h>
#endif
#ifdef AMETHYST_FROM_LMDB
#include <lmdb.h>
#endif

namespace amethyst::cli {
namespace {

using Path = std::filesystem::path;

// A folder of this process's own; TMPDIR says where.
Path Scratch() {
  static const std::string kScratch = [] {
    std::string name = std::filesystem::temp_directory_path() / "amethyst_fuzz_XXXXXX";
    AMETHYST_ASSERT(::mkdtemp(name.data()) != nullptr);
    return name;
  }();
  static const int kRemoved = std::atexit([] { std::filesystem::remove_all(kScratch); });
  AMETHYST_ASSERT(kRemoved == 0);
  return kScratch;
}

std::string Value(int i) { return std::string(static_cast<size_t>(i % 40 == 0 ? 9000 : i % 50), static_cast<char>(i)); }

struct File {
  std::string name;
  std::string bytes;
};
using Files = std::vector<File>;

Files FilesOf(const Path& directory) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename(), std::string(std::istreambuf_iterator<char>(in), {})});
  }
  std::ranges::sort(files, {}, &File::name);
  return files;
}

#ifdef AMETHYST_FROM_LEVELDB
Files MakeLevelDb() {
  const Path path = Scratch() / "leveldb";
  leveldb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 10;
  leveldb::DB* database = nullptr;
  AMETHYST_ASSERT(leveldb::DB::Open(options, path, &database).ok());
  for (int i = 0; i < 300; ++i) AMETHYST_ASSERT(database->Put({}, "key" + std::to_string(i), Value(i)).ok());
  delete database;
  return FilesOf(path);
}
#endif

#ifdef AMETHYST_FROM_LMDB
// The main database, with values of pages of their own, and one with a name.
Files MakeLmdb() {
  const Path path = Scratch() / "lmdb";
  std::filesystem::create_directory(path);
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  MDB_dbi main{};
  MDB_dbi named{};
  AMETHYST_ASSERT(mdb_env_create(&environment) == 0 && mdb_env_set_maxdbs(environment, 4) == 0);
  AMETHYST_ASSERT(mdb_env_open(environment, path.c_str(), MDB_NOSYNC, 0600) == 0);
  AMETHYST_ASSERT(mdb_txn_begin(environment, nullptr, 0, &transaction) == 0);
  AMETHYST_ASSERT(mdb_dbi_open(transaction, nullptr, 0, &main) == 0);
  AMETHYST_ASSERT(mdb_dbi_open(transaction, "named", MDB_CREATE, &named) == 0);
  for (int i = 0; i < 300; ++i) {
    std::string key = "key" + std::to_string(i);
    std::string value = Value(i);
    MDB_val key_bytes{key.size(), key.data()};
    MDB_val value_bytes{value.size(), value.data()};
    AMETHYST_ASSERT(mdb_put(transaction, i % 2 == 0 ? main : named, &key_bytes, &value_bytes, 0) == 0);
  }
  AMETHYST_ASSERT(mdb_txn_commit(transaction) == 0);
  mdb_env_close(environment);
  Files files = FilesOf(path);
  std::erase_if(files, [](const File& file) { return file.name != "data.mdb"; });
  return files;
}
#endif

void Replace(std::string_view edits, Files* files) {
  uint32_t place;
  uint32_t bytes;
  while (base::ReadFixed(&edits, &place) && base::ReadFixed(&edits, &bytes)) {
    std::string& file = (*files)[place % files->size()].bytes;
    const size_t at = place / files->size() % (file.size() + 1);
    for (size_t i = 0; i < sizeof bytes && at + i < file.size(); ++i) file[at + i] = static_cast<char>(bytes >> 8 * i);
  }
}

// Reads all families, each to its end.
void Read(ForeignDatabase& database, size_t entries_max) {
  for (size_t family = 0; family < database.families().size(); ++family) {
    auto reader = database.Read(family);
    if (!reader) continue;
    Record record;
    size_t entries = 0;
    while ((*reader)->Next(&record).found == RecordReader::Found::kRecord) AMETHYST_ASSERT(++entries <= entries_max);
  }
}

using Open = Result<std::unique_ptr<ForeignDatabase>> (*)(const std::string& path, const ForeignOptions& options);

void Fuzz(const Files& made, Open open, std::string_view edits) {
  Files files = made;
  Replace(edits, &files);
  const Path path = Scratch() / "tried";
  std::filesystem::remove_all(path);
  std::filesystem::create_directory(path);
  size_t bytes = 0;
  for (const File& file : files) {
    std::ofstream(path / file.name, std::ios::binary) << file.bytes;
    bytes += file.bytes.size();
  }
  auto database = open(path, {});
  if (database) Read(**database, bytes);
}

}  // namespace
}  // namespace amethyst::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace amethyst::cli;  // NOLINT: a program of one file.
  if (size == 0) return 0;
  const std::string_view edits(reinterpret_cast<const char*>(data) + 1, size - 1);
#ifdef AMETHYST_FROM_LEVELDB
  static const Files kLevelDb = MakeLevelDb();
  if (data[0] % 4 == 0) Fuzz(kLevelDb, OpenLevelDb, edits);
#endif
#ifdef AMETHYST_FROM_LMDB
  static const Files kLmdb = MakeLmdb();
  if (data[0] % 4 != 0) Fuzz(kLmdb, OpenLmdb, edits);
#endif
  return 0;
}
