#include "bench/stores/rocksdb_store.h"

#include <fmt/core.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/db_ttl.h>
#include <rocksdb/utilities/write_batch_with_index.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.h"
#include "bench/stores/rocksdb_parts.h"
#include "bench/stores/rocksdb_transaction.h"

namespace amethyst::bench {
namespace {

// Adds as RocksDB's own "uint64add" does, but is a user's.
class RocksDbAdd final : public rocksdb::AssociativeMergeOperator {
 public:
  [[nodiscard]] const char* Name() const override { return "bench.add"; }
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* base, const rocksdb::Slice& operand, std::string* result,
             rocksdb::Logger*) const override {
    uint64_t sum = 0;
    if ((base != nullptr && !Add(*base, &sum)) || !Add(operand, &sum)) return false;
    result->assign(reinterpret_cast<const char*>(&sum), sizeof(sum));
    return true;
  }

 private:
  static bool Add(const rocksdb::Slice& bytes, uint64_t* sum) {
    uint64_t number = 0;
    if (bytes.size() != sizeof(number)) return false;
    std::memcpy(&number, bytes.data(), sizeof(number));
    *sum += number;
    return true;
  }
};

using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;

class RocksDbSession final : public Session {
 public:
  RocksDbSession(rocksdb::DB& db, const Handles& families, const rocksdb::WriteOptions& write_options,
                 const RocksDbKinds& kinds)
      : db_(db), families_(families), write_options_(write_options) {
    if (kinds.Any()) transaction_.emplace(kinds, write_options);
  }

  Status Put(std::string_view key, std::string_view value) override {
    return Convert(db_.Put(write_options_, ToSlice(key), ToSlice(value)));
  }
  Status Delete(std::string_view key) override { return Convert(db_.Delete(write_options_, ToSlice(key))); }
  Status PutBatch(std::span<const KeyValue> entries) override {
    batch_.Clear();
    for (const KeyValue& entry : entries) batch_.Put(ToSlice(entry.key), ToSlice(entry.value));
    return Convert(db_.Write(write_options_, &batch_));
  }
  Result<std::optional<std::string_view>> Get(std::string_view key) override { return GetIn(0, key); }
  Status MultiGet(std::span<const std::string_view> keys,
                  std::vector<std::optional<std::string_view>>* values) override {
    slices_.clear();
    for (const std::string_view key : keys) slices_.push_back(ToSlice(key));
    values_.clear();
    values_.resize(keys.size());
    statuses_.resize(keys.size());
    db_.MultiGet(read_options_, db_.DefaultColumnFamily(), keys.size(), slices_.data(), values_.data(),
                 statuses_.data());
    values->clear();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (statuses_[i].IsNotFound()) {
        values->push_back(std::nullopt);
      } else {
        AMETHYST_TRY(Convert(statuses_[i]));
        values->push_back(ToView(values_[i]));
      }
    }
    return {};
  }
  std::unique_ptr<Cursor> NewCursor() override {
    return std::make_unique<RocksDbCursor>(db_.NewIterator(read_options_));
  }
  Status DeleteRange(std::string_view begin, std::string_view end) override {
    return Convert(db_.DeleteRange(write_options_, families_[0], ToSlice(begin), ToSlice(end)));
  }
  Status Merge(std::string_view key, std::string_view operand) override {
    return Convert(db_.Merge(write_options_, families_[0], ToSlice(key), ToSlice(operand)));
  }
  Status PutBatchIn(std::span<const FamilyKeyValue> entries) override {
    batch_.Clear();
    for (const auto& [family, entry] : entries) {
      AMETHYST_TRY(Convert(batch_.Put(families_[family], ToSlice(entry.key), ToSlice(entry.value))));
    }
    return Convert(db_.Write(write_options_, &batch_));
  }
  Result<std::optional<std::string_view>> GetIn(uint32_t family, std::string_view key) override {
    value_.Reset();
    const rocksdb::Status status = db_.Get(read_options_, families_[family], ToSlice(key), &value_);
    if (status.IsNotFound()) return std::nullopt;
    AMETHYST_TRY(Convert(status));
    return ToView(value_);
  }
  Result<Transaction*> Begin() override {
    if (!transaction_) return Missing();
    AMETHYST_TRY(transaction_->Begin());
    return &*transaction_;
  }
  Status Index(std::span<const KeyValue> entries) override {
    for (const KeyValue& entry : entries) {
      AMETHYST_TRY(Convert(indexed_.Put(ToSlice(entry.key), ToSlice(entry.value))));
    }
    return {};
  }
  Result<std::unique_ptr<Cursor>> NewIndexedCursor() override {
    return std::make_unique<RocksDbCursor>(indexed_.NewIteratorWithBase(db_.NewIterator(read_options_)));
  }

