#include "bench/worker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::bench {
namespace {

constexpr size_t kStallsMax = 4096;
constexpr uint64_t kRangeKeys = 100;  // That one range delete covers.
constexpr uint64_t kWalkSteps = 100;  // Are measured as one: a step takes less than reading the clock does.

}  // namespace

Worker::Worker(const Task& task)
    : task_(task),
      keys_(task.load->key_kind),
      picker_(*task.space, task.turn),
      pacer_(task.begin_ns, task.rate_per_second, task.keeps),
      random_(task.seed * 1'000'003 + task.turn.thread),
      timeline_(task.begin_ns) {
  for (const Share& share : task.workload->mix) weights_total_ += share.weight;
  const auto [reads, writes] = task.workload->transaction;
  batch_keys_.resize(std::max({task.load->batch_entries, task.load->multiget_keys, reads, writes}));
}

Status Worker::Run() {
  session_ = task_.store->NewSession(task_.workload->durability.value_or(task_.load->durability));
  if (task_.workload->Is(Action::kQueue)) {
    for (uint64_t i = 0; i < task_.load->queue_depth; ++i) AMETHYST_TRY(Push());
  }
  uint64_t now_ns = NowNs();
  uint64_t done = 0;
  while (done < task_.operations && now_ns < task_.end_ns && !task_.stop->load(std::memory_order_relaxed)) {
    const uint64_t begin_ns = pacer_.Await(now_ns);
    AMETHYST_ASSIGN(const uint64_t operations, Perform(Choose()));
    now_ns = NowNs();
    const uint64_t took_ns = now_ns - std::min(begin_ns, now_ns);
    timeline_.Add(now_ns, took_ns, operations);
    if (took_ns > kStallNs && stalls_.size() < kStallsMax) [[unlikely]] {
      stalls_.push_back({begin_ns, now_ns});
    }
    done += operations;
    done_.store(done, std::memory_order_relaxed);
  }
  walk_.reset();
  session_.reset();
  return {};
}

Action Worker::Choose() {
  const std::vector<Share>& mix = task_.workload->mix;
  if (mix.size() == 1) return mix[0].action;
  double left = static_cast<double>(random_() >> 11) * 0x1p-53 * weights_total_;
  for (const Share& share : mix) {
    left -= share.weight;
    if (left < 0) return share.action;
  }
  return mix.back().action;
}

Result<uint64_t> Worker::Perform(Action action) {
  uint64_t operations = 1;
  switch (action) {
    case Action::kPut: AMETHYST_TRY(Put(Pick())); break;
    case Action::kPutBatch:
      AMETHYST_TRY(PutBatch());
      operations = batch_.size();
      break;
    case Action::kInsert: AMETHYST_TRY(Put(task_.space->Append())); break;
    case Action::kGet: AMETHYST_TRY(Get(2 * Pick())); break;
    case Action::kGetMissing: AMETHYST_TRY(Get(2 * Pick() + 1)); break;
    case Action::kMultiGet:
      AMETHYST_TRY(MultiGet());
      operations = views_.size();
      break;
    case Action::kUpdate: {
      const uint64_t number = Pick();
      AMETHYST_TRY(Get(2 * number));
      AMETHYST_TRY(Put(number));
      break;
    }
    case Action::kDelete: AMETHYST_TRY(Delete()); break;
    case Action::kScan: AMETHYST_TRY(Scan(false)); break;
    case Action::kScanReverse: AMETHYST_TRY(Scan(true)); break;
    case Action::kWalk: return Walk(false);
    case Action::kWalkReverse: return Walk(true);
    case Action::kWalkBatch: return WalkBatches();
    case Action::kQueue: AMETHYST_TRY(Queue()); break;
    case Action::kDeleteRange: AMETHYST_TRY(DeleteRange()); break;
    case Action::kMerge: AMETHYST_TRY(Merge()); break;
    case Action::kTransaction: AMETHYST_TRY(Transact(false)); break;
    case Action::kScanTransaction: AMETHYST_TRY(Transact(true)); break;
    case Action::kReadsAndBatch: AMETHYST_TRY(ReadAndPutBatch()); break;
    case Action::kCompact:
      AMETHYST_TRY(task_.store->Compact());
      operations = task_.operations;
      break;
  }
  return operations;
}

