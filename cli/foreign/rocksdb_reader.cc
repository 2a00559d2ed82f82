// Reads one column family of RocksDB's, without writing to it.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "catalog/foreign.h"
#include "cli/foreign/rocksdb_library.h"
#include "cli/foreign/rocksdb_ttl.h"
#include "cli/foreign_database.h"
#include "cli/text.h"
#include "io/system_environment.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kDefaultFamily = "default";

std::string NameList(const std::vector<std::string>& names) {
  std::vector<std::string> readable;
  for (const std::string& name : names) readable.push_back(Readable(name));
  return fmt::format("{}", fmt::join(readable, ", "));
}

// A merge operator that makes nothing, and sets the flag that it is given. Without one, RocksDB ends an iteration at
// the first key with operands.
rocksdb_mergeoperator_t* NewMergeDetector(const RocksDbLibrary& library, bool* merged) {
  static char nothing[1];
  return library.mergeoperator_create(
      merged, [](void*) {},
      [](void* flag, const char*, size_t, const char*, size_t, const char* const*, const size_t*, int,
         unsigned char* success, size_t* bytes) {
        *static_cast<bool*>(flag) = true;
        *success = 1;
        *bytes = 0;
        return nothing;
      },
      [](void*, const char*, size_t, const char* const*, const size_t*, int, unsigned char* success, size_t* bytes) {
        *success = 0;
        *bytes = 0;
        return nothing;
      },
      [](void*, const char*, size_t) {}, [](void*) { return "amethyst.MergeDetector"; });
}

class RocksDbReader final : public RecordReader {
 public:
  explicit RocksDbReader(std::unique_ptr<const RocksDbLibrary> library)
      : library_(std::move(library)),
        options_(library_->options_create()),
        read_options_(library_->readoptions_create()) {
    // Else RocksDB says nothing of what stands behind damage in its log.
    library_->options_set_wal_recovery_mode(options_, rocksdb_tolerate_corrupted_tail_records_recovery);
    library_->options_set_merge_operator(options_, NewMergeDetector(*library_, &merged_));
  }
  ~RocksDbReader() override {
    if (it_ != nullptr) library_->iter_destroy(it_);
    for (rocksdb_column_family_handle_t* const family : families_) library_->column_family_handle_destroy(family);
    if (database_ != nullptr) library_->close(database_);
    library_->readoptions_destroy(read_options_);
    library_->options_destroy(options_);
  }
  RocksDbReader(const RocksDbReader&) = delete;
  RocksDbReader& operator=(const RocksDbReader&) = delete;

