#include "amethyst/transaction.h"

#include "base/containment.h"
#include "transactions/optimistic_transaction.h"

namespace amethyst {

using base::Contained;
using transactions::FamilyPtr;
using transactions::OptimisticTransaction;
using transactions::OwnWrites;
using ForUpdate = OptimisticTransaction::ForUpdate;

namespace {

Result<std::optional<std::string>> GetFrom(OptimisticTransaction& from, FamilyPtr family, std::string_view key,
                                           const ReadOptions& options, ForUpdate for_update) {
  return Contained([&]() -> Result<std::optional<std::string>> {
    std::optional<std::string> value;
    const auto take = [&value](std::string_view bytes) { value.emplace(bytes); };
    const Result<bool> found = from.Get(family, key, options, for_update, take);
    if (!found) return std::unexpected(found.error());
    return value;
  });
}

Result<bool> GetFrom(OptimisticTransaction& from, FamilyPtr family, std::string_view key, const ReadOptions& options,
                     std::string* value) {
  return Contained([&] {
    const auto take = [value](std::string_view bytes) { value->assign(bytes); };
    return from.Get(family, key, options, ForUpdate::kNo, take);
  });
}

std::vector<Result<std::optional<std::string>>> MultiGetFrom(OptimisticTransaction& from, FamilyPtr family,
                                                             std::span<const std::string_view> keys,
                                                             const ReadOptions& options) {
  std::vector<Result<std::optional<std::string>>> results;
  const Status read = Contained([&] { results = from.MultiGet(family, keys, options); });
  if (!read) results.assign(keys.size(), std::unexpected(read.error()));
  return results;
}

Iterator IteratorOver(OptimisticTransaction& from, FamilyPtr family, const ReadOptions& options) {
  std::unique_ptr<engine::DbIterator> made;
  base::DoIfPossible([&] { made = from.NewIterator(family, options); });
  return Iterator(std::move(made));
}

}  // namespace

Transaction::Transaction(std::unique_ptr<OptimisticTransaction> impl) : impl_(std::move(impl)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Result<std::optional<std::string>> Transaction::Get(std::string_view key, const ReadOptions& options) {
  return GetFrom(*impl_, nullptr, key, options, ForUpdate::kNo);
}
Result<bool> Transaction::GetInto(std::string_view key, std::string* value, const ReadOptions& options) {
  return GetFrom(*impl_, nullptr, key, options, value);
}
Result<std::optional<std::string>> Transaction::GetForUpdate(std::string_view key, const ReadOptions& options) {
  return GetFrom(*impl_, nullptr, key, options, ForUpdate::kYes);
}
std::vector<Result<std::optional<std::string>>> Transaction::MultiGet(std::span<const std::string_view> keys,
                                                                      const ReadOptions& options) {
  return MultiGetFrom(*impl_, nullptr, keys, options);
}
Iterator Transaction::NewIterator(const ReadOptions& options) { return IteratorOver(*impl_, nullptr, options); }

Result<std::optional<std::string>> Transaction::Get(const Family& family, std::string_view key,
                                                    const ReadOptions& options) {
  return GetFrom(*impl_, &family, key, options, ForUpdate::kNo);
}
Result<bool> Transaction::GetInto(const Family& family, std::string_view key, std::string* value,
                                  const ReadOptions& options) {
  return GetFrom(*impl_, &family, key, options, value);
}
Result<std::optional<std::string>> Transaction::GetForUpdate(const Family& family, std::string_view key,
                                                             const ReadOptions& options) {
  return GetFrom(*impl_, &family, key, options, ForUpdate::kYes);
}
std::vector<Result<std::optional<std::string>>> Transaction::MultiGet(const Family& family,
                                                                      std::span<const std::string_view> keys,
                                                                      const ReadOptions& options) {
  return MultiGetFrom(*impl_, &family, keys, options);
}
Iterator Transaction::NewIterator(const Family& family, const ReadOptions& options) {
  return IteratorOver(*impl_, &family, options);
}

Status Transaction::Put(std::string_view key, std::string_view value, const Expiry& expiry) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.Put(nullptr, key, value, expiry); }); });
}
Status Transaction::Delete(std::string_view key) {
  return Contained([&] { return impl_->Write([&](OwnWrites& writes) { return writes.Delete(nullptr, key); }); });
}
Status Transaction::DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.DeleteRange(nullptr, begin, end); }); });
}
Status Transaction::DeletePrefix(std::string_view prefix) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.DeletePrefix(nullptr, prefix); }); });
}
Status Transaction::Merge(std::string_view key, std::string_view operand, const Expiry& expiry) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.Merge(nullptr, key, operand, expiry); }); });
}

Status Transaction::Put(const Family& family, std::string_view key, std::string_view value, const Expiry& expiry) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.Put(&family, key, value, expiry); }); });
}
Status Transaction::Delete(const Family& family, std::string_view key) {
  return Contained([&] { return impl_->Write([&](OwnWrites& writes) { return writes.Delete(&family, key); }); });
}
Status Transaction::DeleteRange(const Family& family, std::optional<std::string_view> begin,
                                std::optional<std::string_view> end) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.DeleteRange(&family, begin, end); }); });
}
Status Transaction::DeletePrefix(const Family& family, std::string_view prefix) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.DeletePrefix(&family, prefix); }); });
}
Status Transaction::Merge(const Family& family, std::string_view key, std::string_view operand, const Expiry& expiry) {
  return Contained(
      [&] { return impl_->Write([&](OwnWrites& writes) { return writes.Merge(&family, key, operand, expiry); }); });
}

Status Transaction::SetSavepoint() {
  return Contained([&] { return impl_->SetSavepoint(); });
}
Status Transaction::RollbackToSavepoint() {
  return Contained([&] { return impl_->RollbackToSavepoint(); });
}
Status Transaction::Commit(const WriteOptions& options) {
  return Contained([&] { return impl_->Commit(options); });
}
Status Transaction::Rollback() {
  return Contained([&] { return impl_->Rollback(); });
}
bool Transaction::HasEnded() const { return impl_ == nullptr || impl_->has_ended(); }
uint32_t Transaction::Count() const { return impl_->batch().Count(); }

}  // namespace amethyst
