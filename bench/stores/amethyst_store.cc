#include "bench/stores/amethyst_store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "amethyst/amethyst.h"
#include "amethyst/merge_operator.h"
#include "base/error.h"

namespace amethyst::bench {
namespace {

class AmethystCursor final : public Cursor {
 public:
  explicit AmethystCursor(Iterator iterator) : iterator_(std::move(iterator)) {}

  void SeekToFirst() override { iterator_.SeekToFirst(); }
  void SeekToLast() override { iterator_.SeekToLast(); }
  void Seek(std::string_view target) override { iterator_.Seek(target); }
  void SeekForPrev(std::string_view target) override { iterator_.SeekForPrev(target); }
  void Next() override { iterator_.Next(); }
  void Prev() override { iterator_.Prev(); }
  [[nodiscard]] bool Valid() const override { return iterator_.Valid(); }
  [[nodiscard]] std::string_view key() const override { return iterator_.key(); }
  [[nodiscard]] std::string_view value() const override { return iterator_.value(); }
  [[nodiscard]] Status status() const override { return iterator_.status(); }
  std::span<const EntryView> NextBatch(std::span<EntryView> room) override { return iterator_.NextBatch(room); }

 private:
  Iterator iterator_;
};

// Adds as Uint64Add does, but is a user's.
class AmethystAdd final : public MergeOperator {
 public:
  [[nodiscard]] std::string_view Name() const override { return "bench.add"; }
  [[nodiscard]] bool Merge(std::string_view, std::optional<std::string_view> base,
                           std::span<const std::string_view> operands,
                           std::optional<std::string>* result) const noexcept override {
    uint64_t sum = 0;
    if (base && !Add(*base, &sum)) return false;
    for (const std::string_view operand : operands) {
      if (!Add(operand, &sum)) return false;
    }
    *result = std::string(reinterpret_cast<const char*>(&sum), sizeof(sum));
    return true;
  }
  [[nodiscard]] bool Combine(std::string_view key, std::span<const std::string_view> operands,
                             std::string* result) const noexcept override {
    std::optional<std::string> sum;
    if (!Merge(key, {}, operands, &sum)) return false;
    *result = *std::move(sum);
    return true;
  }

 private:
  static bool Add(std::string_view bytes, uint64_t* sum) {
    uint64_t number = 0;
    if (bytes.size() != sizeof(number)) return false;
    std::memcpy(&number, bytes.data(), sizeof(number));
    *sum += number;
    return true;
  }
};

class AmethystTransaction final : public Transaction {
 public:
  AmethystTransaction(DB& db, const WriteOptions& commits) : db_(db), commits_(commits) {}

  void Begin() { transaction_.emplace(db_.Begin()); }
  Result<std::optional<std::string_view>> Get(std::string_view key) override {
    AMETHYST_ASSIGN(const bool found, transaction_->GetInto(key, &value_));
    return found ? std::optional<std::string_view>(value_) : std::nullopt;
  }
  Status Put(std::string_view key, std::string_view value) override { return transaction_->Put(key, value); }
  std::unique_ptr<Cursor> NewCursor() override { return std::make_unique<AmethystCursor>(transaction_->NewIterator()); }
  Status Commit() override { return transaction_->Commit(commits_); }

 private:
  DB& db_;
  WriteOptions commits_;
  std::optional<amethyst::Transaction> transaction_;
  std::string value_;
};

class AmethystSession final : public Session {
 public:
  AmethystSession(DB& db, const std::vector<Family>& families, const WriteOptions& puts)
      : db_(db),
        families_(families),
        puts_(puts),
        deletes_{.durability = puts.durability},
        transaction_(db, deletes_),
        indexed_(db) {}

