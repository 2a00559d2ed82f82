// A transaction of RocksDB, of either kind. Thread safety: as store.h says.
//
// As a user has it who wants no lost update: the snapshot is of the beginning, and what is read is read for an update,
// so that a key is refused that somebody else has written since. What an iterator showed, RocksDB does not check.
#pragma once

#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/utilities/transaction_db.h>

#include <memory>
#include <optional>
#include <string_view>

#include "bench/stores/rocksdb_parts.h"

namespace amethyst::bench {

// The same database as one of either kind; both null: it has no transactions.
struct RocksDbKinds {
  rocksdb::OptimisticTransactionDB* optimistic = nullptr;
  rocksdb::TransactionDB* locking = nullptr;

  [[nodiscard]] bool Any() const { return optimistic != nullptr || locking != nullptr; }
};

class RocksDbTransaction final : public Transaction {
 public:
  RocksDbTransaction(const RocksDbKinds& kinds, const rocksdb::WriteOptions& write_options)
      : kinds_(kinds), write_options_(write_options) {}

  // RocksDB makes the old one anew, which is quicker than another.
  Status Begin() {
    if (open_) AMETHYST_TRY(Convert(transaction_->Rollback()));
    if (kinds_.optimistic != nullptr) {
      rocksdb::OptimisticTransactionOptions options;
      options.set_snapshot = true;
      transaction_.reset(kinds_.optimistic->BeginTransaction(write_options_, options, transaction_.release()));
    } else {
      rocksdb::TransactionOptions options;
      options.set_snapshot = true;
      options.deadlock_detect = true;  // Or each deadlock would take the second that a lock is waited for.
      transaction_.reset(kinds_.locking->BeginTransaction(write_options_, options, transaction_.release()));
    }
    read_options_.snapshot = transaction_->GetSnapshot();
    open_ = true;
    return {};
  }
  Result<std::optional<std::string_view>> Get(std::string_view key) override {
    value_.Reset();
    const rocksdb::Status status =
        transaction_->GetForUpdate(read_options_, Database().DefaultColumnFamily(), ToSlice(key), &value_);
    if (status.IsNotFound()) return std::nullopt;
    AMETHYST_TRY(Convert(status));
    return ToView(value_);
  }
  Status Put(std::string_view key, std::string_view value) override {
    return Convert(transaction_->Put(ToSlice(key), ToSlice(value)));
  }
  std::unique_ptr<Cursor> NewCursor() override {
    return std::make_unique<RocksDbCursor>(transaction_->GetIterator(read_options_));
  }
  Status Commit() override {
    AMETHYST_TRY(Convert(transaction_->Commit()));
    open_ = false;
    return {};
  }

 private:
  [[nodiscard]] rocksdb::DB& Database() const {
    return kinds_.optimistic != nullptr ? static_cast<rocksdb::DB&>(*kinds_.optimistic) : *kinds_.locking;
  }

  RocksDbKinds kinds_;
  rocksdb::WriteOptions write_options_;
  rocksdb::ReadOptions read_options_;
  std::unique_ptr<rocksdb::Transaction> transaction_;
  rocksdb::PinnableSlice value_;
  bool open_ = false;
};

}  // namespace amethyst::bench
