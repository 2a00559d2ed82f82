// How amethyst/cpp17.h, which includes it, reads and writes as if at one moment, or not at all: transactions.
//
// A transaction reads the database as of its begin, with its own writes on top, and holds these back until Commit. That
// fails with AMETHYST_CONFLICT if somebody has since written what it read: run all of it again, as Database::Transact
// does. It ends with Commit, whatever that returns, or Rollback; its destructor rolls back. The calls that take a
// family first are for that one; the others are for the default family.
//
// Lifetime. It may outlive its database, whose calls are then AMETHYST_CLOSED, and its iterators may outlive it; end
// them before Commit. Thread safety: a transaction and its iterators belong together to one thread at a time.
#pragma once

#include <amethyst/c.h>
#include <amethyst/cpp17_call.h>
#include <amethyst/cpp17_family.h>
#include <amethyst/cpp17_read.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::cpp17 {

// What a commit checks.
enum class Isolation {
  kSerializable = AMETHYST_SERIALIZABLE,    // All that was read, keys and ranges, is as it was.
  kSnapshot = AMETHYST_SNAPSHOT_ISOLATION,  // What it wrote, or read by GetForUpdate, was written by nobody else.
};

class Transaction {
 public:
  explicit Transaction(amethyst_transaction* handle) : handle_(handle) {}  // Made by Database::Begin.

  // As those of Family. The options may not name a snapshot.
  std::optional<std::string> Get(std::string_view key, const ReadOptions& options = {}, Status* status = nullptr) {
    return GetBy(amethyst_transaction_get, nullptr, key, options, status);
  }
  std::optional<std::string> Get(const Family& family, std::string_view key, const ReadOptions& options = {},
                                 Status* status = nullptr) {
    return GetBy(amethyst_transaction_get, family.db(), key, options, status);
  }
  std::optional<std::string> GetForUpdate(std::string_view key, const ReadOptions& options = {},
                                          Status* status = nullptr) {
    return GetBy(amethyst_transaction_get_for_update, nullptr, key, options, status);
  }
  std::optional<std::string> GetForUpdate(const Family& family, std::string_view key, const ReadOptions& options = {},
                                          Status* status = nullptr) {
    return GetBy(amethyst_transaction_get_for_update, family.db(), key, options, status);
  }
  std::vector<std::optional<std::string>> MultiGet(const std::vector<std::string_view>& keys,
                                                   const ReadOptions& options = {}, Status* status = nullptr) {
    return internal::GetMany(keys, options, status, amethyst_transaction_multi_get, handle(),
                             static_cast<amethyst_db*>(nullptr));
  }
  std::vector<std::optional<std::string>> MultiGet(const Family& family, const std::vector<std::string_view>& keys,
                                                   const ReadOptions& options = {}, Status* status = nullptr) {
    return internal::GetMany(keys, options, status, amethyst_transaction_multi_get, handle(), family.db());
  }
  // Shows the writes that were there when it was made. How far it walked counts as read.
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {}, Status* status = nullptr) {
    return IteratorOver(nullptr, options, status);
  }
  [[nodiscard]] Iterator NewIterator(const Family& family, const ReadOptions& options = {}, Status* status = nullptr) {
    return IteratorOver(family.db(), options, status);
  }

  // As those of Family, held back. None of them is a read.
  void Put(std::string_view key, std::string_view value, Status* status = nullptr) {
    Write(status, amethyst_transaction_put, nullptr, key, value);
  }
  void Put(const Family& family, std::string_view key, std::string_view value, Status* status = nullptr) {
    Write(status, amethyst_transaction_put, family.db(), key, value);
  }
  void PutExpiring(std::string_view key, std::string_view value, Expiry expiry, Status* status = nullptr) {
    Write(status, amethyst_transaction_put_expiring, nullptr, key, value, expiry.expires_at_ms);
  }
  void PutExpiring(const Family& family, std::string_view key, std::string_view value, Expiry expiry,
                   Status* status = nullptr) {
    Write(status, amethyst_transaction_put_expiring, family.db(), key, value, expiry.expires_at_ms);
  }
  void Merge(std::string_view key, std::string_view operand, Status* status = nullptr) {
    Write(status, amethyst_transaction_merge, nullptr, key, operand);
  }
  void Merge(const Family& family, std::string_view key, std::string_view operand, Status* status = nullptr) {
    Write(status, amethyst_transaction_merge, family.db(), key, operand);
  }
  void Delete(std::string_view key, Status* status = nullptr) { DeleteIn(nullptr, key, status); }
  void Delete(const Family& family, std::string_view key, Status* status = nullptr) {
    DeleteIn(family.db(), key, status);
  }
  void DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                   Status* status = nullptr) {
    DeleteRangeIn(nullptr, begin, end, status);
  }
  void DeleteRange(const Family& family, std::optional<std::string_view> begin, std::optional<std::string_view> end,
                   Status* status = nullptr) {
    DeleteRangeIn(family.db(), begin, end, status);
  }

  // Savepoints nest. RollbackToSavepoint takes back all writes since the last one, and that savepoint.
  void SetSavepoint(Status* status = nullptr) { internal::Run(status, amethyst_transaction_set_savepoint, handle()); }
  void RollbackToSavepoint(Status* status = nullptr) {
    internal::Run(status, amethyst_transaction_rollback_to_savepoint, handle());
  }
  // Writes all of it or nothing.
  void Commit(Durability durability = Durability::kBuffered, Status* status = nullptr) {
    has_ended_ = true;
    internal::Run(status, amethyst_transaction_commit, handle(), static_cast<int>(durability));
  }
  void Rollback(Status* status = nullptr) {
    has_ended_ = true;
    internal::Run(status, amethyst_transaction_rollback, handle());
  }
  [[nodiscard]] bool HasEnded() const { return has_ended_; }
  [[nodiscard]] amethyst_transaction* handle() const { return handle_.get(); }

 private:
  template <class Call>
  std::optional<std::string> GetBy(Call call, amethyst_db* family, std::string_view key, const ReadOptions& options,
                                   Status* status) {
    const amethyst_read_options c_options = options.InC();
    return internal::Value(status, call, handle(), family, &c_options, key.data(), key.size());
  }
  Iterator IteratorOver(amethyst_db* family, const ReadOptions& options, Status* status) {
    const amethyst_read_options c_options = options.InC();
    amethyst_iterator* made = nullptr;
    internal::Run(status, amethyst_transaction_iterator, handle(), family, &c_options, &made);
    return Iterator(made);
  }
  template <class Call, class... Arguments>
  void Write(Status* status, Call call, amethyst_db* family, std::string_view key, std::string_view value,
             Arguments... arguments) {
    internal::Run(status, call, handle(), family, key.data(), key.size(), value.data(), value.size(), arguments...);
  }
  void DeleteIn(amethyst_db* family, std::string_view key, Status* status) {
    internal::Run(status, amethyst_transaction_delete, handle(), family, key.data(), key.size());
  }
  void DeleteRangeIn(amethyst_db* family, std::optional<std::string_view> begin, std::optional<std::string_view> end,
                     Status* status) {
    const internal::Bound from(begin), to(end);
    internal::Run(status, amethyst_transaction_delete_range, handle(), family, from.data, from.bytes, to.data,
                  to.bytes);
  }

  internal::Owner<amethyst_transaction, amethyst_transaction_free> handle_;
  bool has_ended_ = false;
};

}  // namespace amethyst::cpp17
