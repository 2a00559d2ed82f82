// Reads LMDB's main database, or one with a name, of a directory or of a single file, writing only its lock file.
#include <fmt/format.h>
#include <lmdb.h>

#include <cstring>
#include <vector>

#include "base/error.h"
#include "cli/foreign_database.h"
#include "cli/text.h"
#include "io/system_environment.h"

namespace amethyst::cli {

namespace {

class LmdbReader final : public RecordReader {
 public:
  LmdbReader() = default;
  ~LmdbReader() override {
    mdb_cursor_close(cursor_);
    mdb_txn_abort(transaction_);
    mdb_env_close(environment_);
  }
  LmdbReader(const LmdbReader&) = delete;
  LmdbReader& operator=(const LmdbReader&) = delete;

  Status Open(const std::string& path, unsigned flags, const ForeignOptions& options) {
    AMETHYST_TRY(Check(path, mdb_env_create(&environment_)));
    AMETHYST_TRY(Check(path, mdb_env_set_maxdbs(environment_, kNamesMax)));
    AMETHYST_TRY(Check(path, mdb_env_open(environment_, path.c_str(), MDB_RDONLY | flags, 0644)));
    AMETHYST_TRY(Check(path, mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction_)));
    MDB_dbi database{};
    const int failed = mdb_dbi_open(transaction_, options.family ? options.family->c_str() : nullptr, 0, &database);
    if (options.family && (failed == MDB_NOTFOUND || failed == MDB_INCOMPATIBLE)) {
      return base::InvalidArgument("{}: it has no database {}", path, Readable(*options.family));
    }
    AMETHYST_TRY(Check(path, failed));
    unsigned kept = 0;
    AMETHYST_TRY(Check(path, mdb_dbi_flags(transaction_, database, &kept)));
    if ((kept & MDB_DUPSORT) != 0) {
      return base::InvalidArgument("{}: {} keeps several values for a key (MDB_DUPSORT), which Amethyst cannot", path,
                                   options.family ? Readable(*options.family) : "its main database");
    }
    MDB_stat stat{};
    AMETHYST_TRY(Check(path, mdb_stat(transaction_, database, &stat)));
    counted_ = stat.ms_entries;
    AMETHYST_TRY(Check(path, mdb_cursor_open(transaction_, database, &cursor_)));
    return options.family ? Status() : ExpectNoneWithin(path);
  }

  Reading Next(Record* record) override {
    MDB_val key;
    MDB_val value;
    const int failed = mdb_cursor_get(cursor_, &key, &value, MDB_NEXT);
    if (failed == MDB_NOTFOUND) return End();
    if (failed != 0) return {.found = Found::kBroken, .why = mdb_strerror(failed)};
    ++number_;
    record->key.assign(static_cast<const char*>(key.mv_data), key.mv_size);
    record->value.assign(static_cast<const char*>(value.mv_data), value.mv_size);
    return {.found = Found::kRecord, .why = {}};
  }
  uint64_t line() const override { return number_; }

 private:
  // LMDB has no checksums, but a count.
  [[nodiscard]] Reading End() const {
    if (number_ == counted_) return {};
    return {.found = Found::kBroken,
            .why = fmt::format("it is damaged: it counts {} entries, but {} were found", counted_, number_)};
  }

  static Status Check(const std::string& path, int failed) {
    if (failed != 0) return base::InvalidArgument("{}: LMDB cannot open it: {}", path, mdb_strerror(failed));
    return {};
  }

  // Walks over the main database, and leaves the cursor in front of it.
  Status ExpectNoneWithin(const std::string& path) {
    std::vector<std::string> names;
    MDB_val key;
    MDB_val value;
    int failed = mdb_cursor_get(cursor_, &key, &value, MDB_FIRST);
    for (; failed == 0; failed = mdb_cursor_get(cursor_, &key, &value, MDB_NEXT)) {
      if (names.size() == kNamesMax) break;  // LMDB opens no more.
      const std::string name(static_cast<const char*>(key.mv_data), key.mv_size);
      if (IsDatabase(name, value)) names.push_back(Quoted(name));
    }
    if (failed != 0 && failed != MDB_NOTFOUND) return Check(path, failed);
    if (!names.empty()) {
      return base::InvalidArgument(
          "{}: there are databases within it: {}{}; --column-family NAME imports one of them alone", path,
          fmt::join(names, ", "), names.size() == kNamesMax ? ", and perhaps more" : "");
    }
    return Check(path, mdb_cursor_renew(transaction_, cursor_));
  }

  // Databases with a name stand among the entries of the main one; LMDB opens what is one, and refuses the rest.
  bool IsDatabase(const std::string& key, const MDB_val& value) {
    constexpr size_t kRootBytes = 48;  // Of LMDB's MDB_db: so that other entries need no look.
    MDB_dbi opened{};
    return value.mv_size == kRootBytes && key.find('\0') == std::string::npos &&
           mdb_dbi_open(transaction_, key.c_str(), 0, &opened) == 0;
  }

  static constexpr unsigned kNamesMax = 16;

  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  uint64_t number_ = 0;
  uint64_t counted_ = 0;
};

// The format of a data file tells how long the header of its first page is, behind which the magic number stands.
enum class DataFormat : uint8_t { kNone, kOne, kTwo };

// To be asked before LMDB is, which leaves a lock file beside anything that it is told to open.
Result<DataFormat> DataFormatOf(const std::string& path) {
  static constexpr uint32_t kMagic = 0xBEEFC0DE;
  AMETHYST_ASSIGN(const auto file, io::DefaultEnvironment()->files().Open(path));
  const auto has_magic_at = [&file](uint64_t offset) {
    char bytes[sizeof kMagic];
    const auto read = file->ReadAt(offset, bytes);  // Fails for a directory.
    return read && *read == sizeof bytes && std::memcmp(bytes, &kMagic, sizeof bytes) == 0;
  };
  if (has_magic_at(16)) return DataFormat::kOne;
  return has_magic_at(24) ? DataFormat::kTwo : DataFormat::kNone;
}

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenLmdb(const std::string& path, const ForeignOptions& options) {
  const std::string in_directory = io::JoinPath(path, "data.mdb");
  AMETHYST_ASSIGN(const bool is_directory, io::DefaultEnvironment()->files().Exists(in_directory));
  AMETHYST_ASSIGN(const DataFormat format, DataFormatOf(is_directory ? in_directory : path));
  if (format == DataFormat::kTwo) {
    return base::InvalidArgument(
        "{}: a database of LMDB's data format 2, which this program's LMDB cannot read; `npx amethyst-level import {} "
        "NEW` reads it with the package lmdb",
        path, path);
  }
  if (format == DataFormat::kNone) {
    return base::InvalidArgument("{}: not a database of LMDB's: name a directory with a file data.mdb, or such a file",
                                 path);
  }
  auto reader = std::make_unique<LmdbReader>();
  AMETHYST_TRY(reader->Open(path, is_directory ? 0 : MDB_NOSUBDIR, options));
  return reader;
}

}  // namespace amethyst::cli
