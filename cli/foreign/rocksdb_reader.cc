// Reads column families of RocksDB's, without writing to the database.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalog/foreign.h"
#include "cli/foreign/rocksdb_library.h"
#include "cli/foreign/rocksdb_ttl.h"
#include "cli/foreign_database.h"
#include "cli/session.h"
#include "cli/text.h"
#include "io/system_environment.h"

namespace amethyst::cli {

namespace {

constexpr std::string_view kReverseOrder = "rocksdb.ReverseBytewiseComparator";

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

// RocksDB's other order of bytes. Its C interface has no name for it, but takes one that goes by the same name.
rocksdb_comparator_t* NewReverseOrder(const RocksDbLibrary& library) {
  return library.comparator_create(
      nullptr, [](void*) {},
      [](void*, const char* a, size_t a_bytes, const char* b, size_t b_bytes) {
        return std::string_view(b, b_bytes).compare(std::string_view(a, a_bytes));
      },
      [](void*) { return kReverseOrder.data(); });
}

// How a family's values are taken.
struct Taking {
  std::string family;
  bool is_reversed = false;
  bool strip = false;    // A write time is taken off each value.
  bool suspect = false;  // Nothing tells whether there are any.
};

class RocksDbReader final : public RecordReader {
 public:
  // `merged` is what the merge detector sets. The iterator, not yet positioned, is taken over.
  RocksDbReader(const RocksDbLibrary& library, rocksdb_iterator_t* it, Taking taking, bool& merged)
      : library_(library), it_(it), taking_(std::move(taking)), merged_(merged) {
    merged_ = false;
    library_.iter_seek_to_first(it_);
  }
  ~RocksDbReader() override { library_.iter_destroy(it_); }
  RocksDbReader(const RocksDbReader&) = delete;
  RocksDbReader& operator=(const RocksDbReader&) = delete;

  Reading Next(Record* record) override {
    if (library_.iter_valid(it_) == 0) {
      char* error = nullptr;
      library_.iter_get_error(it_, &error);
      return error == nullptr ? Reading{} : Reading{.found = Found::kBroken, .why = TakeText(error)};
    }
    size_t bytes = 0;
    const char* const key = library_.iter_key(it_, &bytes);
    record->key.assign(key, bytes);
    const char* const value = library_.iter_value(it_, &bytes);
    record->value.assign(value, bytes);
    ++number_;
    Reading reading = Judge(record);
    merged_ = false;
    library_.iter_next(it_);
    return reading;
  }
  uint64_t line() const override { return number_; }

  std::string remark() const override {
    std::vector<std::string> parts;
    if (taking_.is_reversed && number_ != 0) {
      parts.emplace_back("its keys were in descending order, and are in ascending order now");
    }
    if (taking_.strip && number_ != 0) {
      parts.emplace_back(
          "the 4 bytes of its write time, which RocksDB's TTL puts behind each value, were left out; "
          "--ttl-suffix keep takes them over");
    }
    if (taking_.suspect && suspicion_.Holds()) {
      parts.emplace_back(
          "each value ends in 4 bytes that look like the write time of RocksDB's TTL: if that is what they are, "
          "import anew with --ttl-suffix strip; --ttl-suffix keep says that they are not");
    }
    if (parts.empty()) return {};
    return fmt::format("column family {}: {}", Readable(taking_.family), fmt::join(parts, "; "));
  }

 private:
  // What becomes of the entry at which the iterator stands.
  Reading Judge(Record* record) {
    if (merged_) {
      return {.found = Found::kUnusable,
              .why = fmt::format("{} has merge operands, which only its own program can make a value of",
                                 Shortened(record->key, 60))};
    }
    if (taking_.suspect) suspicion_.Add(record->value);
    if (!taking_.strip) return {.found = Found::kRecord, .why = {}};
    if (!TtlTimeOf(record->value)) {
      return {.found = Found::kUnusable,
              .why = fmt::format("the value of {} does not end in a write time, as those of a TTL do; "
                                 "--ttl-suffix keep takes all values as they are",
                                 Shortened(record->key, 60))};
    }
    record->value.resize(record->value.size() - kTtlSuffixBytes);
    return {.found = Found::kRecord, .why = {}};
  }

