// A transaction: a snapshot, the writes that are held back, and what was read. See amethyst/transaction.h.
//
// Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/attempts.h"
#include "amethyst/transaction.h"
#include "base/error.h"
#include "base/function_ref.h"
#include "transactions/own_writes.h"
#include "transactions/read_set.h"

namespace amethyst::transactions {

class Turns;
class Validation;

class OptimisticTransaction {
 public:
  // `attempts`: whose turn does not stop the commit, as those of others do; nullptr: none does.
  OptimisticTransaction(const std::shared_ptr<engine::Engine>& engine, const TransactionOptions& options,
                        const Attempts* attempts = nullptr);
  ~OptimisticTransaction() { End(); }
  OptimisticTransaction(const OptimisticTransaction&) = delete;
  OptimisticTransaction& operator=(const OptimisticTransaction&) = delete;

  // Whether a read is checked at the commit under every isolation.
  enum class ForUpdate : uint8_t { kNo, kYes };
  [[nodiscard]] Result<bool> Get(FamilyPtr family, std::string_view key, const ReadOptions& options,
                                 ForUpdate for_update, base::FunctionRef<void(std::string_view)> take);
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(FamilyPtr family,
                                                                         std::span<const std::string_view> keys,
                                                                         const ReadOptions& options);
  // An error is the iterator's status.
  [[nodiscard]] std::unique_ptr<engine::DbIterator> NewIterator(FamilyPtr family, const ReadOptions& options);

  // What `change(writes)` returns, if the transaction has not ended.
  [[nodiscard]] Status Write(base::FunctionRef<Status(OwnWrites&)> change) {
    AMETHYST_TRY(CheckAlive());
    return change(writes_);
  }
  [[nodiscard]] Status SetSavepoint();
  [[nodiscard]] Status RollbackToSavepoint();
  [[nodiscard]] Status Commit(const WriteOptions& options);
  [[nodiscard]] Status Rollback();

  [[nodiscard]] bool has_ended() const { return pin_.is_released(); }
  [[nodiscard]] const WriteBatch& batch() const { return writes_.batch(); }

 private:
  [[nodiscard]] Status CheckAlive() const {
    if (!has_ended()) [[likely]]
      return {};
    return Ended();
  }
  [[nodiscard]] static Status Ended();
  [[nodiscard]] Status CheckRead(FamilyPtr family, const ReadOptions& options) const;
  // Makes reader_ the one of a read to come.
  [[nodiscard]] Status Prepare(FamilyPtr family, const ReadOptions& options, ForUpdate for_update);
  void NoteRead(key::FamilyId family, std::string_view key, bool found, ForUpdate for_update);
  // The first step.
  [[nodiscard]] Status CheckOutside(Validation& validation);
  [[nodiscard]] Status CommitOnce(const WriteOptions& options);
  void End();

  const Isolation isolation_;
  const std::shared_ptr<Turns> turns_;  // nullptr: they do not matter.
  const void* const turn_holder_;
  OwnWrites writes_;
  ReadSet reads_;
  engine::SnapshotPin pin_;  // Released: it has ended.
  engine::Reader reader_;
  std::vector<OwnWrites::Savepoint> savepoints_;
};

}  // namespace amethyst::transactions