 private:
  rocksdb::DB& db_;
  const Handles& families_;
  rocksdb::WriteOptions write_options_;
  rocksdb::ReadOptions read_options_;
  rocksdb::WriteBatch batch_;
  std::optional<RocksDbTransaction> transaction_;
  rocksdb::WriteBatchWithIndex indexed_{rocksdb::BytewiseComparator(), 0, true};  // Of each key the last entry alone.
  rocksdb::PinnableSlice value_;
  std::vector<rocksdb::Slice> slices_;
  std::vector<rocksdb::PinnableSlice> values_;
  std::vector<rocksdb::Status> statuses_;
};

class RocksDbStore final : public Store {
 public:
  // `families` are the database's, the default one first; empty where it was opened without.
  RocksDbStore(rocksdb::DB* db, Handles families, const rocksdb::Options& options, const RocksDbKinds& kinds = {})
      : db_(db), families_(std::move(families)), options_(options), statistics_(options.statistics), kinds_(kinds) {
    if (families_.empty()) families_.push_back(db_->DefaultColumnFamily());
  }
  ~RocksDbStore() override { ReleaseFamilies(); }
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;

  std::unique_ptr<Session> NewSession(Durability durability) override {
    rocksdb::WriteOptions options;
    options.sync = durability == Durability::kSync;
    options.disableWAL = durability == Durability::kNone;
    return std::make_unique<RocksDbSession>(*db_, families_, options, kinds_);
  }
  Status Flush() override { return Convert(db_->Flush(rocksdb::FlushOptions(), families_)); }
  Result<uint64_t> WaitForIdle() override {
    using Properties = rocksdb::DB::Properties;
    while (Property(Properties::kMemTableFlushPending) + Property(Properties::kNumRunningFlushes) +
               Property(Properties::kCompactionPending) + Property(Properties::kNumRunningCompactions) !=
           0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return 0;
  }
  Status Compact() override {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    return Convert(db_->CompactRange(options, nullptr, nullptr));
  }
  StoreStats GetStats() override {
    StoreStats stats;
    stats.debt_bytes = Property(rocksdb::DB::Properties::kEstimatePendingCompactionBytes);
    if (statistics_ == nullptr) return stats;
    stats.cache_hits = statistics_->getTickerCount(rocksdb::BLOCK_CACHE_DATA_HIT);
    stats.cache_misses = statistics_->getTickerCount(rocksdb::BLOCK_CACHE_DATA_MISS);
    stats.filter_negatives = statistics_->getTickerCount(rocksdb::BLOOM_FILTER_USEFUL);
    stats.filter_false_positives = statistics_->getTickerCount(rocksdb::BLOOM_FILTER_FULL_POSITIVE) -
                                   statistics_->getTickerCount(rocksdb::BLOOM_FILTER_FULL_TRUE_POSITIVE);
    stats.wal_syncs = statistics_->getTickerCount(rocksdb::WAL_FILE_SYNCED);
    return stats;
  }
  Status Close() override {
    ReleaseFamilies();
    return Convert(db_->Close());
  }
  Status CreateFamily(const std::string& name) override {
    rocksdb::ColumnFamilyHandle* family = nullptr;
    AMETHYST_TRY(Convert(db_->CreateColumnFamily(options_, name, &family)));
    families_.push_back(family);
    return {};
  }
  Status CompactRange(std::string_view begin, std::string_view end) override {
    const rocksdb::Slice first = ToSlice(begin);
    const rocksdb::Slice last = ToSlice(end);
    return Convert(db_->CompactRange(rocksdb::CompactRangeOptions(), &first, &last));
  }
  std::shared_ptr<void> Hold() override {
    return {const_cast<rocksdb::Snapshot*>(db_->GetSnapshot()),
            [this](void* snapshot) { db_->ReleaseSnapshot(static_cast<rocksdb::Snapshot*>(snapshot)); }};
  }

 private:
  // Of all families together; those of the whole database are counted as often, which is as good for comparing with 0.
  uint64_t Property(const std::string& name) const {
    uint64_t sum = 0;
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      uint64_t value = 0;
      db_->GetIntProperty(family, name, &value);
      sum += value;
    }
    return sum;
  }
  void ReleaseFamilies() {
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      if (family != db_->DefaultColumnFamily()) db_->DestroyColumnFamilyHandle(family);
    }
    families_.clear();
  }

  std::unique_ptr<rocksdb::DB> db_;
  Handles families_;
  rocksdb::ColumnFamilyOptions options_;
  std::shared_ptr<rocksdb::Statistics> statistics_;
  RocksDbKinds kinds_;
};

