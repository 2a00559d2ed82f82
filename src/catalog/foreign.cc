#include "catalog/foreign.h"

#include <algorithm>
#include <vector>

#include "base/coding.h"
#include "base/error.h"
#include "catalog/manifest.h"
#include "tree/file_names.h"

namespace amethyst::catalog {
namespace {

using Names = std::vector<std::string>;

constexpr size_t kLookBytes = size_t{16} << 10;  // Enough of any file to tell by.

constexpr std::string_view kLevelDb = "LevelDB", kRocksDb = "RocksDB", kLmdb = "LMDB", kSqlite = "SQLite";

// Up to `bytes` from `offset` on; empty: it cannot be read.
std::string Look(io::FileSystem& files, const std::string& path, uint64_t offset = 0, size_t bytes = kLookBytes) {
  const auto file = files.Open(path);
  if (!file) return {};
  std::string found(bytes, '\0');
  const Result<size_t> read = (*file)->ReadAt(offset, found);
  found.resize(read.value_or(0));
  return found;
}

std::string TailOf(io::FileSystem& files, const std::string& path) {
  const Result<uint64_t> bytes = files.FileSize(path);
  return bytes && *bytes >= 8 ? Look(files, path, *bytes - 8, 8) : std::string();
}

// What stands between `before` and the end of its line.
std::string TextAfter(std::string_view text, std::string_view before) {
  const size_t at = text.find(before);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + before.size());
  const size_t begin = rest.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(rest.substr(begin, rest.find_first_of("\r\n \t", begin) - begin));
}

bool Contains(const Names& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

Foreign RocksDb(std::string version) {
  return {.library = kRocksDb, .version = std::move(version), .import_option = "--from-rocksdb"};
}
Foreign LevelDb() { return {.library = kLevelDb, .version = {}, .import_option = "--from-leveldb"}; }
Foreign Lmdb() { return {.library = kLmdb, .version = {}, .import_option = "--from-lmdb"}; }

// A database that is one file.
std::optional<Foreign> RecognizeFile(std::string_view bytes) {
  constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);
  constexpr std::string_view kLmdbMagic("\xde\xc0\xef\xbe", 4);
  constexpr uint32_t kBerkeleyMagics[] = {0x00053162, 0x00061561, 0x00042253};
  if (bytes.starts_with(kSqliteMagic)) return Foreign{.library = kSqlite, .version = {}, .import_option = {}};
  if (bytes.starts_with("KC\n")) return Foreign{.library = "Kyoto Cabinet", .version = {}, .import_option = {}};
  if (bytes.size() < 32) return std::nullopt;
  // Behind the header of the first page, which is longer in LMDB's second format.
  if (bytes.substr(16, 4) == kLmdbMagic || bytes.substr(24, 4) == kLmdbMagic) return Lmdb();
  const auto berkeley = base::LoadFixed<uint32_t>(bytes.data() + 12);
  if (std::ranges::find(kBerkeleyMagics, berkeley) != std::end(kBerkeleyMagics)) {
    return Foreign{.library = "Berkeley DB", .version = {}, .import_option = {}};
  }
  return std::nullopt;
}

// RocksDB's own files beside what it has in common with LevelDB.
std::optional<Foreign> RecognizeRocksDb(io::FileSystem& files, const std::string& directory, const Names& names) {
  std::string version;
  bool found = Contains(names, "IDENTITY");
  for (const std::string& name : names) {
    if (!name.starts_with("OPTIONS-")) continue;
    const std::string newest = TextAfter(Look(files, io::JoinPath(directory, name)), "rocksdb_version=");
    if (newest.empty()) continue;
    version = newest;
    found = true;
  }
  if (version.empty() && Contains(names, "LOG")) {
    version = TextAfter(Look(files, io::JoinPath(directory, "LOG")), "RocksDB version:");
    found = found || !version.empty();
  }
  return found ? std::optional(RocksDb(std::move(version))) : std::nullopt;
}

// CURRENT is one line, and names a manifest that begins, as LevelDB's and RocksDB's do, with a record of a log whose
// first field is the comparator's name: | crc u32 | length u16 | type u8: 1 | field 1 | length | name |.
bool HasLevelDbManifest(io::FileSystem& files, const std::string& directory, std::string_view current) {
  if (!current.starts_with("MANIFEST-") || current.find('\n') + 1 != current.size()) return false;
  current.remove_suffix(1);
  if (current.find('/') != std::string_view::npos) return false;
  const std::string bytes = Look(files, io::JoinPath(directory, current), 0, 512);
  constexpr size_t kNameAt = 9;
  if (bytes.size() <= kNameAt || bytes[6] != 1 || bytes[7] != 1) return false;
  const auto length = static_cast<size_t>(static_cast<unsigned char>(bytes[8]));
  const std::string_view name = std::string_view(bytes).substr(kNameAt, length);
  return length > 0 && length < 128 && name.size() == length &&
         std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
}

// Where CURRENT is lost, by a table; not beside a manifest of Amethyst's.
std::optional<Foreign> RecognizeTables(io::FileSystem& files, const std::string& directory, const Names& names) {
  const auto is_ours = [&](const std::string& name) {
    return name.starts_with("MANIFEST-") &&
           Look(files, io::JoinPath(directory, name), 0, kManifestMagic.size()) == kManifestMagic;
  };
  if (std::ranges::any_of(names, is_ours)) return std::nullopt;
  for (const std::string& name : names) {
    if (!name.ends_with(".sst") && !name.ends_with(".ldb")) continue;
    const std::string_view library = LibraryOfTable(TailOf(files, io::JoinPath(directory, name)));
    if (library == kRocksDb) return RocksDb({});
    if (library == kLevelDb) return LevelDb();
  }
  return std::nullopt;
}

std::optional<Foreign> RecognizeDirectory(io::FileSystem& files, const std::string& directory, const Names& names) {
  const std::string current = Look(files, io::JoinPath(directory, tree::kCurrentFileName), 0, 256);
  if (ParseCurrent(current, directory)) return std::nullopt;
  if (const auto rocks_db = RecognizeRocksDb(files, directory, names)) return rocks_db;
  if (HasLevelDbManifest(files, directory, current)) return LevelDb();
  if (Contains(names, "data.mdb")) {
    if (const auto lmdb = RecognizeFile(Look(files, io::JoinPath(directory, "data.mdb"), 0, 64))) return lmdb;
  }
  if (const std::string text = Look(files, io::JoinPath(directory, "WiredTiger"), 0, 256);
      text.starts_with("WiredTiger")) {
    return Foreign{.library = "WiredTiger", .version = TextAfter(text, "WiredTiger "), .import_option = {}};
  }
  return RecognizeTables(files, directory, names);
}

}  // namespace