  const RocksDbLibrary& library_;
  rocksdb_iterator_t* const it_;
  const Taking taking_;
  bool& merged_;  // The iterator's entry has operands.
  TtlSuspicion suspicion_;
  uint64_t number_ = 0;
};

// A database opened for reading, with what of its column families is asked for.
class RocksDbDatabase final : public ForeignDatabase {
 public:
  explicit RocksDbDatabase(std::unique_ptr<const RocksDbLibrary> library)
      : library_(std::move(library)),
        options_(NewOptions()),
        reverse_options_(NewOptions()),
        reverse_order_(NewReverseOrder(*library_)),
        read_options_(library_->readoptions_create()) {
    library_->options_set_comparator(reverse_options_, reverse_order_);
  }
  ~RocksDbDatabase() override {
    Close();
    library_->readoptions_destroy(read_options_);
    library_->options_destroy(reverse_options_);
    library_->options_destroy(options_);
    library_->comparator_destroy(reverse_order_);
  }
  RocksDbDatabase(const RocksDbDatabase&) = delete;
  RocksDbDatabase& operator=(const RocksDbDatabase&) = delete;

  Status Open(const std::string& directory, const ForeignOptions& options) {
    directory_ = directory;
    ttl_suffix_ = options.ttl_suffix;
    AMETHYST_ASSIGN(std::vector<std::string> names, ListFamilies());
    if (options.family && std::ranges::find(names, *options.family) == names.end()) {
      return base::InvalidArgument("{}: it has no column family {}; it has: {}", directory_, Readable(*options.family),
                                   NameList(names));
    }
    // RocksDB opens none without the default one. Others may need a comparator that is not here.
    if (options.family) names = {std::string(kDefaultFamily)};
    if (options.family && *options.family != kDefaultFamily) names.push_back(*options.family);
    AMETHYST_TRY(OpenInTheirOrders(names));
    families_ = options.family ? std::vector{*options.family} : names;
    first_ = names.size() - families_.size();
    return {};
  }

  const std::vector<std::string>& families() const override { return families_; }

  Result<std::unique_ptr<RecordReader>> Read(size_t family) override {
    const std::string& name = families_[family];
    const bool recorded = RecordsTtl(io::DefaultEnvironment()->files(), directory_, name);
    const bool as_recorded = ttl_suffix_ == TtlSuffix::kAsRecorded;
    return std::make_unique<RocksDbReader>(
        *library_, library_->create_iterator_cf(database_, read_options_, handles_[first_ + family]),
        Taking{.family = name,
               .is_reversed = is_reversed_[first_ + family],
               .strip = as_recorded ? recorded : ttl_suffix_ == TtlSuffix::kStrip,
               .suspect = as_recorded && !recorded},
        merged_);
  }

 private:
  rocksdb_options_t* NewOptions() {
    rocksdb_options_t* const options = library_->options_create();
    // Else RocksDB says nothing of what stands behind damage in its log.
    library_->options_set_wal_recovery_mode(options, rocksdb_tolerate_corrupted_tail_records_recovery);
    library_->options_set_merge_operator(options, NewMergeDetector(*library_, &merged_));
    return options;
  }

  void Close() {
    for (rocksdb_column_family_handle_t* const handle : handles_) library_->column_family_handle_destroy(handle);
    handles_.clear();
    if (database_ != nullptr) library_->close(database_);
    database_ = nullptr;
  }

  [[nodiscard]] std::unexpected<Error> CannotOpen(const std::string& why) const {
    const auto foreign = catalog::RecognizeForeign(io::DefaultEnvironment()->files(), directory_);
    const std::string writer = foreign && !foreign->version.empty() ? " (RocksDB " + foreign->version + ")" : "";
    return base::InvalidArgument(
        "{}: RocksDB cannot open it: {}; if the library or package that wrote it{} is newer than the one here, "
        "`npx amethyst-level import {} NEW` reads it with that package",
        directory_, why, writer, directory_);
  }

  Result<std::vector<std::string>> ListFamilies() {
    size_t count = 0;
    char* error = nullptr;
    char** const list = library_->list_column_families(options_, directory_.c_str(), &count, &error);
    std::vector<std::string> names(list, list + count);
    library_->list_column_families_destroy(list, count);  // There is one after an error, too: an empty one.
    if (error != nullptr) return CannotOpen(TakeText(error));
    return names;
  }

