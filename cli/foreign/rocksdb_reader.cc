// Reads RocksDB's default column family, without writing to it. The library is loaded here, when it is asked for:
// linked, it would make each start of amethyst several times slower.
#include <dlfcn.h>
#include <rocksdb/c.h>

#include <cstdlib>

#include "base/error.h"
#include "cli/foreign_database.h"

namespace amethyst::cli {

namespace {

class Library {
 public:
  // nullptr: it cannot be loaded, or lacks a function; `why` says so. Loaded, it stays for good.
  [[nodiscard]] static std::unique_ptr<Library> Load(std::string* why) {
    void* const handle = dlopen(AMETHYST_ROCKSDB_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    auto library = std::make_unique<Library>();
    const bool whole = handle != nullptr && library->FindAll(handle);
    if (whole) return library;
    const char* const error = dlerror();
    *why = error != nullptr ? error : "a function is missing";
    return nullptr;
  }

  decltype(&rocksdb_options_create) options_create = nullptr;
  decltype(&rocksdb_options_destroy) options_destroy = nullptr;
  decltype(&rocksdb_options_set_wal_recovery_mode) options_set_wal_recovery_mode = nullptr;
  decltype(&rocksdb_open_for_read_only) open_for_read_only = nullptr;
  decltype(&rocksdb_close) close = nullptr;
  decltype(&rocksdb_readoptions_create) readoptions_create = nullptr;
  decltype(&rocksdb_readoptions_destroy) readoptions_destroy = nullptr;
  decltype(&rocksdb_create_iterator) create_iterator = nullptr;
  decltype(&rocksdb_iter_destroy) iter_destroy = nullptr;
  decltype(&rocksdb_iter_seek_to_first) iter_seek_to_first = nullptr;
  decltype(&rocksdb_iter_valid) iter_valid = nullptr;
  decltype(&rocksdb_iter_next) iter_next = nullptr;
  decltype(&rocksdb_iter_key) iter_key = nullptr;
  decltype(&rocksdb_iter_value) iter_value = nullptr;
  decltype(&rocksdb_iter_get_error) iter_get_error = nullptr;

 private:
  template <typename Function>
  static bool Find(void* handle, const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(handle, name));
    return *function != nullptr;
  }
  bool FindAll(void* handle) {
    return Find(handle, "rocksdb_options_create", &options_create) &&
           Find(handle, "rocksdb_options_destroy", &options_destroy) &&
           Find(handle, "rocksdb_options_set_wal_recovery_mode", &options_set_wal_recovery_mode) &&
           Find(handle, "rocksdb_open_for_read_only", &open_for_read_only) && Find(handle, "rocksdb_close", &close) &&
           Find(handle, "rocksdb_readoptions_create", &readoptions_create) &&
           Find(handle, "rocksdb_readoptions_destroy", &readoptions_destroy) &&
           Find(handle, "rocksdb_create_iterator", &create_iterator) &&
           Find(handle, "rocksdb_iter_destroy", &iter_destroy) &&
           Find(handle, "rocksdb_iter_seek_to_first", &iter_seek_to_first) &&
           Find(handle, "rocksdb_iter_valid", &iter_valid) && Find(handle, "rocksdb_iter_next", &iter_next) &&
           Find(handle, "rocksdb_iter_key", &iter_key) && Find(handle, "rocksdb_iter_value", &iter_value) &&
           Find(handle, "rocksdb_iter_get_error", &iter_get_error);
  }
};

// The text of an error of RocksDB's, which is freed.
std::string TakeText(char* error) {
  std::string text = error;
  std::free(error);
  return text;
}

class RocksDbReader final : public RecordReader {
 public:
  RocksDbReader(std::unique_ptr<const Library> library, rocksdb_t* database)
      : library_(std::move(library)), database_(database), options_(library_->readoptions_create()) {
    it_ = library_->create_iterator(database_, options_);
    library_->iter_seek_to_first(it_);
  }
  ~RocksDbReader() override {
    library_->iter_destroy(it_);
    library_->readoptions_destroy(options_);
    library_->close(database_);
  }
  RocksDbReader(const RocksDbReader&) = delete;
  RocksDbReader& operator=(const RocksDbReader&) = delete;

  Reading Next(Record* record) override {
    if (library_->iter_valid(it_) == 0) {
      char* error = nullptr;
      library_->iter_get_error(it_, &error);
      return error == nullptr ? Reading{} : Reading{.found = Found::kBroken, .why = TakeText(error)};
    }
    size_t bytes = 0;
    const char* const key = library_->iter_key(it_, &bytes);
    record->key.assign(key, bytes);
    const char* const value = library_->iter_value(it_, &bytes);
    record->value.assign(value, bytes);
    library_->iter_next(it_);
    ++number_;
    return {.found = Found::kRecord, .why = {}};
  }
  uint64_t line() const override { return number_; }

 private:
  const std::unique_ptr<const Library> library_;
  rocksdb_t* const database_;
  rocksdb_readoptions_t* const options_;
  rocksdb_iterator_t* it_ = nullptr;
  uint64_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenRocksDb(const std::string& directory) {
  std::string why;
  std::unique_ptr<const Library> library = Library::Load(&why);
  if (library == nullptr) return base::InvalidArgument("RocksDB's library cannot be loaded: {}", why);
  rocksdb_options_t* const options = library->options_create();
  // Else RocksDB says nothing of what stands behind damage in its log.
  library->options_set_wal_recovery_mode(options, rocksdb_tolerate_corrupted_tail_records_recovery);
  char* error = nullptr;
  rocksdb_t* const database = library->open_for_read_only(options, directory.c_str(), 0, &error);
  library->options_destroy(options);
  if (database == nullptr) {
    return base::InvalidArgument("{}: RocksDB cannot open it: {}", directory, TakeText(error));
  }
  return std::make_unique<RocksDbReader>(std::move(library), database);
}

}  // namespace amethyst::cli
