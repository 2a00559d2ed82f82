#include "engine/committer.h"

#include <algorithm>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/family.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

Committer::Committer(ReadContext& reads, Storage& storage, Health& health, const WriteBuffers& buffers,
                     const Limits& limits)
    : reads_(reads),
      storage_(storage),
      health_(health),
      buffers_(buffers),
      limits_(limits),
      queue_(this),
      active_(reads.view.Acquire()->active),
      last_sequence_(reads.visible.load(std::memory_order_relaxed)) {}

Committer::Outcome Committer::Write(std::string_view payload, uint32_t count, size_t memtable_bytes, bool logged,
                                    std::span<const key::FamilyId> families, bool holds_ranges) {
  CommitRequest request;
  request.payload = payload;
  request.count = count;
  request.memtable_bytes = memtable_bytes;
  request.logged = logged;
  request.families = families;
  request.holds_ranges = holds_ranges;
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
  if (has_replaced_.load(std::memory_order_relaxed) && has_replaced_.exchange(false, std::memory_order_acq_rel)) {
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
  if (!active_->memtable.HasRoom(request.memtable_bytes) && !MakeRoom(request.memtable_bytes)) {
    request.needs_room = true;
    return {};
  }
  if (!request.families.empty()) AMETHYST_TRY(PrepareFamilies(request));
  const key::SequenceNumber first{last_sequence_ + 1};
  if (request.holds_ranges) [[unlikely]]
    PrepareRanges(request, first);
  if (request.logged) {
    Result<wal::LogPosition> end = storage_.log->Append(first, request.count, request.payload);
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
    request.holds_ranges ? InsertWithRanges(request, first) : Insert(request, first);
  } catch (...) {
    const Error failure = base::ErrorInFlight();
    health_.Fail(base::MadeWithoutFail([&] { return base::AsLasting(failure); }));
    return std::unexpected(failure);
  }
  last_sequence_ += request.count;
  reads_.visible.store(last_sequence_, std::memory_order_release);
  return {};
}

Status Committer::PrepareFamilies(const CommitRequest& request) {
  const base::EpochGuard guard;
  const tree::Forest& forest = *reads_.view.Peek()->forest;
  for (const key::FamilyId family : request.families) {
    const tree::FamilyTree* const tree = forest.Find({.id = family});
    if (tree == nullptr && family < forest.next_family_id()) return FamilyDropped();
    if (tree == nullptr) return base::InvalidArgument("family {} was never made in this database", key::Raw(family));
    active_->memtable.Prepare(family, tree->version->order(), tree->family->merging.fold);
  }
  return {};
}

void Committer::PrepareRanges(const CommitRequest& request, key::SequenceNumber first) {
  active_->memtable.ForgetPreparedRanges();  // Of a batch that the log did not take.
  wal::BatchReader reader(request.payload);
  wal::BatchEntry entry;
  for (uint64_t sequence = key::Raw(first); reader.Next(&entry); ++sequence) {
    if (entry.kind != key::EntryKind::kRangeDelete) continue;
    active_->memtable.PrepareRange(key::FamilyId{entry.family}, entry.Range(), key::SequenceNumber{sequence});
  }
}

void Committer::InsertWithRanges(const CommitRequest& request, key::SequenceNumber first) {
  wal::BatchReader reader(request.payload);
  wal::BatchEntry entry;
  for (uint64_t sequence = key::Raw(first); reader.Next(&entry); ++sequence) {
    const key::FamilyId family{entry.family};
    if (entry.kind == key::EntryKind::kRangeDelete) {
      active_->memtable.InsertRange(family, entry.value.size(), key::SequenceNumber{sequence});
    } else {
      active_->memtable.Insert(family, {entry.key, key::Tag(key::SequenceNumber{sequence}, entry.kind), entry.value});
    }
  }
}

void Committer::Insert(const CommitRequest& request, key::SequenceNumber first) {
  wal::BatchReader reader(request.payload);
  wal::BatchEntry entry;
  for (uint64_t sequence = key::Raw(first); reader.Next(&entry); ++sequence) {
    active_->memtable.Insert(key::FamilyId{entry.family},
                             {entry.key, key::Tag(key::SequenceNumber{sequence}, entry.kind), entry.value});
  }
}

bool Committer::MakeRoom(size_t memtable_bytes) {
  if (reads_.view.Acquire()->immutable.size() >= limits_.immutable_count_max) return false;
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
  // Without a segment of its own it begins in one that holds what was deleted so far.
  if (with_log == WithLog::kNo) fresh->earlier_delete_s = active_->OldestDeleteSeconds();
  old.front() = reads_.view.Update([&](const View& current) { return WithActive(current, fresh); });
  active_ = std::move(fresh);
  base::MutexLock lock(replaced_mutex_);
  replaced_.splice(replaced_.end(), old);
  has_replaced_.store(true, std::memory_order_release);
}

}  // namespace amethyst::engine
