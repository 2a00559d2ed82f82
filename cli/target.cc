#include "cli/target.h"

#include "cli/moments.h"

namespace amethyst::cli {

Result<std::optional<Target::Entry>> Target::Get(std::string_view key) const {
  if (transaction_ == nullptr) {
    Result<std::optional<PinnedValue>> found = family_.GetPinned(key);
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::optional<Entry>();
    const auto expires_at = (*found)->expires_at();
    return Entry{.pinned = std::move(**found), .expires_at = expires_at};
  }
  const std::string behind = std::string(key) + '\0';
  const ReadOptions alone{.lower_bound = key, .upper_bound = behind};
  Iterator it = transaction_->NewIterator(family_, alone);  // As it tells the expiry.
  it.SeekToFirst();
  if (it.Valid()) return Entry{.copy = std::string(it.value()), .expires_at = it.expires_at()};
  if (const Status status = it.status(); !status) return std::unexpected(status.error());
  return std::optional<Entry>();
}

Iterator Target::NewIterator(const ReadOptions& options) const {
  return transaction_ == nullptr ? family_.NewIterator(options) : transaction_->NewIterator(family_, options);
}

Status Target::Put(std::string_view key, std::string_view value, const Expiry& expiry) const {
  return transaction_ == nullptr ? family_.Put(key, value, ToWrite(expiry))
                                 : transaction_->Put(family_, key, value, expiry);
}

Status Target::Merge(std::string_view key, std::string_view operand, const Expiry& expiry) const {
  return transaction_ == nullptr ? family_.Merge(key, operand, ToWrite(expiry))
                                 : transaction_->Merge(family_, key, operand, expiry);
}

Status Target::DeleteRange(std::optional<std::string_view> from, std::optional<std::string_view> to) const {
  return transaction_ == nullptr ? family_.DeleteRange(from, to) : transaction_->DeleteRange(family_, from, to);
}

Result<std::optional<std::string>> Target::CompareAndSet(std::string_view key, std::optional<std::string_view> expected,
                                                         std::string_view value, const Expiry& expiry) const {
  if (transaction_ == nullptr) return family_.CompareAndSet(key, expected, value, ToWrite(expiry));
  Result<std::optional<std::string>> before = transaction_->Get(family_, key);
  if (!before || *before != expected) return before;
  if (const Status put = transaction_->Put(family_, key, value, expiry); !put) return std::unexpected(put.error());
  return before;
}

}  // namespace amethyst::cli
