#include "amethyst/write_batch.h"

#include <limits>

#include "amethyst/family.h"
#include "base/error.h"
#include "key/moment.h"
#include "wal/batch_encoding.h"

namespace amethyst {

namespace {

uint64_t Encoded(const Expiry& expiry) {
  if (!expiry.at) {
    const int64_t ttl_ms = expiry.after.count();
    return key::AsTtl(ttl_ms < 0 ? key::kTtlBit - 1 : static_cast<uint64_t>(ttl_ms));
  }
  return key::MillisecondsOf(*expiry.at);
}

Expiry Decoded(uint64_t expires_ms) {
  if (key::IsTtl(expires_ms)) {
    return ExpiresAfter(std::chrono::milliseconds(static_cast<int64_t>(key::TtlOf(expires_ms))));
  }
  return ExpiresAt(key::MomentOf(expires_ms));
}

Status Unknown(std::string_view operation) {
  return base::NotSupported("the handler of a batch does not know {}", operation);
}

// An entry of a family other than the default.
Status IterateOther(WriteBatch::Handler& handler, const wal::BatchEntry& entry) {
  const std::string_view value = key::ValueOf(entry.kind, entry.value);
  const auto expiry = [&entry] { return Decoded(key::ExpiryOf(entry.kind, entry.value)); };
  switch (entry.kind) {
    case key::EntryKind::kPut: return handler.PutIn(entry.family, entry.key, value);
    case key::EntryKind::kDelete: return handler.DeleteIn(entry.family, entry.key);
    case key::EntryKind::kRangeDelete: {
      const key::Range range = entry.Range();
      return handler.DeleteRangeIn(entry.family, range.begin, range.end);
    }
    case key::EntryKind::kOperand: return handler.MergeIn(entry.family, entry.key, value);
    case key::EntryKind::kExpiringPut: return handler.PutExpiringIn(entry.family, entry.key, value, expiry());
    case key::EntryKind::kExpiringOperand: return handler.MergeExpiringIn(entry.family, entry.key, value, expiry());
  }
  return {};
}

}  // namespace

Status WriteBatch::Handler::PutExpiring(std::string_view /*key*/, std::string_view /*value*/,
                                        const Expiry& /*expiry*/) {
  return Unknown("puts that expire");
}
Status WriteBatch::Handler::Merge(std::string_view /*key*/, std::string_view /*operand*/) { return Unknown("merges"); }
Status WriteBatch::Handler::MergeExpiring(std::string_view /*key*/, std::string_view /*operand*/,
                                          const Expiry& /*expiry*/) {
  return Unknown("merges that expire");
}

Status WriteBatch::Handler::DeleteRange(std::optional<std::string_view> /*begin*/,
                                        std::optional<std::string_view> /*end*/) {
  return Unknown("range deletes");
}

Status WriteBatch::Handler::PutIn(uint32_t family_id, std::string_view /*key*/, std::string_view /*value*/) {
  return base::NotSupported("batch: the handler takes no put into family {}", family_id);
}
Status WriteBatch::Handler::DeleteIn(uint32_t family_id, std::string_view /*key*/) {
  return base::NotSupported("batch: the handler takes no delete from family {}", family_id);
}

Status WriteBatch::Handler::DeleteRangeIn(uint32_t family_id, std::optional<std::string_view> /*begin*/,
                                          std::optional<std::string_view> /*end*/) {
  return base::NotSupported("batch: the handler takes no range delete from family {}", family_id);
}

Status WriteBatch::Handler::PutExpiringIn(uint32_t family_id, std::string_view /*key*/, std::string_view /*value*/,
                                          const Expiry& /*expiry*/) {
  return base::NotSupported("batch: the handler takes no put that expires into family {}", family_id);
}
Status WriteBatch::Handler::MergeIn(uint32_t family_id, std::string_view /*key*/, std::string_view /*operand*/) {
  return base::NotSupported("batch: the handler takes no merge into family {}", family_id);
}
Status WriteBatch::Handler::MergeExpiringIn(uint32_t family_id, std::string_view /*key*/, std::string_view /*operand*/,
                                            const Expiry& /*expiry*/) {
  return base::NotSupported("batch: the handler takes no merge that expires into family {}", family_id);
}

void WriteBatch::Add(uint32_t family, uint8_t kind, std::string_view key, std::string_view value) {
  AMETHYST_ASSERT(count_ < std::numeric_limits<uint32_t>::max());
  constexpr size_t kFirstBytes = 256;  // Of a new batch: a few small entries, in one piece of memory.
  const size_t before = rep_.size();
  try {
    if (before == 0) rep_.reserve(kFirstBytes);
    wal::AppendBatchEntry(&rep_,
                          {.family = family, .kind = static_cast<key::EntryKind>(kind), .key = key, .value = value});
  } catch (...) {
    rep_.resize(before);
    throw;
  }
  ++count_;
  has_families_ = has_families_ || family != 0;
}

void WriteBatch::AddExpiring(uint32_t family, uint8_t kind, std::string_view key, std::string_view value,
                             const Expiry& expiry) {
  if (!expiry.at && expiry.after.count() == 0) {  // Nothing of its own.
    const bool is_put = kind == static_cast<uint8_t>(key::EntryKind::kExpiringPut);
    return Add(family, static_cast<uint8_t>(is_put ? key::EntryKind::kPut : key::EntryKind::kOperand), key, value);
  }
  std::string stored;
  stored.reserve(key::kExpiryBytes + value.size());
  key::AppendExpiring(&stored, Encoded(expiry), value);
  Add(family, kind, key, stored);
  has_ttl_ = has_ttl_ || !expiry.at;
}

void WriteBatch::AddRangeDelete(uint32_t family, std::optional<std::string_view> begin,
                                std::optional<std::string_view> end) {
  if (begin && end && *begin == *end) return;  // It holds no key.
  std::string range;
  key::AppendRange(&range, {.begin = begin, .end = end});
  Add(family, static_cast<uint8_t>(key::EntryKind::kRangeDelete), {}, range);
}

void WriteBatch::AddPrefixDelete(uint32_t family, std::string_view prefix) {
  const std::optional<std::string> end = key::EndOfPrefix(prefix);
  prefix_families_.reserve(prefix_families_.size() + 1);
  AddRangeDelete(family, prefix.empty() ? std::nullopt : std::optional(prefix), end);
  prefix_families_.push_back(family);
}

void WriteBatch::Put(std::string_view key, std::string_view value) {
  Add(0, static_cast<uint8_t>(key::EntryKind::kPut), key, value);
}
void WriteBatch::Put(std::string_view key, std::string_view value, const Expiry& expiry) {
  AddExpiring(0, static_cast<uint8_t>(key::EntryKind::kExpiringPut), key, value, expiry);
}
void WriteBatch::Delete(std::string_view key) { Add(0, static_cast<uint8_t>(key::EntryKind::kDelete), key, {}); }
void WriteBatch::Merge(std::string_view key, std::string_view operand) {
  Add(0, static_cast<uint8_t>(key::EntryKind::kOperand), key, operand);
}
void WriteBatch::Merge(std::string_view key, std::string_view operand, const Expiry& expiry) {
  AddExpiring(0, static_cast<uint8_t>(key::EntryKind::kExpiringOperand), key, operand, expiry);
}

void WriteBatch::Put(const Family& family, std::string_view key, std::string_view value) {
  Add(family.id(), static_cast<uint8_t>(key::EntryKind::kPut), key, value);
}
void WriteBatch::Put(const Family& family, std::string_view key, std::string_view value, const Expiry& expiry) {
  AddExpiring(family.id(), static_cast<uint8_t>(key::EntryKind::kExpiringPut), key, value, expiry);
}
void WriteBatch::Merge(const Family& family, std::string_view key, std::string_view operand) {
  Add(family.id(), static_cast<uint8_t>(key::EntryKind::kOperand), key, operand);
}
void WriteBatch::Merge(const Family& family, std::string_view key, std::string_view operand, const Expiry& expiry) {
  AddExpiring(family.id(), static_cast<uint8_t>(key::EntryKind::kExpiringOperand), key, operand, expiry);
}
void WriteBatch::Delete(const Family& family, std::string_view key) {
  Add(family.id(), static_cast<uint8_t>(key::EntryKind::kDelete), key, {});
}

void WriteBatch::DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  AddRangeDelete(0, begin, end);
}
void WriteBatch::DeleteRange(const Family& family, std::optional<std::string_view> begin,
                             std::optional<std::string_view> end) {
  AddRangeDelete(family.id(), begin, end);
}
void WriteBatch::DeletePrefix(std::string_view prefix) { AddPrefixDelete(0, prefix); }
void WriteBatch::DeletePrefix(const Family& family, std::string_view prefix) { AddPrefixDelete(family.id(), prefix); }

