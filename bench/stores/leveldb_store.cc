#include "bench/stores/leveldb_store.h"

#include <fmt/core.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <chrono>
#include <thread>
#include <utility>

#include "base/error.h"
#include "bench/process_meter.h"

namespace amethyst::bench {
namespace {

leveldb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

Status Convert(const leveldb::Status& status) {
  if (status.ok()) [[likely]] {
    return {};
  }
  return base::MakeError(ErrorCode::kIo, "LevelDB: {}", status.ToString());
}

class LevelDbCursor final : public Cursor {
 public:
  explicit LevelDbCursor(leveldb::Iterator* iterator) : iterator_(iterator) {}

  void SeekToFirst() override { iterator_->SeekToFirst(); }
  void SeekToLast() override { iterator_->SeekToLast(); }
  void Seek(std::string_view target) override { iterator_->Seek(ToSlice(target)); }
  void SeekForPrev(std::string_view target) override {
    iterator_->Seek(ToSlice(target));
    if (!iterator_->Valid()) {
      iterator_->SeekToLast();
    } else if (ToView(iterator_->key()) != target) {
      iterator_->Prev();
    }
  }
  void Next() override { iterator_->Next(); }
  void Prev() override { iterator_->Prev(); }
  [[nodiscard]] bool Valid() const override { return iterator_->Valid(); }
  [[nodiscard]] std::string_view key() const override { return ToView(iterator_->key()); }
  [[nodiscard]] std::string_view value() const override { return ToView(iterator_->value()); }
  [[nodiscard]] Status status() const override { return Convert(iterator_->status()); }

 private:
  std::unique_ptr<leveldb::Iterator> iterator_;
};

class LevelDbSession final : public Session {
 public:
  LevelDbSession(leveldb::DB& db, Durability durability) : db_(db) {
    write_options_.sync = durability == Durability::kSync;
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
  Result<std::optional<std::string_view>> Get(std::string_view key) override { return GetInto(key, &value_); }
  Status MultiGet(std::span<const std::string_view> keys,
                  std::vector<std::optional<std::string_view>>* values) override {
    values_.resize(keys.size());
    values->clear();
    for (size_t i = 0; i < keys.size(); ++i) {
      AMETHYST_ASSIGN(const std::optional<std::string_view> value, GetInto(keys[i], &values_[i]));
      values->push_back(value);
    }
    return {};
  }
  std::unique_ptr<Cursor> NewCursor() override {
    return std::make_unique<LevelDbCursor>(db_.NewIterator(leveldb::ReadOptions()));
  }

 private:
  Result<std::optional<std::string_view>> GetInto(std::string_view key, std::string* value) {
    const leveldb::Status status = db_.Get(leveldb::ReadOptions(), ToSlice(key), value);
    if (status.IsNotFound()) return std::nullopt;
    AMETHYST_TRY(Convert(status));
    return *value;
  }

  leveldb::DB& db_;
  leveldb::WriteOptions write_options_;
  leveldb::WriteBatch batch_;
  std::string value_;
  std::vector<std::string> values_;
};

// What the options of an open database point to.
struct Parts {
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<const leveldb::FilterPolicy> filter;
};

class LevelDbStore final : public Store {
 public:
  LevelDbStore(leveldb::DB* db, Parts parts) : parts_(std::move(parts)), db_(db) {}

  std::unique_ptr<Session> NewSession(Durability durability) override {
    return std::make_unique<LevelDbSession>(*db_, durability);
  }
  Status Flush() override {
    // A compaction of a range without keys writes the memtable out, and then finds nothing to do.
    const leveldb::Slice nothing("", 0);
    db_->CompactRange(&nothing, &nothing);
    return {};
  }
  Result<uint64_t> WaitForIdle() override {
    constexpr uint64_t kQuietNs = 100'000'000;
    constexpr double kNoiseSeconds = 0.001;
    uint64_t quiet_since_ns = NowNs();
    double cpu_seconds = ProcessCpuSeconds();
    while (NowNs() - quiet_since_ns < kQuietNs) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const double cpu_seconds_now = ProcessCpuSeconds();
      if (cpu_seconds_now - cpu_seconds < kNoiseSeconds) continue;
      cpu_seconds = cpu_seconds_now;
      quiet_since_ns = NowNs();
    }
    return NowNs() - quiet_since_ns;
  }
  Status Compact() override {
    db_->CompactRange(nullptr, nullptr);
    return {};
  }
  StoreStats GetStats() override { return {}; }
  Status Close() override {
    db_.reset();
    return {};
  }

 private:
  Parts parts_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenLevelDb(const StoreSettings& settings) {
  leveldb::Options options;
  options.create_if_missing = true;
  Parts parts;
  if (settings.tuned) {
    options.write_buffer_size = settings.write_buffer_bytes;
    options.block_size = settings.block_bytes;
    options.max_file_size = settings.write_buffer_bytes / 4;
    options.compression =
        settings.compression == Compression::kNone ? leveldb::kNoCompression : leveldb::kSnappyCompression;
    parts.cache.reset(leveldb::NewLRUCache(settings.cache_bytes));
    options.block_cache = parts.cache.get();
    if (settings.filter_bits_per_key > 0) {
      parts.filter.reset(leveldb::NewBloomFilterPolicy(static_cast<int>(settings.filter_bits_per_key)));
      options.filter_policy = parts.filter.get();
    }
  }
  leveldb::DB* db = nullptr;
  AMETHYST_TRY(Convert(leveldb::DB::Open(options, settings.directory, &db)));
  return std::make_unique<LevelDbStore>(db, std::move(parts));
}

std::string LevelDbVersion() { return fmt::format("{}.{}", leveldb::kMajorVersion, leveldb::kMinorVersion); }

}  // namespace amethyst::bench