rocksdb::CompressionType CodecOf(Compression compression) {
  switch (compression) {
    case Compression::kNone: return rocksdb::kNoCompression;
    case Compression::kLz4: return rocksdb::kLZ4Compression;
    case Compression::kZstd: return rocksdb::kZSTD;
  }
  return rocksdb::kNoCompression;
}

rocksdb::Options OptionsFor(const StoreSettings& settings) {
  rocksdb::Options options;
  options.create_if_missing = true;
  if (settings.statistics) options.statistics = rocksdb::CreateDBStatistics();
  if (settings.merging == Merging::kUser) options.merge_operator = std::make_shared<RocksDbAdd>();
  if (settings.merging == Merging::kBuiltIn) {
    rocksdb::MergeOperator::CreateFromString(rocksdb::ConfigOptions(), "uint64add", &options.merge_operator)
        .PermitUncheckedError();
  }
  if (!settings.tuned) return options;
  // Else each family could take as much as the database may.
  if (settings.families) options.db_write_buffer_size = 2 * settings.write_buffer_bytes;
  options.write_buffer_size = settings.write_buffer_bytes;
  options.max_write_buffer_number = 2;
  options.compression = CodecOf(settings.compression);
  options.max_background_jobs = static_cast<int>(settings.background_threads);
  options.max_bytes_for_level_base = 4 * settings.write_buffer_bytes;
  options.target_file_size_base = settings.write_buffer_bytes;
  options.level_compaction_dynamic_level_bytes = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = settings.block_bytes;
  table.format_version = 5;
  table.block_cache = rocksdb::NewLRUCache(settings.cache_bytes);
  if (settings.filter_bits_per_key > 0) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(settings.filter_bits_per_key));
  }
  // Index and filters count towards the memory, as they do with Amethyst. Pinned there, for to look them up in the
  // cache at each read costs a fifth of a Get (measured: 3.4 us of CPU instead of 2.8).
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.metadata_cache_options.unpartitioned_pinning = rocksdb::PinningTier::kAll;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

Result<std::unique_ptr<Store>> OpenRocksDb(const StoreSettings& settings) {
  const rocksdb::Options options = OptionsFor(settings);
  if (settings.merging != Merging::kNone && options.merge_operator == nullptr) {
    return base::NotSupported("RocksDB: it has no merge operator uint64add");
  }
  if (settings.ttl_seconds > 0) {
    rocksdb::DBWithTTL* db = nullptr;
    AMETHYST_TRY(Convert(
        rocksdb::DBWithTTL::Open(options, settings.directory, &db, static_cast<int32_t>(settings.ttl_seconds))));
    return std::make_unique<RocksDbStore>(db, Handles(), options);
  }
  rocksdb::DB* db = nullptr;
  if (!settings.families) {
    AMETHYST_TRY(Convert(rocksdb::DB::Open(options, settings.directory, &db)));
    return std::make_unique<RocksDbStore>(db, Handles(), options);
  }
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(options, settings.directory, &names).ok()) {
    names = {rocksdb::kDefaultColumnFamilyName};  // There is no database yet.
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, options);
  Handles handles;
  AMETHYST_TRY(Convert(rocksdb::DB::Open(options, settings.directory, families, &handles, &db)));
  return std::make_unique<RocksDbStore>(db, std::move(handles), options);
}

Result<std::unique_ptr<Store>> OpenRocksDbOptimistic(const StoreSettings& settings) {
  const rocksdb::Options options = OptionsFor(settings);
  rocksdb::OptimisticTransactionDB* db = nullptr;
  AMETHYST_TRY(Convert(rocksdb::OptimisticTransactionDB::Open(options, settings.directory, &db)));
  return std::make_unique<RocksDbStore>(db, Handles(), options, RocksDbKinds{.optimistic = db});
}

Result<std::unique_ptr<Store>> OpenRocksDbLocking(const StoreSettings& settings) {
  const rocksdb::Options options = OptionsFor(settings);
  rocksdb::TransactionDB* db = nullptr;
  AMETHYST_TRY(
      Convert(rocksdb::TransactionDB::Open(options, rocksdb::TransactionDBOptions(), settings.directory, &db)));
  return std::make_unique<RocksDbStore>(db, Handles(), options, RocksDbKinds{.locking = db});
}

std::string RocksDbVersion() { return fmt::format("{}.{}.{}", ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH); }

}  // namespace amethyst::bench