void WriteBatch::Clear() {
  rep_.clear();
  count_ = 0;
  has_ttl_ = false;
  has_families_ = false;
  prefix_families_.clear();
  applied_.reset();
}

void WriteBatch::SetApplied(uint64_t index, std::string_view note) {
  applied_ = AppliedIndex{.index = index, .note = std::string(note)};
}

void WriteBatch::RollBackTo(const Savepoint& savepoint) {
  AMETHYST_ASSERT(savepoint.bytes <= rep_.size() && savepoint.count <= count_);
  rep_.resize(savepoint.bytes);
  count_ = savepoint.count;
  has_ttl_ = savepoint.has_ttl;
  has_families_ = savepoint.has_families;
  prefix_families_.resize(savepoint.prefix_families);
}

void WriteBatch::Append(const WriteBatch& other) {
  AMETHYST_ASSERT(other.count_ <= std::numeric_limits<uint32_t>::max() - count_);
  rep_.append(other.rep_);
  count_ += other.count_;
  has_ttl_ = has_ttl_ || other.has_ttl_;
  has_families_ = has_families_ || other.has_families_;
  const size_t others = other.prefix_families_.size();  // `other` may be this.
  for (size_t i = 0; i < others; ++i) prefix_families_.push_back(other.prefix_families_[i]);
  if (other.applied_) applied_ = other.applied_;
}