std::string Foreign::Name() const {
  const bool as_letters = library == kLmdb || library == kSqlite;  // Said as "el" and "es".
  const std::string name = fmt::format("{} {} database", as_letters ? "an" : "a", library);
  return version.empty() ? name : fmt::format("{}, {}", name, version);
}

std::string_view LibraryOfTable(std::string_view tail) {
  if (tail.size() != 8) return {};
  switch (base::LoadFixed<uint64_t>(tail.data())) {
    case 0xdb4775248b80fb57: return kLevelDb;  // RocksDB's oldest format, too.
    case 0x88e241b785f4cff7:                   // Tables of blocks,
    case 0x4f3418eb7a8f13b8:                   // plain ones, of both formats,
    case 0x8242229663bf9564:
    case 0x926789d0c5f17873: return kRocksDb;  // and cuckoo ones.
    default: return {};
  }
}

std::optional<Foreign> RecognizeForeign(io::FileSystem& files, const std::string& path) {
  const auto names = files.List(path);
  if (!names) return RecognizeFile(Look(files, path, 0, 64));
  return RecognizeDirectory(files, path, *names);
}

std::unexpected<Error> ForeignError(const std::string& path, const Foreign& foreign) {
  if (foreign.import_option.empty()) return base::InvalidArgument("{}: this is {}", path, foreign.Name());
  return base::InvalidArgument("{0}: this is {1}; `amethyst --db NEW_DIRECTORY import {2} {0}` brings its entries over",
                               path, foreign.Name(), foreign.import_option);
}

Status CheckNotForeign(io::FileSystem& files, const std::string& path) {
  const auto current = ReadCurrent(files, path);
  if (current) return {};
  const auto foreign = RecognizeForeign(files, path);
  if (foreign) return ForeignError(path, *foreign);
  return {};
}

}  // namespace amethyst::catalog
