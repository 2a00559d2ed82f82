// The writes of an engine that are more than a put or a delete of one key.
#include <utility>

#include "base/error.h"
#include "engine/durable_waits.h"
#include "engine/engine.h"
#include "engine/followed_log.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

Status Engine::Write(const WriteBatch& batch, const WriteOptions& options, const WriteCalls& calls) {
  if (batch.applied()) AMETHYST_TRY(rules_.CheckApplied(*batch.applied()));
  if (batch.Empty() && !batch.applied()) {
    if (options.durability == Durability::kSync) return SyncWal();
    const OperationGate::Operation operation(reads_->gate);
    return operation ? CheckWritable() : Closed();
  }
  WriteRules::Prepared prepared;
  AMETHYST_TRY(rules_.Prepare(batch, options, &prepared));
  for (const key::FamilyId family : prepared.merged_families) {
    AMETHYST_TRY(Announce(key::EntryKind::kOperand, {.id = family}));
  }
  if (prepared.holds_expiries) AMETHYST_TRY(Announce(key::EntryKind::kExpiringPut, {}));
  return WriteEncoded({.payload = prepared.payload,
                       .count = batch.Count(),
                       .memtable_bytes = prepared.memtable_bytes,
                       .families = prepared.families,
                       .holds_ranges = prepared.holds_ranges,
                       .applied = batch.applied() ? &*batch.applied() : nullptr,
                       .check = calls.check,
                       .committed = calls.committed},
                      options);
}

Status Engine::WriteLarge(const EncodedBatch& batch, const WriteOptions& options) {
  // A forked child must not touch the budget: a thread of its parent may hold the locks.
  AMETHYST_TRY(CheckWritable());
  const cache::Reservation copy(database_->storage.store->budget(), batch.payload.size());
  return WriteEncoded(batch, options);
}

Status Engine::DeleteRange(const key::Range& range, const WriteOptions& options, const FamilyKey& family) {
  AMETHYST_TRY(rules_.CheckDelete(options));
  AMETHYST_ASSIGN(const bool holds_keys, rules_.CheckRange(range, family));
  if (!holds_keys) return Write({}, options);
  std::string encoded, batch;
  key::AppendRange(&encoded, range);
  wal::AppendBatchEntry(
      &batch, {.family = key::Raw(family.id), .kind = key::EntryKind::kRangeDelete, .key = {}, .value = encoded});
  const bool is_default = family.id == key::kDefaultFamily;
  return WriteEncoded({.payload = batch,
                       .count = 1,
                       .memtable_bytes = memtable::Memtable::BytesForRange(encoded.size()) +
                                         (is_default ? 0 : memtable::Memtable::kFamilyBytes),
                       .families = {&family.id, is_default ? 0u : 1u},
                       .holds_ranges = true},
                      options);
}

Status Engine::DeletePrefix(std::string_view prefix, const WriteOptions& options, const FamilyKey& family) {
  AMETHYST_TRY(rules_.CheckPrefix(family));
  const std::optional<std::string> end = key::EndOfPrefix(prefix);
  return DeleteRange({.begin = prefix.empty() ? std::nullopt : std::optional(prefix), .end = end}, options, family);
}

Status Engine::Merge(std::string_view key, std::string_view operand, const WriteOptions& options,
                     const FamilyKey& family) {
  AMETHYST_TRY(rules_.CheckOperand(operand, family));
  if (!rules_.IsForEver(options, family)) {
    return WriteExpiring(key::EntryKind::kOperand, key, operand, options, family);
  }
  AMETHYST_TRY(Announce(key::EntryKind::kOperand, family));
  return WriteOne(key::EntryKind::kOperand, key, operand, options, family);
}

Status Engine::WriteExpiring(key::EntryKind kind, std::string_view key, std::string_view value,
                             const WriteOptions& options, const FamilyKey& family) {
  AMETHYST_ASSIGN(const uint64_t expires_ms, rules_.ExpiryOf(options, family));
  std::string stored;
  if (expires_ms != key::kNeverMs) {
    kind = key::ExpiringOf(kind);
    key::AppendExpiring(&stored, expires_ms, value);
  }
  AMETHYST_TRY(Announce(kind, family));
  return WriteOne(kind, key, key::MayExpire(kind) ? stored : value, options, family);
}

Result<uint64_t> Engine::WriteAsync(const WriteBatch& batch, WriteOptions options, DurableCallback callback) {
  if (!callback) return base::InvalidArgument("there is no callback");
  if (database_->storage.external_log.is_used()) return std::unexpected(NoLogToSync().error());
  if (options.durability == Durability::kNone) {
    return base::InvalidArgument("what skips the log is durable at the next Flush, and no callback tells of it");
  }
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  AMETHYST_TRY(CheckWritable());
  DurableWaits& waits = *database_->storage.waits;
  DurableWaits::Waits one;
  one.push_back({.asks = options.durability == Durability::kSync, .tell = std::move(callback)});
  options.durability = Durability::kBuffered;
  uint64_t sequence = 0;
  const auto add = [&](const EncodedBatch::Place& place) {
    sequence = key::Raw(place.last);
    waits.Add(&one, place.end);
  };
  base::FunctionRef<void(const EncodedBatch::Place&)> committed(add);
  Status written;
  if (batch.Empty()) {
    written = committer_.RunLocked([&] {
      add({.end = database_->storage.log->end(),
           .last = key::SequenceNumber{reads_->visible.load(std::memory_order_relaxed)}});
    });
  } else {
    written = Write(batch, options, {.committed = &committed});
  }
  // What fails behind the commit, such as waking the tick, is no matter: the callback will come.
  if (!one.empty()) return std::unexpected(std::move(written).error());
  waits.Look();
  return sequence;
}

Result<uint64_t> Engine::DurableSequence() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  const Storage& storage = database_->storage;
  if (storage.followed_log != nullptr) return key::Raw(storage.followed_log->reach().in_tables);
  return key::Raw(storage.log == nullptr ? storage.catalog->flushed_sequence() : storage.log->durable_sequence());
}

Status Engine::RunAsWriter(base::FunctionRef<void()> call) {
  AMETHYST_TRY(CheckWritable());
  return committer_.RunLocked(call);
}

Status Engine::Announce(key::EntryKind kind, const FamilyKey& family) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (!key::Decides(kind) && family.id != key::kDefaultFamily) AMETHYST_TRY(families_.NoteMergeOperator(family));
  return rules_.Announce(kind, family.id);
}

}  // namespace amethyst::engine