Status WriteBatch::Iterate(Handler& handler) const {
  wal::BatchReader reader(rep_);
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    if (entry.family != 0) {
      AMETHYST_TRY(IterateOther(handler, entry));
      continue;
    }
    const std::string_view value = key::ValueOf(entry.kind, entry.value);
    const auto expiry = [&entry] { return Decoded(key::ExpiryOf(entry.kind, entry.value)); };
    switch (entry.kind) {
      case key::EntryKind::kPut: handler.Put(entry.key, value); break;
      case key::EntryKind::kDelete: handler.Delete(entry.key); break;
      case key::EntryKind::kRangeDelete: {
        const key::Range range = entry.Range();
        AMETHYST_TRY(handler.DeleteRange(range.begin, range.end));
        break;
      }
      case key::EntryKind::kOperand: AMETHYST_TRY(handler.Merge(entry.key, value)); break;
      case key::EntryKind::kExpiringPut: AMETHYST_TRY(handler.PutExpiring(entry.key, value, expiry())); break;
      case key::EntryKind::kExpiringOperand: AMETHYST_TRY(handler.MergeExpiring(entry.key, value, expiry())); break;
    }
  }
  return reader.status();
}

Result<WriteBatch> WriteBatch::FromRepresentation(std::string_view bytes) {
  wal::BatchReader reader(bytes);
  WriteBatch batch;
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    batch.has_ttl_ = batch.has_ttl_ || key::IsTtl(key::ExpiryOf(entry.kind, entry.value));
    batch.has_families_ = batch.has_families_ || entry.family != 0;
  }
  AMETHYST_TRY(reader.status());
  if (reader.count() > std::numeric_limits<uint32_t>::max()) {
    return base::InvalidArgument("batch: {} entries, 32 bits must do to count them", reader.count());
  }
  batch.rep_ = bytes;
  batch.count_ = static_cast<uint32_t>(reader.count());
  return batch;
}

}  // namespace amethyst
