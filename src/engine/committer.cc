#include "engine/committer.h"

#include <algorithm>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/batch_insert.h"
#include "engine/cursor_list.h"

namespace amethyst::engine {

namespace {

// However many databases share a budget, a memtable holds as much.
constexpr size_t kShareBytesMin = size_t{64} << 10;

}  // namespace

Committer::Committer(ReadContext& reads, Storage& storage, Health& health, const WriteBuffers& buffers,
                     const Limits& limits)
    : reads_(reads),
      storage_(storage),
      health_(health),
      buffers_(buffers),
      queue_(this),
      limits_(limits),
      active_(reads.view.Acquire()->active),
      last_sequence_(reads.visible.load(std::memory_order_relaxed)) {}

Committer::Outcome Committer::Write(const EncodedBatch& batch, bool logged) {
  CommitRequest request;
  request.batch = batch;
  request.logged = logged;
  return Submit(request);
}

Status Committer::Switch(WithLog with_log) {
  auto switch_now = [this, with_log] {
    const bool log_holds_deleted = with_log == WithLog::kYes && active_->earlier_delete_s != 0;
    if ((active_->memtable.Empty() && !log_holds_deleted) || health_.latch.IsSet()) return;
    if (with_log == WithLog::kYes && !BeginSegment()) return;
    SwitchTo(limits_.write_buffer_bytes, with_log);
  };
  return RunLocked(switch_now);
}

Status Committer::SetLimits(const Limits& limits) {
  return RunLocked([&] {
    const bool shrinks = limits.write_buffer_bytes < limits_.write_buffer_bytes;
    if (shrinks && !health_.latch.IsSet()) SwitchTo(limits.write_buffer_bytes, WithLog::kNo);
    limits_ = limits;
  });
}

bool Committer::BeginSegment() {
  const Status begun = storage_.log->BeginSegment();
  if (!begun) health_.FailUnlessItClears(begun.error());
  return begun.has_value();
}

Status Committer::RunLocked(base::FunctionRef<void()> call) {
  CommitRequest request;
  request.call = &call;
  return Submit(request).status;
}

Committer::Outcome Committer::Submit(CommitRequest& request) {
  queue_.Submit(request);
  Outcome outcome{.status = std::move(request.status), .end = request.end, .needs_room = request.needs_room};
  if (after_commit_.load(std::memory_order_relaxed) == 0) [[likely]]
    return outcome;
  const uint8_t after_commit = after_commit_.fetch_and(kTickRests, std::memory_order_acq_rel);
  outcome.tick_rests = (after_commit & kTickRests) != 0;
  if ((after_commit & kReaderWaits) != 0) storage_.cursors->readers()->Wake();
  if ((after_commit & kReplaced) != 0) {
    std::list<ViewPtr> replaced;
    {
      base::MutexLock lock(replaced_mutex_);
      replaced.swap(replaced_);
    }
    for (ViewPtr& view : replaced) RetireView(std::move(view));
    outcome.switched = true;
  }
  return outcome;
}

// Whatever it throws goes to the request's owner: the lock's holder has others to serve, and to unlock.
void Committer::Serve(CommitRequest& request) noexcept {
  try {
    if (Status carried = Carry(request); !carried) [[unlikely]]
      request.status = std::move(carried);
  } catch (...) {
    request.status = std::unexpected(base::ErrorInFlight());
  }
}

Status Committer::Carry(CommitRequest& request) {
  if (request.call != nullptr) {
    (*request.call)();
    return {};
  }
  if (health_.latch.IsSet()) return health_.latch.status();
  const EncodedBatch& batch = request.batch;
  if (batch.check != nullptr) [[unlikely]]
    AMETHYST_TRY((*batch.check)());
  if (batch.applied != nullptr) [[unlikely]]
    AMETHYST_TRY(CheckApplied(*batch.applied));
  if (!HasRoom(batch.memtable_bytes) && !MakeRoom(batch.memtable_bytes)) {
    request.needs_room = true;
    return {};
  }
  AMETHYST_DCHECK(active_->memtable.HasRoom(batch.memtable_bytes));  // I3
  if (!batch.families.empty()) {
    const base::EpochGuard guard;
    AMETHYST_TRY(PrepareFamilies(*reads_.view.Peek()->forest, batch.families, &active_->memtable));
  }
  AMETHYST_DCHECK(batch.count > 0 || !request.logged);
  AMETHYST_DCHECK(batch.only == nullptr || batch.count == 1);
  AMETHYST_DCHECK(last_sequence_ == reads_.visible.load(std::memory_order_relaxed));  // I2
  const key::SequenceNumber first{last_sequence_ + 1};
  if (batch.holds_ranges) [[unlikely]]
    PrepareRanges(batch.payload, first, &active_->memtable);
  if (request.logged) {
    Result<wal::LogPosition> end = storage_.log->Append(first, batch.count, batch.payload);
    if (!end) {
      health_.FailUnlessItClears(end.error());
      // Space may come free: once what is in memory is in a table, segments go.
      request.needs_room = end.error().code() == ErrorCode::kNoSpace;
      return std::unexpected(std::move(end).error());
    }
    request.end = *end;
  } else {
    active_->holds_unlogged = true;
  }
  try {
    memtable::Memtable* const memtable = &active_->memtable;
    if (batch.only != nullptr) [[likely]] {
      InsertEntry(*batch.only, first, memtable);
    } else {
      batch.holds_ranges ? InsertWithRanges(batch.payload, first, memtable)
                         : InsertEntries(batch.payload, first, memtable);
    }
  } catch (...) {
    const Error failure = base::ErrorInFlight();
    health_.Fail(base::MadeWithoutFail([&] { return base::AsLasting(failure); }));
    return std::unexpected(failure);
  }
  if (batch.applied != nullptr) active_->applied = *batch.applied;
  last_sequence_ += batch.count;
  AMETHYST_DCHECK(batch.count == 0 || key::Raw(active_->memtable.last_sequence()) == last_sequence_);  // I1
  reads_.visible.store(last_sequence_, std::memory_order_release);
  if (batch.committed != nullptr) [[unlikely]]
    (*batch.committed)({.end = request.end, .last = key::SequenceNumber{last_sequence_}});
  return {};
}

Status Committer::CheckApplied(const AppliedIndex& applied) const {
  if (!active_->applied || applied.index >= active_->applied->index) return {};
  return base::InvalidArgument("SetApplied({}): an earlier batch has index {}, and they must not descend",
                               applied.index, active_->applied->index);
}

bool Committer::HasRoom(size_t memtable_bytes) const {
  const memtable::Memtable& memtable = active_->memtable;
  if (!memtable.HasRoom(memtable_bytes)) return false;
  const cache::MemoryBudget& budget = storage_.store->budget();
  if (budget.sharers() == 1) [[likely]]
    return true;
  const size_t share_bytes = std::max(limits_.waiting.Within(budget).bytes_max, kShareBytesMin);
  return memtable.memory_bytes() < share_bytes || memtable.Empty();
}

bool Committer::MaySwitch(const View& view) const {
  return MayWait(view, limits_.waiting.Within(storage_.store->budget()));
}

bool Committer::MakeRoom(size_t memtable_bytes) {
  if (!MaySwitch(*reads_.view.Acquire())) return false;
  if (active_->memtable.Empty()) {
    // A batch larger than a write buffer gets a memtable of its own size, in place of the empty one.
    SwitchTo(memtable_bytes, WithLog::kNo);
  } else {
    SwitchTo(std::max(limits_.write_buffer_bytes, memtable_bytes), WithLog::kNo);
  }
  AMETHYST_ASSERT(active_->memtable.HasRoom(memtable_bytes));
  return true;
}

void Committer::SwitchTo(size_t capacity_bytes, WithLog with_log) {
  std::list<ViewPtr> old(1);  // Before the view is replaced: then nothing may fail.
  WriteBufferPtr fresh = buffers_.New(capacity_bytes);
  fresh->applied = active_->applied;
  // Without a segment of its own it begins in one that holds what was deleted so far.
  if (with_log == WithLog::kNo) fresh->earlier_delete_s = active_->OldestDeleteSeconds();
  // Where an open found no space for a segment, the manifest names one that is still to come.
  fresh->first_log_segment = std::max(fresh->first_log_segment, active_->first_log_segment);  // I22
  AMETHYST_ASSERT(fresh->Empty());
  old.front() = reads_.view.Update([&](const View& current) { return WithActive(current, fresh); });
  active_ = std::move(fresh);
  KeepReplaced(&old);
}

void Committer::KeepReplaced(std::list<ViewPtr>* old) {
  base::MutexLock lock(replaced_mutex_);
  replaced_.splice(replaced_.end(), *old);
  after_commit_.fetch_or(kReplaced, std::memory_order_release);
}

Committer::Outcome Committer::PutLayer(base::FunctionRef<Result<Layer>(key::SequenceNumber first)> make) {
  Outcome put;
  Status done;
  const auto call = [&] { done = PutLayerLocked(make, &put); };
  CommitRequest request;
  base::FunctionRef<void()> under_lock = call;
  request.call = &under_lock;
  Outcome outcome = Submit(request);
  outcome.end = put.end;
  outcome.needs_room = put.needs_room;
  if (outcome.status) outcome.status = std::move(done);
  return outcome;
}

Status Committer::PutLayerLocked(base::FunctionRef<Result<Layer>(key::SequenceNumber)> make, Outcome* outcome) {
  if (health_.latch.IsSet()) return health_.latch.status();
  const ViewPtr view = reads_.view.Acquire();
  if (!MaySwitch(*view)) {
    outcome->needs_room = true;
    return {};
  }
  // Once the log has the record nothing may fail.
  AMETHYST_ASSIGN(const Layer layer, make(key::SequenceNumber{last_sequence_ + 1}));
  AMETHYST_ASSERT(layer.count > 0 && layer.buffer->ingested != nullptr);
  AMETHYST_ASSERT(key::Raw(layer.buffer->last_sequence()) <= last_sequence_ + layer.count);  // I1
  layer.buffer->earlier_delete_s = active_->OldestDeleteSeconds();
  WriteBufferPtr fresh = buffers_.New(limits_.write_buffer_bytes);
  fresh->earlier_delete_s = layer.buffer->OldestDeleteSeconds();
  layer.buffer->applied = active_->applied;
  fresh->applied = layer.buffer->applied;
  std::list<ViewPtr> old(1);
  std::shared_ptr<View> blank = BlankView(*view);
  const Result<wal::LogPosition> appended =
      storage_.log->AppendIngest(key::SequenceNumber{last_sequence_ + 1}, layer.count, layer.record);
  if (!appended) {
    health_.FailUnlessItClears(appended.error());
    outcome->needs_room = appended.error().code() == ErrorCode::kNoSpace;
    return std::unexpected(appended.error());
  }
  AMETHYST_ASSERT(view->active == active_);
  outcome->end = *appended;
  // The view before the number: whoever sees the number finds the tables.
  old.front() = reads_.view.Update([&](const View& current) { return WithLayer(current, layer.buffer, fresh, blank); });
  active_ = std::move(fresh);
  last_sequence_ += layer.count;
  reads_.visible.store(last_sequence_, std::memory_order_release);
  KeepReplaced(&old);
  return {};
}

}  // namespace amethyst::engine
