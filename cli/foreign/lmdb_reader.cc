// Reads LMDB's main database and those with names, of a directory or of a single file, writing only its lock file.
#include <fmt/format.h>
#include <lmdb.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/error.h"
#include "cli/foreign/lmdb_check.h"
#include "cli/foreign_database.h"
#include "cli/session.h"
#include "cli/text.h"
#include "io/system_environment.h"

namespace amethyst::cli {

namespace {

Status Check(const std::string& path, int failed) {
  if (failed != 0) return base::InvalidArgument("{}: LMDB cannot open it: {}", path, mdb_strerror(failed));
  return {};
}

std::string_view View(const MDB_val& bytes) { return {static_cast<const char*>(bytes.mv_data), bytes.mv_size}; }

// Walks over one database of an environment.
class LmdbReader final : public RecordReader {
 public:
  // `passed_over`: the keys that are no entries, in the walk's order. The cursor is taken over.
  LmdbReader(MDB_cursor* cursor, uint64_t counted, std::span<const std::string> passed_over)
      : cursor_(cursor), counted_(counted), passed_over_(passed_over) {}
  ~LmdbReader() override { mdb_cursor_close(cursor_); }
  LmdbReader(const LmdbReader&) = delete;
  LmdbReader& operator=(const LmdbReader&) = delete;

  Reading Next(Record* record) override {
    for (;;) {
      MDB_val key;
      MDB_val value;
      const int failed = mdb_cursor_get(cursor_, &key, &value, MDB_NEXT);
      if (failed == MDB_NOTFOUND) return End();
      if (failed != 0) return {.found = Found::kBroken, .why = mdb_strerror(failed)};
      if (passed_ < passed_over_.size() && passed_over_[passed_] == View(key)) {
        ++passed_;
        continue;
      }
      ++number_;
      record->key = View(key);
      record->value = View(value);
      return {.found = Found::kRecord, .why = {}};
    }
  }
  uint64_t line() const override { return number_; }

 private:
  // LMDB has no checksums, but a count.
  [[nodiscard]] Reading End() const {
    const uint64_t found = number_ + passed_;
    if (found == counted_) return {};
    return {.found = Found::kBroken,
            .why = fmt::format("it is damaged: it counts {} entries, but {} were found", counted_, found)};
  }

  MDB_cursor* const cursor_;
  const uint64_t counted_;
  const std::span<const std::string> passed_over_;
  size_t passed_ = 0;
  uint64_t number_ = 0;
};

// All databases of an environment, as of one moment: the main one, whose name is "default", and those within it.
class LmdbDatabase final : public ForeignDatabase {
 public:
  LmdbDatabase() = default;
  ~LmdbDatabase() override { Close(); }
  LmdbDatabase(const LmdbDatabase&) = delete;
  LmdbDatabase& operator=(const LmdbDatabase&) = delete;

  Status Open(const std::string& path, const std::string& data_file, const ForeignOptions& options) {
    io::FileSystem& files = io::DefaultEnvironment()->files();
    path_ = path;
    const unsigned flags = data_file == path ? MDB_NOSUBDIR : 0;
    AMETHYST_TRY(CheckLmdbMetas(files, data_file));
    // LMDB wants to be told how many handles there may be; each takes memory in a transaction.
    for (unsigned handles_max = 16;; handles_max *= 2) {
      AMETHYST_TRY(Begin(flags, handles_max));
      AMETHYST_TRY(CheckLmdbPages(files, data_file, mdb_txn_id(transaction_)));
      AMETHYST_ASSIGN(const bool fits, options.family ? OpenOne(*options.family) : OpenAll());
      if (fits) return ExpectNoDuplicates();
      Close();
    }
  }

  const std::vector<std::string>& families() const override { return families_; }

  Result<std::unique_ptr<RecordReader>> Read(size_t family) override {
    MDB_stat stat{};
    AMETHYST_TRY(Check(path_, mdb_stat(transaction_, handles_[family], &stat)));
    MDB_cursor* cursor = nullptr;
    AMETHYST_TRY(Check(path_, mdb_cursor_open(transaction_, handles_[family], &cursor)));
    const bool is_main = handles_[family] == main_;
    return std::make_unique<LmdbReader>(
        cursor, stat.ms_entries, is_main ? std::span<const std::string>(within_) : std::span<const std::string>());
  }

 private:
  void Close() {
    mdb_txn_abort(transaction_);
    mdb_env_close(environment_);
    transaction_ = nullptr;
    environment_ = nullptr;
    families_.clear();
    handles_.clear();
    within_.clear();
  }

  Status Begin(unsigned flags, unsigned handles_max) {
    AMETHYST_TRY(Check(path_, mdb_env_create(&environment_)));
    AMETHYST_TRY(Check(path_, mdb_env_set_maxdbs(environment_, handles_max)));
    AMETHYST_TRY(Check(path_, mdb_env_open(environment_, path_.c_str(), MDB_RDONLY | flags, 0644)));
    AMETHYST_TRY(Check(path_, mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction_)));
    return Check(path_, mdb_dbi_open(transaction_, nullptr, 0, &main_));
  }

