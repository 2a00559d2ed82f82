#include "server/keyspace/pending_writes.h"

#include <new>
#include <utility>

#include "base/hash.h"
#include "server/keyspace/layout.h"

namespace amethyst::server {

void Changes::Clear() {
  keys.clear();
  counts.clear();
  order.clear();
  has_ranges = false;
  record.is_there = false;
}

uint64_t PendingWrites::HashOf(Part part, std::string_view key) {
  return part == Part::kKeys ? RecordCache::HashOf(key) : base::Hash64(key) + static_cast<uint64_t>(part);
}

void PendingWrites::Add(const WriteBatch& batch, const Changes& changes) {
  const RecordPut& record = changes.record;
  const bool ends_with_record = record.is_there && batch.Count() == record.before.count + 1;
  // Where several commands push to one list, only the last record is ever read.
  if (ends_with_record && next_.record.is_there && next_.record.keys_key == record.keys_key) {
    next_.batch.RollBackTo(next_.record.before);
  }
  const WriteBatch::Savepoint before = next_.batch.GetSavepoint();
  next_.batch.Append(batch);
  next_.record.is_there = ends_with_record;
  if (ends_with_record) {
    next_.record.keys_key.assign(record.keys_key);
    next_.record.before = {.bytes = before.bytes + record.before.bytes,
                           .count = before.count + record.before.count,
                           .has_families = before.has_families || record.before.has_families};
  }
  for (const uint64_t key : changes.keys) next_.written.set(BitOf(key));
  for (const auto& [stored, keys, expiring] : changes.counts) space_.AddToCounts(stored, keys, expiring);
  next_.counts.insert(next_.counts.end(), changes.counts.begin(), changes.counts.end());
  next_.order.insert(next_.order.end(), changes.order.begin(), changes.order.end());
}

bool PendingWrites::MayHandOver() {
  if (next_.batch.ByteSize() < kHandedOverBytesMin) return false;
  const base::MutexLock lock(mutex_);
  return !is_handed_over_ || outcome_.has_value();
}

bool PendingWrites::HandOver() {
  if (writer_ == nullptr) {
    auto made = space_.environment().NewExecutor(1);
    if (!made) return false;
    writer_ = *std::move(made);
  }
  std::swap(next_, handed_over_);
  try {
    writer_->Schedule(io::Priority::kFlush, [this] {
      Status written = space_.db().Write(handed_over_.batch);
      const base::MutexLock lock(mutex_);
      outcome_ = std::move(written);
      written_.NotifyOne();
    });
  } catch (const std::bad_alloc&) {
    std::swap(next_, handed_over_);
    return false;
  }
  is_handed_over_ = true;
  return true;
}

Status PendingWrites::TakeBack() {
  std::optional<Status> outcome;
  {
    const base::MutexLock lock(mutex_);
    writer_->Wait(mutex_, written_, [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return outcome_.has_value(); });
    outcome.swap(outcome_);
  }
  is_handed_over_ = false;
  Settle(handed_over_, outcome->has_value());
  if (!*outcome) Settle(next_, false);  // It may count on what is lost.
  space_.order_bounds().WidenAgain(next_.order);
  return *outcome;
}

Status PendingWrites::Flush() {
  const Status written = space_.db().Write(next_.batch);
  Settle(next_, written.has_value());
  return written;
}

void PendingWrites::Settle(Batch& batch, bool is_written) {
  if (is_written) {
    space_.NoteWrite();
    for (const OrderChange& change : batch.order) space_.order_bounds().Apply(change);
  } else {
    for (const auto& [stored, keys, expiring] : batch.counts) space_.AddToCounts(stored, -keys, -expiring);
    space_.records().Clear();
  }
  batch.Clear();
}

void PendingWrites::Batch::Clear() {
  batch.Clear();
  written.reset();
  counts.clear();
  order.clear();
  record.is_there = false;
}

}  // namespace amethyst::server