Status Worker::Put(uint64_t number) {
  MakeKey(number, &key_);
  const std::string_view value = task_.values->Make(random_);
  bytes_written_ += key_.size() + value.size();
  return session_->Put(key_, value);
}

Status Worker::PutBatch() {
  batch_.clear();
  for (uint64_t i = 0; i < task_.load->batch_entries; ++i) {
    MakeKey(Pick(), &batch_keys_[i]);
    batch_.push_back({batch_keys_[i], task_.values->Make(random_)});
    bytes_written_ += batch_.back().key.size() + batch_.back().value.size();
  }
  return session_->PutBatch(batch_);
}

Status Worker::Get(uint64_t key_number) {
  keys_.Make(key_number, &key_);
  return Find(key_);
}

Status Worker::Find(std::string_view key) {
  ++lookups_;
  AMETHYST_ASSIGN(const std::optional<std::string_view> value, session_->Get(key));
  if (value) {
    ++found_;
    Read(*value);
  }
  return {};
}

Status Worker::MultiGet() {
  views_.clear();
  for (uint64_t i = 0; i < task_.load->multiget_keys; ++i) {
    MakeKey(Pick(), &batch_keys_[i]);
    views_.push_back(batch_keys_[i]);
  }
  AMETHYST_TRY(session_->MultiGet(views_, &values_));
  AMETHYST_ASSERT(values_.size() == views_.size());
  lookups_ += views_.size();
  for (const std::optional<std::string_view>& value : values_) {
    if (!value) continue;
    ++found_;
    Read(*value);
  }
  return {};
}

Status Worker::Delete() {
  MakeKey(Pick(), &key_);
  bytes_written_ += key_.size();
  return session_->Delete(key_);
}

Status Worker::DeleteRange() {
  const uint64_t first = Pick();
  MakeKey(first, &key_);
  MakeKey(first + kRangeKeys, &range_end_);
  bytes_written_ += key_.size() + range_end_.size();
  return session_->DeleteRange(key_, range_end_);
}

Status Worker::Merge() {
  MakeKey(Pick(), &key_);
  const uint64_t summand = 1 + random_.Below(1000);
  char bytes[sizeof(summand)];
  std::memcpy(bytes, &summand, sizeof(summand));
  bytes_written_ += key_.size() + sizeof(bytes);
  return session_->Merge(key_, {bytes, sizeof(bytes)});
}

Status Worker::Scan(bool reverse) {
  MakeKey(Pick(), &key_);
  const Steps& steps = task_.workload->steps;
  const uint64_t count = steps.least + (steps.most == steps.least ? 0 : random_.Below(steps.most - steps.least + 1));
  const std::unique_ptr<Cursor> cursor = session_->NewCursor();
  return Show(*cursor, reverse, count);
}

Status Worker::Show(Cursor& cursor, bool reverse, uint64_t count) {
  reverse ? cursor.SeekForPrev(key_) : cursor.Seek(key_);
  ++lookups_;
  if (cursor.Valid() && cursor.key() == key_) ++found_;
  for (uint64_t i = 0; cursor.Valid(); ++i) {
    ReadEntry(cursor);
    if (i == count) break;
    reverse ? cursor.Prev() : cursor.Next();
  }
  return cursor.status();
}

void Worker::ReadEntry(const Cursor& cursor) {
  Read(cursor.key());
  if (!task_.workload->keys_alone) Read(cursor.value());
  ++entries_;
}

Status Worker::BeginWalk(bool reverse) {
  if (walk_ != nullptr) return {};
  walk_ = session_->NewCursor();
  reverse ? walk_->SeekToLast() : walk_->SeekToFirst();
  return walk_->Valid() ? Status() : base::InvalidArgument("there is nothing to walk over");
}

