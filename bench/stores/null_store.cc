#include "bench/stores/null_store.h"

namespace amethyst::bench {
namespace {

const std::string kValue(100, 'v');
constexpr uint64_t kEntries = 1000;  // What a walk from the first to the last shows.

class NullCursor final : public Cursor {
 public:
  void SeekToFirst() override { position_ = 0; }
  void SeekToLast() override { position_ = kEntries - 1; }
  void Seek(std::string_view) override { position_ = 0; }
  void SeekForPrev(std::string_view) override { position_ = kEntries - 1; }
  void Next() override { ++position_; }
  void Prev() override { --position_; }
  [[nodiscard]] bool Valid() const override { return position_ < kEntries; }
  [[nodiscard]] std::string_view key() const override { return "0000000000000000"; }
  [[nodiscard]] std::string_view value() const override { return kValue; }
  [[nodiscard]] Status status() const override { return {}; }

 private:
  uint64_t position_ = kEntries;
};

class NullTransaction final : public Transaction {
 public:
  Result<std::optional<std::string_view>> Get(std::string_view) override { return kValue; }
  Status Put(std::string_view, std::string_view) override { return {}; }
  std::unique_ptr<Cursor> NewCursor() override { return std::make_unique<NullCursor>(); }
  Status Commit() override { return {}; }
};

class NullSession final : public Session {
 public:
  Status Put(std::string_view, std::string_view) override { return {}; }
  Status Delete(std::string_view) override { return {}; }
  Status PutBatch(std::span<const KeyValue>) override { return {}; }
  Result<std::optional<std::string_view>> Get(std::string_view) override { return kValue; }
  Status MultiGet(std::span<const std::string_view> keys,
                  std::vector<std::optional<std::string_view>>* values) override {
    values->assign(keys.size(), kValue);
    return {};
  }
  std::unique_ptr<Cursor> NewCursor() override { return std::make_unique<NullCursor>(); }
  Status DeleteRange(std::string_view, std::string_view) override { return {}; }
  Status Merge(std::string_view, std::string_view) override { return {}; }
  Status PutBatchIn(std::span<const FamilyKeyValue>) override { return {}; }
  Result<std::optional<std::string_view>> GetIn(uint32_t, std::string_view) override { return kValue; }
  Result<Transaction*> Begin() override { return &transaction_; }
  Status Index(std::span<const KeyValue>) override { return {}; }
  Result<std::unique_ptr<Cursor>> NewIndexedCursor() override { return std::make_unique<NullCursor>(); }

 private:
  NullTransaction transaction_;
};

class NullStore final : public Store {
 public:
  std::unique_ptr<Session> NewSession(Durability) override { return std::make_unique<NullSession>(); }
  Status Flush() override { return {}; }
  Result<uint64_t> WaitForIdle() override { return 0; }
  Status Compact() override { return {}; }
  StoreStats GetStats() override { return {}; }
  Status Close() override { return {}; }
  Status CreateFamily(const std::string&) override { return {}; }
  Status CompactRange(std::string_view, std::string_view) override { return {}; }
};

}  // namespace

Result<std::unique_ptr<Store>> OpenNull(const StoreSettings&) { return std::make_unique<NullStore>(); }

}  // namespace amethyst::bench
