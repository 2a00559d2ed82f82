// Reads and writes that happen as if at one moment, or not at all.
//
// A transaction reads the database as of its Begin, with its own writes on top, and holds its writes back until Commit.
// Nobody waits for it: it takes no locks, and whether it may commit is decided then (optimistic concurrency
// control, Kung and Robinson 1981). kConflict says that somebody has since written what it read: roll back, and run it
// again; DB::Transact does that.
//
//   Transaction transfer = db.Begin();
//   auto from = transfer.Get("alice"), to = transfer.Get("bob");
//   transfer.Put("alice", ...);
//   transfer.Put("bob", ...);
//   Status done = transfer.Commit({.durability = Durability::kSync});
//
// What is remembered of reads is what was asked for: keys, whether they were there or not, and ranges as far as an
// iterator walked, however few keys came out. It never runs full: where there is too much of it, neighbours become one
// range, which may refuse more than it must. While a transaction lives, compaction keeps what it can see, as for a
// snapshot.
//
// A transaction ends with Commit, whatever that returns, or Rollback; one that dies before rolls back. Every call after
// its end is kInvalidArgument. Iterators may outlive it, and show what they showed; what they see after Commit was not
// read by it. Thread safety: one thread at a time; different transactions are independent.
// Move-only; one that was moved from may only be destroyed or assigned to.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "amethyst/write_batch.h"

namespace amethyst {

class Family;

namespace transactions {
class OptimisticTransaction;
}

enum class Isolation : uint8_t {
  // All that was read, keys and ranges, is still true at the commit: transactions come to the same as one after the
  // other, in the order of their commits. One that wrote nothing never fails.
  kSerializable,
  // No key that it wrote, or read by GetForUpdate, was written by another since Begin; merges apart. Write skew is
  // possible.
  kSnapshot,
};

struct TransactionOptions {
  Isolation isolation = Isolation::kSerializable;
};

class Transaction {
 public:
  explicit Transaction(std::unique_ptr<transactions::OptimisticTransaction> impl);  // Made by DB::Begin.
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  // Each as DB has it, as of Begin, with the transaction's own writes on top. Options may not have a snapshot or a
  // read_time: kInvalidArgument. A key that was read under kSnapshot may be written by others until the commit, unless
  // it was read by GetForUpdate. An iterator shows the writes that were there when it was made.
  [[nodiscard]] Result<std::optional<std::string>> Get(std::string_view key, const ReadOptions& options = {});
  [[nodiscard]] Result<bool> GetInto(std::string_view key, std::string* value, const ReadOptions& options = {});
  [[nodiscard]] Result<std::optional<std::string>> GetForUpdate(std::string_view key, const ReadOptions& options = {});
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(std::span<const std::string_view> keys,
                                                                         const ReadOptions& options = {});
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {});
  [[nodiscard]] Result<std::optional<std::string>> Get(const Family& family, std::string_view key,
                                                       const ReadOptions& options = {});
  [[nodiscard]] Result<bool> GetInto(const Family& family, std::string_view key, std::string* value,
                                     const ReadOptions& options = {});
  [[nodiscard]] Result<std::optional<std::string>> GetForUpdate(const Family& family, std::string_view key,
                                                                const ReadOptions& options = {});
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(const Family& family,
                                                                         std::span<const std::string_view> keys,
                                                                         const ReadOptions& options = {});
  [[nodiscard]] Iterator NewIterator(const Family& family, const ReadOptions& options = {});

  // Each as IndexedBatch has it. None of them is a read: writes of others to the same keys come before or after.
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const Expiry& expiry = {});
  [[nodiscard]] Status Delete(std::string_view key);
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end);
  [[nodiscard]] Status DeletePrefix(std::string_view prefix);
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const Expiry& expiry = {});
  [[nodiscard]] Status Put(const Family& family, std::string_view key, std::string_view value,
                           const Expiry& expiry = {});
  [[nodiscard]] Status Delete(const Family& family, std::string_view key);
  [[nodiscard]] Status DeleteRange(const Family& family, std::optional<std::string_view> begin,
                                   std::optional<std::string_view> end);
  [[nodiscard]] Status DeletePrefix(const Family& family, std::string_view prefix);
  [[nodiscard]] Status Merge(const Family& family, std::string_view key, std::string_view operand,
                             const Expiry& expiry = {});

  // Savepoints nest. RollbackToSavepoint takes back all writes since the last one, and that savepoint;
  // kInvalidArgument: there is none. What was read stays read.
  [[nodiscard]] Status SetSavepoint();
  [[nodiscard]] Status RollbackToSavepoint();

  // Writes all of it, as one batch, if nothing that was read has changed: else kConflict, naming it, and nothing is
  // written. An error of the disk: whole or absent at the next open, as for any write. A transaction that wrote nothing
  // writes nothing, and syncs nothing.
  [[nodiscard]] Status Commit(const WriteOptions& options = {});
  [[nodiscard]] Status Rollback();

  [[nodiscard]] bool HasEnded() const;
  // Operations held back so far.
  [[nodiscard]] uint32_t Count() const;

 private:
  std::unique_ptr<transactions::OptimisticTransaction> impl_;
};

}  // namespace amethyst
