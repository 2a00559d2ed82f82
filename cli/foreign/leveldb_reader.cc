// Reads what LevelDB itself wrote. Like every open by LevelDB, this one settles the database's log.
#include <leveldb/db.h>
#include <leveldb/env.h>

#include "base/error.h"
#include "catalog/foreign.h"
#include "cli/foreign_database.h"
#include "cli/session.h"
#include "io/system_environment.h"
#include "tree/file_names.h"

namespace amethyst::cli {

namespace {

class LevelDbReader final : public RecordReader {
 public:
  explicit LevelDbReader(leveldb::DB& database) {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;
    it_.reset(database.NewIterator(options));
    it_->SeekToFirst();
  }

  Reading Next(Record* record) override {
    if (!it_->Valid()) {
      const leveldb::Status status = it_->status();
      return status.ok() ? Reading{} : Reading{.found = Found::kBroken, .why = status.ToString()};
    }
    record->key.assign(it_->key().data(), it_->key().size());
    record->value.assign(it_->value().data(), it_->value().size());
    it_->Next();
    ++number_;
    return {.found = Found::kRecord, .why = {}};
  }
  uint64_t line() const override { return number_; }

 private:
  std::unique_ptr<leveldb::Iterator> it_;
  uint64_t number_ = 0;
};

class LevelDbDatabase final : public ForeignDatabase {
 public:
  explicit LevelDbDatabase(std::unique_ptr<leveldb::DB> database) : database_(std::move(database)) {}

  const std::vector<std::string>& families() const override { return families_; }
  Result<std::unique_ptr<RecordReader>> Read(size_t) override { return std::make_unique<LevelDbReader>(*database_); }

 private:
  const std::unique_ptr<leveldb::DB> database_;
  const std::vector<std::string> families_{std::string(kDefaultFamily)};
};

// LevelDB makes a directory that is not there, and turns a database of RocksDB's into one of its own: it may open only
// what is its own.
Status ExpectLevelDb(const std::string& directory) {
  io::FileSystem& files = io::DefaultEnvironment()->files();
  const auto foreign = catalog::RecognizeForeign(files, directory);
  if (foreign && foreign->library != "LevelDB") {
    return base::InvalidArgument("{}: not a database of LevelDB's: it is {}{}{}", directory, foreign->Name(),
                                 foreign->import_option.empty() ? "" : ": take ", foreign->import_option);
  }
  AMETHYST_ASSIGN(const bool has_current, files.Exists(io::JoinPath(directory, tree::kCurrentFileName)));
  if (!foreign && !has_current) {
    return base::InvalidArgument("{}: not a database of LevelDB's: it has no file CURRENT", directory);
  }
  if (!foreign) {
    return base::InvalidArgument(
        "{0}: not a database of LevelDB's: its file CURRENT is another's; if it is Amethyst's: "
        "`amethyst --db {0} export --format dump | amethyst --db NEW_DIRECTORY import --format dump`",
        directory);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ForeignDatabase>> OpenLevelDb(const std::string& directory, const ForeignOptions&) {
  AMETHYST_TRY(ExpectLevelDb(directory));
  leveldb::Options options;
  options.paranoid_checks = true;
  leveldb::DB* database = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, directory, &database);
  if (!status.ok()) {
    const std::string why = status.ToString();
    const bool locked = why.find("LOCK: ") != std::string::npos;
    return base::InvalidArgument("{}: LevelDB cannot open it: {}{}", directory, why,
                                 locked ? "; end the program that has it open" : "");
  }
  return std::make_unique<LevelDbDatabase>(std::unique_ptr<leveldb::DB>(database));
}

}  // namespace amethyst::cli
