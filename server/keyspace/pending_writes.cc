#include "server/keyspace/pending_writes.h"

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
  if (ends_with_record && record_.is_there && record_.keys_key == record.keys_key) batch_.RollBackTo(record_.before);
  const WriteBatch::Savepoint before = batch_.GetSavepoint();
  batch_.Append(batch);
  record_.is_there = ends_with_record;
  if (ends_with_record) {
    record_.keys_key.assign(record.keys_key);
    record_.before = {.bytes = before.bytes + record.before.bytes,
                      .count = before.count + record.before.count,
                      .has_families = before.has_families || record.before.has_families};
  }
  for (const uint64_t key : changes.keys) written_.set(BitOf(key));
  for (const auto& [stored, keys, expiring] : changes.counts) space_.AddToCounts(stored, keys, expiring);
  counts_.insert(counts_.end(), changes.counts.begin(), changes.counts.end());
  order_.insert(order_.end(), changes.order.begin(), changes.order.end());
}

Status PendingWrites::Flush() {
  if (empty()) return {};
  const Status written = space_.db().Write(batch_);
  if (written) {
    space_.NoteWrite();
    for (const OrderChange& change : order_) space_.order_bounds().Apply(change);
  } else {
    for (const auto& [stored, keys, expiring] : counts_) space_.AddToCounts(stored, -keys, -expiring);
    space_.records().Clear();
  }
  batch_.Clear();
  written_.reset();
  counts_.clear();
  order_.clear();
  record_.is_there = false;
  return written;
}

}  // namespace amethyst::server