  Status Open(const std::string& directory, const ForeignOptions& options) {
    directory_ = directory;
    AMETHYST_ASSIGN(std::vector<std::string> names, ListFamilies());
    const std::string wanted = options.family.value_or(std::string(kDefaultFamily));
    if (std::ranges::find(names, wanted) == names.end()) {
      return base::InvalidArgument("{}: it has no column family {}; it has: {}", directory_, Readable(wanted),
                                   NameList(names));
    }
    // RocksDB opens none without the default one. Others may need a comparator that is not here.
    if (options.family) {
      names = {std::string(kDefaultFamily)};
      if (wanted != kDefaultFamily) names.push_back(wanted);
    }
    AMETHYST_TRY(OpenFamilies(names));
    if (!options.family) AMETHYST_TRY(ExpectOneInUse(names));
    const auto chosen = static_cast<size_t>(std::ranges::find(names, wanted) - names.begin());
    it_ = library_->create_iterator_cf(database_, read_options_, families_[chosen]);
    library_->iter_seek_to_first(it_);
    const bool recorded = RecordsTtl(io::DefaultEnvironment()->files(), directory_, wanted);
    const bool as_recorded = options.ttl_suffix == TtlSuffix::kAsRecorded;
    strip_ = as_recorded ? recorded : options.ttl_suffix == TtlSuffix::kStrip;
    suspect_ = as_recorded && !recorded;
    return {};
  }

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
    ++number_;
    Reading reading = Judge(record);
    merged_ = false;
    library_->iter_next(it_);
    return reading;
  }
  uint64_t line() const override { return number_; }

  std::string remark() const override {
    if (strip_ && number_ != 0) {
      return "the 4 bytes of its write time, which RocksDB's TTL puts behind each value, were left out; "
             "--ttl-suffix keep takes them over";
    }
    if (suspect_ && suspicion_.Holds()) {
      return "each value ends in 4 bytes that look like the write time of RocksDB's TTL: if that is what they are, "
             "import anew with --ttl-suffix strip; --ttl-suffix keep says that they are not";
    }
    return {};
  }

 private:
  // What becomes of the entry at which the iterator stands.
  Reading Judge(Record* record) {
    if (merged_) {
      return {.found = Found::kUnusable,
              .why = fmt::format("{} has merge operands, which only its own program can make a value of",
                                 Shortened(record->key, 60))};
    }
    if (suspect_) suspicion_.Add(record->value);
    if (!strip_) return {.found = Found::kRecord, .why = {}};
    if (!TtlTimeOf(record->value)) {
      return {.found = Found::kUnusable,
              .why = fmt::format("the value of {} does not end in a write time, as those of a TTL do; "
                                 "--ttl-suffix keep takes all values as they are",
                                 Shortened(record->key, 60))};
    }
    record->value.resize(record->value.size() - kTtlSuffixBytes);
    return {.found = Found::kRecord, .why = {}};
  }

  [[nodiscard]] std::unexpected<Error> CannotOpen(char* error) const {
    const auto foreign = catalog::RecognizeForeign(io::DefaultEnvironment()->files(), directory_);
    const std::string writer = foreign && !foreign->version.empty() ? " (RocksDB " + foreign->version + ")" : "";
    return base::InvalidArgument(
        "{}: RocksDB cannot open it: {}; if the library or package that wrote it{} is newer than the one here, "
        "`npx amethyst-level import {} NEW` reads it with that package",
        directory_, TakeText(error), writer, directory_);
  }

  Result<std::vector<std::string>> ListFamilies() {
    size_t count = 0;
    char* error = nullptr;
    char** const list = library_->list_column_families(options_, directory_.c_str(), &count, &error);
    std::vector<std::string> names(list, list + count);
    library_->list_column_families_destroy(list, count);  // There is one after an error, too: an empty one.
    if (error != nullptr) return CannotOpen(error);
    return names;
  }

  Status OpenFamilies(const std::vector<std::string>& names) {
    std::vector<const char*> pointers;
    for (const std::string& name : names) pointers.push_back(name.c_str());
    const std::vector<const rocksdb_options_t*> options(names.size(), options_);
    std::vector<rocksdb_column_family_handle_t*> families(names.size());
    char* error = nullptr;
    database_ =
        library_->open_for_read_only_column_families(options_, directory_.c_str(), static_cast<int>(names.size()),
                                                     pointers.data(), options.data(), families.data(), 0, &error);
    if (database_ == nullptr) return CannotOpen(error);
    families_ = std::move(families);
    return {};
  }

  // No family but the default one holds anything.
  Status ExpectOneInUse(const std::vector<std::string>& names) {
    std::vector<std::string> in_use;
    for (size_t i = 0; i < names.size(); ++i) {
      rocksdb_iterator_t* const it = library_->create_iterator_cf(database_, read_options_, families_[i]);
      library_->iter_seek_to_first(it);
      char* error = nullptr;
      library_->iter_get_error(it, &error);
      const bool empty = error == nullptr && library_->iter_valid(it) == 0;
      library_->iter_destroy(it);
      if (error != nullptr) return CannotOpen(error);
      if (!empty && names[i] != kDefaultFamily) in_use.push_back(names[i]);
    }
    merged_ = false;
    if (in_use.empty()) return {};
    return base::InvalidArgument(
        "{}: it has entries in column families beside the default one: {}; --column-family NAME imports one alone, "
        "also the default one, whose name is {}",
        directory_, NameList(in_use), kDefaultFamily);
  }

  const std::unique_ptr<const RocksDbLibrary> library_;
  rocksdb_options_t* const options_;
  rocksdb_readoptions_t* const read_options_;
  std::string directory_;
  rocksdb_t* database_ = nullptr;
  std::vector<rocksdb_column_family_handle_t*> families_;
  rocksdb_iterator_t* it_ = nullptr;
  bool merged_ = false;   // Set by the merge detector: the iterator's entry has operands.
  bool strip_ = false;    // A write time is taken off each value.
  bool suspect_ = false;  // Nothing tells whether there are any.
  TtlSuspicion suspicion_;
  uint64_t number_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenRocksDb(const std::string& directory, const ForeignOptions& options) {
  std::string why;
  std::unique_ptr<const RocksDbLibrary> library = RocksDbLibrary::Load(&why);
  if (library == nullptr) return base::InvalidArgument("RocksDB's library cannot be loaded: {}", why);
  auto reader = std::make_unique<RocksDbReader>(std::move(library));
  AMETHYST_TRY(reader->Open(directory, options));
  return reader;
}

}  // namespace amethyst::cli