  void Add(std::string_view name, MDB_dbi handle) {
    families_.emplace_back(name);
    handles_.push_back(handle);
  }

  Result<bool> OpenOne(const std::string& name) {
    MDB_dbi handle{};
    const int failed = mdb_dbi_open(transaction_, name.c_str(), 0, &handle);
    if (failed == MDB_NOTFOUND || failed == MDB_INCOMPATIBLE) {
      if (name == kDefaultFamily) return OpenMain();
      return base::InvalidArgument("{}: it has no database {}", path_, Readable(name));
    }
    AMETHYST_TRY(Check(path_, failed));
    Add(name, handle);
    return true;
  }

  Result<bool> OpenMain() {
    AMETHYST_ASSIGN(const bool fits, OpenAll());
    families_.resize(1);
    handles_.resize(1);
    return fits;
  }

  // Databases stand among the entries of the main one; LMDB opens what is one, and refuses the rest. False: there must
  // be more handles.
  Result<bool> OpenAll() {
    constexpr size_t kRootBytes = 48;  // Of LMDB's MDB_db: so that other entries need no look.
    Add(kDefaultFamily, main_);
    unsigned kept = 0;
    AMETHYST_TRY(Check(path_, mdb_dbi_flags(transaction_, main_, &kept)));
    if ((kept & MDB_DUPSORT) != 0) return true;  // Then there are none, and it is refused.
    MDB_cursor* cursor = nullptr;
    AMETHYST_TRY(Check(path_, mdb_cursor_open(transaction_, main_, &cursor)));
    const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> closes(cursor, mdb_cursor_close);
    MDB_val key;
    MDB_val value;
    bool has_entries = false;
    int failed = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; failed == 0; failed = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
      const std::string name(View(key));
      MDB_dbi handle{};
      const bool may_be_one = value.mv_size == kRootBytes && name.find('\0') == std::string::npos;
      const int refused = may_be_one ? mdb_dbi_open(transaction_, name.c_str(), 0, &handle) : MDB_INCOMPATIBLE;
      if (refused == MDB_DBS_FULL) return false;
      has_entries |= refused != 0;
      if (refused != 0) continue;
      within_.push_back(name);
      Add(name, handle);
    }
    if (failed != MDB_NOTFOUND) AMETHYST_TRY(Check(path_, failed));
    AMETHYST_TRY(SettleDefault(has_entries));
    return true;
  }

  // The main database, whose name is nobody's, and one within it that is named "default" would be one family.
  Status SettleDefault(bool main_has_entries) {
    const auto named = std::ranges::find(within_, kDefaultFamily);
    if (named == within_.end()) return {};
    if (main_has_entries) {
      return base::InvalidArgument(
          "{0}: there are entries in its main database and in one named {1}, and both would be the family {1}; "
          "--column-family NAME --family OTHER imports one database alone into a family of another name",
          path_, kDefaultFamily);
    }
    families_.erase(families_.begin());
    handles_.erase(handles_.begin());
    const auto at = std::ranges::find(families_, kDefaultFamily) - families_.begin();
    std::rotate(families_.begin(), families_.begin() + at, families_.begin() + at + 1);
    std::rotate(handles_.begin(), handles_.begin() + at, handles_.begin() + at + 1);
    return {};
  }

  Status ExpectNoDuplicates() {
    std::vector<std::string> several;
    for (size_t i = 0; i < families_.size(); ++i) {
      unsigned kept = 0;
      AMETHYST_TRY(Check(path_, mdb_dbi_flags(transaction_, handles_[i], &kept)));
      if ((kept & MDB_DUPSORT) == 0) continue;
      several.push_back(handles_[i] == main_ ? "its main database" : Readable(families_[i]));
    }
    if (several.empty()) return {};
    return base::InvalidArgument(
        "{}: {} {} several values for a key (MDB_DUPSORT), which Amethyst cannot{}", path_, fmt::join(several, ", "),
        several.size() == 1 ? "keeps" : "keep",
        several.size() == families_.size() ? "" : "; --column-family NAME imports one of the other databases alone");
  }

  std::string path_;
  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_dbi main_{};
  std::vector<std::string> families_;
  std::vector<MDB_dbi> handles_;     // Of the families.
  std::vector<std::string> within_;  // The keys of the main database that are databases, in its order.
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

Result<std::unique_ptr<ForeignDatabase>> OpenLmdb(const std::string& path, const ForeignOptions& options) {
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
  auto database = std::make_unique<LmdbDatabase>();
  AMETHYST_TRY(database->Open(path, is_directory ? in_directory : path, options));
  return database;
}

}  // namespace amethyst::cli
