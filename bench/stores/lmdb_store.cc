#include "bench/stores/lmdb_store.h"

#include <fmt/core.h>
#include <lmdb.h>

#include <filesystem>
#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::bench {
namespace {

constexpr size_t kMapBytes = size_t{256} << 30;  // Address space, not memory.

MDB_val ToVal(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view ToView(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

Status Convert(int code) {
  if (code == MDB_SUCCESS) [[likely]] {
    return {};
  }
  return base::MakeError(ErrorCode::kIo, "LMDB: {}", mdb_strerror(code));
}

struct Environment {
  MDB_env* env = nullptr;
  MDB_dbi table = 0;
};

// Reads as of its renewal; reset when there is nothing to read, so that it holds back no pages.
class ReadTransaction {
 public:
  explicit ReadTransaction(const Environment& environment) {
    AMETHYST_ASSERT(mdb_txn_begin(environment.env, nullptr, MDB_RDONLY, &transaction_) == MDB_SUCCESS);
    mdb_txn_reset(transaction_);
  }
  ~ReadTransaction() { mdb_txn_abort(transaction_); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

  void Renew() {
    Reset();
    AMETHYST_ASSERT(mdb_txn_renew(transaction_) == MDB_SUCCESS);
    renewed_ = true;
  }
  void Reset() {
    if (renewed_) mdb_txn_reset(transaction_);
    renewed_ = false;
  }
  [[nodiscard]] MDB_txn* get() const { return transaction_; }

 private:
  MDB_txn* transaction_ = nullptr;
  bool renewed_ = false;
};

class LmdbCursor final : public Cursor {
 public:
  LmdbCursor(ReadTransaction& transaction, MDB_cursor* cursor) : transaction_(transaction), cursor_(cursor) {
    transaction_.Renew();
    AMETHYST_ASSERT(mdb_cursor_renew(transaction_.get(), cursor_) == MDB_SUCCESS);
  }
  ~LmdbCursor() override { transaction_.Reset(); }
  LmdbCursor(const LmdbCursor&) = delete;
  LmdbCursor& operator=(const LmdbCursor&) = delete;

  void SeekToFirst() override { Move(MDB_FIRST); }
  void SeekToLast() override { Move(MDB_LAST); }
  void Seek(std::string_view target) override {
    key_ = ToVal(target);
    Move(MDB_SET_RANGE);
  }
  void SeekForPrev(std::string_view target) override {
    Seek(target);
    if (code_ == MDB_NOTFOUND) {
      Move(MDB_LAST);
    } else if (code_ == MDB_SUCCESS && key() != target) {
      Move(MDB_PREV);
    }
  }
  void Next() override { Move(MDB_NEXT); }
  void Prev() override { Move(MDB_PREV); }
  [[nodiscard]] bool Valid() const override { return code_ == MDB_SUCCESS; }
  [[nodiscard]] std::string_view key() const override { return ToView(key_); }
  [[nodiscard]] std::string_view value() const override { return ToView(value_); }
  [[nodiscard]] Status status() const override { return Convert(code_ == MDB_NOTFOUND ? MDB_SUCCESS : code_); }

 private:
  void Move(MDB_cursor_op operation) { code_ = mdb_cursor_get(cursor_, &key_, &value_, operation); }

  ReadTransaction& transaction_;
  MDB_cursor* cursor_;
  MDB_val key_{};
  MDB_val value_{};
  int code_ = MDB_NOTFOUND;
};

class LmdbSession final : public Session {
 public:
  LmdbSession(const Environment& environment, Durability durability)
      : environment_(environment), sync_(durability == Durability::kSync), reads_(environment), scans_(environment) {
    scans_.Renew();
    AMETHYST_ASSERT(mdb_cursor_open(scans_.get(), environment_.table, &cursor_) == MDB_SUCCESS);
    scans_.Reset();
  }
  ~LmdbSession() override { mdb_cursor_close(cursor_); }
  LmdbSession(const LmdbSession&) = delete;
  LmdbSession& operator=(const LmdbSession&) = delete;

  Status Put(std::string_view key, std::string_view value) override {
    const KeyValue entry{key, value};
    return PutBatch({&entry, 1});
  }
  Status Delete(std::string_view key) override {
    AMETHYST_ASSIGN(MDB_txn * transaction, BeginWriting());
    MDB_val key_value = ToVal(key);
    const int code = mdb_del(transaction, environment_.table, &key_value, nullptr);
    return Commit(transaction, code == MDB_NOTFOUND ? MDB_SUCCESS : code);
  }
  Status PutBatch(std::span<const KeyValue> entries) override {
    AMETHYST_ASSIGN(MDB_txn * transaction, BeginWriting());
    int code = MDB_SUCCESS;
    for (const KeyValue& entry : entries) {
      MDB_val key = ToVal(entry.key);
      MDB_val value = ToVal(entry.value);
      code = mdb_put(transaction, environment_.table, &key, &value, 0);
      if (code != MDB_SUCCESS) break;
    }
    return Commit(transaction, code);
  }
  Result<std::optional<std::string_view>> Get(std::string_view key) override {
    reads_.Renew();
    return Find(key);
  }
  Status MultiGet(std::span<const std::string_view> keys,
                  std::vector<std::optional<std::string_view>>* values) override {
    reads_.Renew();
    values->clear();
    for (const std::string_view key : keys) {
      AMETHYST_ASSIGN(const std::optional<std::string_view> value, Find(key));
      values->push_back(value);
    }
    return {};
  }
  std::unique_ptr<Cursor> NewCursor() override { return std::make_unique<LmdbCursor>(scans_, cursor_); }

 private:
  Result<std::optional<std::string_view>> Find(std::string_view key) {
    MDB_val key_value = ToVal(key);
    MDB_val value;
    const int code = mdb_get(reads_.get(), environment_.table, &key_value, &value);
    if (code == MDB_NOTFOUND) return std::nullopt;
    AMETHYST_TRY(Convert(code));
    return ToView(value);
  }
  Result<MDB_txn*> BeginWriting() {
    reads_.Reset();
    MDB_txn* transaction = nullptr;
    AMETHYST_TRY(Convert(mdb_txn_begin(environment_.env, nullptr, 0, &transaction)));
    return transaction;
  }
  Status Commit(MDB_txn* transaction, int code) {
    if (code != MDB_SUCCESS) {
      mdb_txn_abort(transaction);
      return Convert(code);
    }
    AMETHYST_TRY(Convert(mdb_txn_commit(transaction)));
    return sync_ ? Convert(mdb_env_sync(environment_.env, 1)) : Status();
  }

  Environment environment_;
  bool sync_;
  ReadTransaction reads_;
  ReadTransaction scans_;
  MDB_cursor* cursor_ = nullptr;
};

class LmdbStore final : public Store {
 public:
  explicit LmdbStore(const Environment& environment) : environment_(environment) {}
  ~LmdbStore() override {
    if (environment_.env != nullptr) mdb_env_close(environment_.env);
  }
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  std::unique_ptr<Session> NewSession(Durability durability) override {
    return std::make_unique<LmdbSession>(environment_, durability);
  }
  Status Flush() override { return {}; }
  Result<uint64_t> WaitForIdle() override { return 0; }
  Status Compact() override { return {}; }
  StoreStats GetStats() override { return {}; }
  Status Close() override {
    mdb_env_close(std::exchange(environment_.env, nullptr));
    return {};
  }

 private:
  Environment environment_;
};

Result<Environment> OpenEnvironment(const StoreSettings& settings) {
  Environment environment;
  AMETHYST_TRY(Convert(mdb_env_create(&environment.env)));
  AMETHYST_TRY(Convert(mdb_env_set_mapsize(environment.env, kMapBytes)));
  AMETHYST_TRY(Convert(mdb_env_set_maxreaders(environment.env, 1024)));
  // Sync sessions sync by themselves. Read-ahead reads for nothing where the data is larger than memory.
  const unsigned flags = MDB_NOSYNC | MDB_NOTLS | (settings.tuned ? MDB_NORDAHEAD : 0u);
  AMETHYST_TRY(Convert(mdb_env_open(environment.env, settings.directory.c_str(), flags, 0644)));
  MDB_txn* transaction = nullptr;
  AMETHYST_TRY(Convert(mdb_txn_begin(environment.env, nullptr, 0, &transaction)));
  AMETHYST_TRY(Convert(mdb_dbi_open(transaction, nullptr, 0, &environment.table)));
  AMETHYST_TRY(Convert(mdb_txn_commit(transaction)));
  return environment;
}

}  // namespace

Result<std::unique_ptr<Store>> OpenLmdb(const StoreSettings& settings) {
  std::error_code error;
  std::filesystem::create_directories(settings.directory, error);
  if (error) return base::MakeError(ErrorCode::kIo, "{}: {}", settings.directory, error.message());
  AMETHYST_ASSIGN(const Environment environment, OpenEnvironment(settings));
  return std::make_unique<LmdbStore>(environment);
}

std::string LmdbVersion() { return fmt::format("{}.{}.{}", MDB_VERSION_MAJOR, MDB_VERSION_MINOR, MDB_VERSION_PATCH); }

}  // namespace amethyst::bench