Result<uint64_t> Worker::Walk(bool reverse) {
  uint64_t steps = 0;
  while (steps < kWalkSteps) {
    AMETHYST_TRY(BeginWalk(reverse));
    for (; steps < kWalkSteps && walk_->Valid(); ++steps) {
      ReadEntry(*walk_);
      reverse ? walk_->Prev() : walk_->Next();
    }
    if (walk_->Valid()) continue;
    AMETHYST_TRY(walk_->status());
    walk_.reset();
  }
  return steps;
}

Result<uint64_t> Worker::WalkBatches() {
  EntryView room[kWalkSteps];
  uint64_t steps = 0;
  while (steps < kWalkSteps) {
    AMETHYST_TRY(BeginWalk(false));
    for (; steps < kWalkSteps && walk_->Valid(); walk_->Next()) {
      for (const auto& [key, value] : walk_->NextBatch(std::span(room).first(kWalkSteps - steps))) {
        Read(key);
        Read(value);
        ++steps;
      }
    }
    if (walk_->Valid()) continue;
    AMETHYST_TRY(walk_->status());
    walk_.reset();
  }
  entries_ += steps;
  return steps;
}

void Worker::DrawTransaction() {
  const auto [reads, writes] = task_.workload->transaction;
  batch_.clear();
  for (uint64_t i = 0; i < std::max(reads, writes); ++i) {
    MakeKey(Pick(), &batch_keys_[i]);
    if (i >= writes) continue;
    batch_.push_back({batch_keys_[i], task_.values->Make(random_)});
    bytes_written_ += batch_.back().key.size() + batch_.back().value.size();
  }
  if (task_.workload->Is(Action::kScanTransaction)) MakeKey(Pick(), &key_);
}

Status Worker::Transact(bool scans) {
  DrawTransaction();
  while (true) {
    const Status done = TryTransaction(scans);
    if (done || done.error().code() != ErrorCode::kConflict) return done;
    ++aborts_;
  }
}

Status Worker::TryTransaction(bool scans) {
  AMETHYST_ASSIGN(Transaction* const transaction, session_->Begin());
  if (scans) AMETHYST_TRY(Show(*transaction->NewCursor(), false, task_.workload->steps.least));
  for (uint64_t i = 0; i < task_.workload->transaction.reads; ++i) {
    AMETHYST_ASSIGN(const std::optional<std::string_view> value, transaction->Get(batch_keys_[i]));
    ++lookups_;
    if (!value) continue;
    ++found_;
    Read(*value);
  }
  for (const KeyValue& entry : batch_) AMETHYST_TRY(transaction->Put(entry.key, entry.value));
  return transaction->Commit();
}

Status Worker::ReadAndPutBatch() {
  DrawTransaction();
  for (uint64_t i = 0; i < task_.workload->transaction.reads; ++i) AMETHYST_TRY(Find(batch_keys_[i]));
  return session_->PutBatch(batch_);
}

Status Worker::Push() {
  // Threads have queues of their own, one behind the other.
  constexpr uint64_t kQueueDistance = 1'000'000'000'000;
  MakeKey(task_.turn.thread * kQueueDistance + queue_tail_++, &key_);
  const std::string_view value = task_.values->Make(random_);
  bytes_written_ += key_.size() + value.size();
  return session_->Put(key_, value);
}

Status Worker::Queue() {
  AMETHYST_TRY(Push());
  ++lookups_;
  {
    const std::unique_ptr<Cursor> cursor = session_->NewCursor();
    cursor->SeekToFirst();
    AMETHYST_TRY(cursor->status());
    if (!cursor->Valid()) return {};  // Another thread was quicker.
    key_ = cursor->key();
    Read(cursor->value());
  }
  ++found_;
  bytes_written_ += key_.size();
  return session_->Delete(key_);
}

void Worker::Read(std::string_view bytes) {
  uint64_t digest = digest_ + bytes.size();
  const char* from = bytes.data();
  size_t left = bytes.size();
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), from += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    digest += word;
  }
  for (; left > 0; --left, ++from) digest += static_cast<unsigned char>(*from);
  digest_ = digest;
}

}  // namespace amethyst::bench