  Status Put(std::string_view key, std::string_view value) override { return db_.Put(key, value, puts_); }
  Status Delete(std::string_view key) override { return db_.Delete(key, deletes_); }
  Status PutBatch(std::span<const KeyValue> entries) override {
    batch_.Clear();
    for (const KeyValue& entry : entries) batch_.Put(entry.key, entry.value);
    return db_.Write(batch_, puts_);
  }
  Result<std::optional<std::string_view>> Get(std::string_view key) override {
    AMETHYST_ASSIGN(const bool found, db_.GetInto(key, &value_));
    return found ? std::optional<std::string_view>(value_) : std::nullopt;
  }
  Status DeleteRange(std::string_view begin, std::string_view end) override {
    return db_.DeleteRange(begin, end, deletes_);
  }
  Status Merge(std::string_view key, std::string_view operand) override { return db_.Merge(key, operand, puts_); }
  Status PutBatchIn(std::span<const FamilyKeyValue> entries) override {
    batch_.Clear();
    for (const auto& [family, entry] : entries) batch_.Put(families_[family], entry.key, entry.value);
    return db_.Write(batch_, puts_);
  }
  Result<std::optional<std::string_view>> GetIn(uint32_t family, std::string_view key) override {
    AMETHYST_ASSIGN(const bool found, families_[family].GetInto(key, &value_));
    return found ? std::optional<std::string_view>(value_) : std::nullopt;
  }
  Status MultiGet(std::span<const std::string_view> keys,
                  std::vector<std::optional<std::string_view>>* values) override {
    values_ = db_.MultiGet(keys);
    values->clear();
    for (const auto& value : values_) {
      if (!value) return std::unexpected(value.error());
      values->push_back(value->has_value() ? std::optional<std::string_view>(**value) : std::nullopt);
    }
    return {};
  }
  std::unique_ptr<Cursor> NewCursor() override { return std::make_unique<AmethystCursor>(db_.NewIterator()); }
  Result<Transaction*> Begin() override {
    transaction_.Begin();
    return &transaction_;
  }
  Status Index(std::span<const KeyValue> entries) override {
    for (const KeyValue& entry : entries) AMETHYST_TRY(indexed_.Put(entry.key, entry.value));
    return {};
  }
  Result<std::unique_ptr<Cursor>> NewIndexedCursor() override {
    return std::make_unique<AmethystCursor>(indexed_.NewIterator());
  }

 private:
  DB& db_;
  const std::vector<Family>& families_;
  WriteOptions puts_;
  WriteOptions deletes_;
  WriteBatch batch_;
  AmethystTransaction transaction_;
  IndexedBatch indexed_;
  std::string value_;
  std::vector<Result<std::optional<std::string>>> values_;
};

class AmethystStore final : public Store {
 public:
  AmethystStore(std::unique_ptr<DB> db, std::vector<Family> families, uint32_t ttl_seconds)
      : db_(std::move(db)), families_(std::move(families)), ttl_(ttl_seconds) {}

  std::unique_ptr<Session> NewSession(Durability durability) override {
    return std::make_unique<AmethystSession>(*db_, families_, WriteOptions{.durability = durability, .ttl = ttl_});
  }
  Status Flush() override { return db_->Flush(); }
  Result<uint64_t> WaitForIdle() override {
    AMETHYST_TRY(db_->WaitForIdle());
    return 0;
  }
  Status Compact() override { return db_->CompactRange(); }
  StoreStats GetStats() override {
    const Stats stats = db_->GetStats();
    return {.cache_hits = stats.cache_hits,
            .cache_misses = stats.cache_misses,
            .filter_negatives = stats.filter_negatives,
            .filter_false_positives = stats.filter_false_positives,
            .wal_syncs = stats.wal_syncs,
            .debt_bytes = stats.compaction_debt_bytes};
  }
  Status Close() override { return db_->Close(); }
  Status CreateFamily(const std::string& name) override {
    AMETHYST_ASSIGN(Family family, db_->CreateFamily(name));
    families_.push_back(std::move(family));
    return {};
  }
  Status CompactRange(std::string_view begin, std::string_view end) override { return db_->CompactRange(begin, end); }
  std::shared_ptr<void> Hold() override { return std::make_shared<Snapshot>(db_->GetSnapshot()); }

 private:
  std::unique_ptr<DB> db_;
  std::vector<Family> families_;
  std::chrono::seconds ttl_;
};

Options OptionsFor(const StoreSettings& settings) {
  Options options;
  if (settings.merging == Merging::kBuiltIn) options.families["default"].merge_operator = Uint64Add();
  if (settings.merging == Merging::kUser) {
    options.families["default"].merge_operator = std::make_shared<const AmethystAdd>();
  }
  if (!settings.tuned) return options;
  options.memory_budget_bytes = settings.cache_bytes + 2 * settings.write_buffer_bytes;
  options.write_buffer_bytes = settings.write_buffer_bytes;
  options.block_bytes = settings.block_bytes;
  options.compression = settings.compression;
  // 10 bits a key let one absent key in a hundred through, and each further bit 0.6185 times as many.
  options.filter_false_positive_rate =
      settings.filter_bits_per_key == 0 ? 1 : std::min(1.0, 0.01 * std::pow(0.6185, settings.filter_bits_per_key - 10));
  // The setting is for compaction alone; flush has a thread of its own.
  options.background_threads = std::max(1u, settings.background_threads - 1);
  return options;
}

}  // namespace

Result<std::unique_ptr<Store>> OpenAmethyst(const StoreSettings& settings) {
  AMETHYST_ASSIGN(std::unique_ptr<DB> db, DB::Open(settings.directory, OptionsFor(settings)));
  std::vector<Family> families;
  for (const std::string& name : db->FamilyNames()) {
    AMETHYST_ASSIGN(Family family, db->OpenFamily(name));
    families.push_back(std::move(family));
  }
  return std::make_unique<AmethystStore>(std::move(db), std::move(families), settings.ttl_seconds);
}

}  // namespace amethyst::bench