  // Opens the families in the orders that `is_reversed_` says. Empty: it is open; else what RocksDB says.
  std::string TryToOpen(const std::vector<std::string>& names, const std::vector<bool>& is_reversed) {
    std::vector<const char*> pointers;
    std::vector<const rocksdb_options_t*> options;
    for (size_t i = 0; i < names.size(); ++i) {
      pointers.push_back(names[i].c_str());
      options.push_back(is_reversed[i] ? reverse_options_ : options_);
    }
    std::vector<rocksdb_column_family_handle_t*> handles(names.size());
    char* error = nullptr;
    database_ =
        library_->open_for_read_only_column_families(options_, directory_.c_str(), static_cast<int>(names.size()),
                                                     pointers.data(), options.data(), handles.data(), 0, &error);
    if (database_ == nullptr) return TakeText(error);
    handles_ = std::move(handles);
    return {};
  }

  // The order of each family is found by trying, one by one, where RocksDB does not open all as they mostly are.
  Status OpenInTheirOrders(const std::vector<std::string>& names) {
    is_reversed_.assign(names.size(), false);
    std::string why = TryToOpen(names, is_reversed_);
    if (why.empty()) return {};
    if (!OrderIn(why)) return CannotOpen(why);
    std::vector<std::string> refused;
    for (size_t i = 0; i < names.size(); ++i) {
      AMETHYST_ASSIGN(const std::string order, OrderOf(names[i], is_reversed_[0]));
      is_reversed_[i] = order == kReverseOrder;
      if (order.empty() || is_reversed_[i]) continue;
      refused.push_back(fmt::format("{} ({})", Readable(names[i]), Readable(order)));
      if (i == 0) return RefuseOrders(refused, ": RocksDB opens none of its column families without it");
    }
    if (!refused.empty()) {
      return RefuseOrders(refused, names.size() == 2 ? "" : "; --column-family NAME imports one of the others alone");
    }
    why = TryToOpen(names, is_reversed_);
    return why.empty() ? Status() : CannotOpen(why);
  }

  [[nodiscard]] std::unexpected<Error> RefuseOrders(const std::vector<std::string>& refused,
                                                    std::string_view what_then) const {
    return base::InvalidArgument("{}: the keys of {} {} are in an order of their own program's, which is not here{}",
                                 directory_, refused.size() == 1 ? "column family" : "column families",
                                 fmt::join(refused, ", "), what_then);
  }

  // The comparator of a family; empty: that of bytes.
  Result<std::string> OrderOf(const std::string& name, bool is_default_reversed) {
    const bool is_default = name == kDefaultFamily;
    std::vector<std::string> names{std::string(kDefaultFamily)};
    if (!is_default) names.push_back(name);
    std::vector<bool> is_reversed(names.size(), false);
    is_reversed[0] = is_default_reversed && !is_default;
    const std::string why = TryToOpen(names, is_reversed);
    Close();
    if (why.empty()) return std::string();
    const auto order = OrderIn(why);
    if (!order) return CannotOpen(why);
    return *order;
  }

  // The comparator that RocksDB says a column family has, in the place of the one that it was given. nullopt: it speaks
  // of something else.
  static std::optional<std::string> OrderIn(const std::string& why) {
    constexpr std::string_view kBefore = "does not match existing comparator ";
    const size_t at = why.find(kBefore);
    return at == std::string::npos ? std::nullopt : std::optional(why.substr(at + kBefore.size()));
  }

  const std::unique_ptr<const RocksDbLibrary> library_;
  bool merged_ = false;  // Set by the merge detector.
  rocksdb_options_t* const options_;
  rocksdb_options_t* const reverse_options_;
  rocksdb_comparator_t* const reverse_order_;
  rocksdb_readoptions_t* const read_options_;
  std::string directory_;
  TtlSuffix ttl_suffix_ = TtlSuffix::kAsRecorded;
  rocksdb_t* database_ = nullptr;
  std::vector<rocksdb_column_family_handle_t*> handles_;  // Of what is open, and whether its order is the reverse one.
  std::vector<bool> is_reversed_;
  std::vector<std::string> families_;  // What can be read, and where it begins among what is open.
  size_t first_ = 0;
};

}  // namespace

Result<std::unique_ptr<ForeignDatabase>> OpenRocksDb(const std::string& directory, const ForeignOptions& options) {
  std::string why;
  std::unique_ptr<const RocksDbLibrary> library = RocksDbLibrary::Load(&why);
  if (library == nullptr) return base::InvalidArgument("RocksDB's library cannot be loaded: {}", why);
  auto database = std::make_unique<RocksDbDatabase>(std::move(library));
  AMETHYST_TRY(database->Open(directory, options));
  return database;
}

}  // namespace amethyst::cli
