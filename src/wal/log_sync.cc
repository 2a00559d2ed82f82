// How the log becomes durable: flushes that one caller leads for all who wait.
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "wal/log.h"

namespace amethyst::wal {

namespace {

// How often a flush that waits for company looks whether enough has come, at most.
constexpr std::chrono::microseconds kCompanySlice(50);

}  // namespace

Status Log::Sync(LogPosition position) {
  supply_.FillWithZeros();
  return SyncTo(position, Company::kAwaited);
}

Status Log::SyncAll() { return SyncTo(end(), Company::kNone); }

LogPosition Log::durable_end() const {
  base::MutexLock lock(mutex_);
  return durable_;
}

key::SequenceNumber Log::durable_sequence() const {
  base::MutexLock lock(mutex_);
  return key::SequenceNumber{covered_.last_sequence};
}

bool Log::IsSynced() const {
  return !started_ || durable_ >= LogPosition{segments_.back().number, batches_end_.load(std::memory_order_acquire)};
}

bool Log::IsAtRest() const {
  base::MutexLock lock(mutex_);
  return !health_ || !started_ || (IsSynced() && announced_ && !WatermarkIsDue());
}

Status Log::SyncTo(LogPosition position, Company company) {
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(position <= EndLocked());
  bool led = false;
  while (durable_ < position) {
    AMETHYST_TRY(health_);
    if (!flushing_) {
      led = true;
      AMETHYST_TRY(LeadFlush(company));
      continue;
    }
    executor_.Wait(mutex_, flushed_, [&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {  // Evaluated with the lock held.
      return !flushing_ || durable_ >= position || !health_;
    });
  }
  if (!led) ++syncs_shared_;
  return {};
}

Status Log::LeadFlush(Company company) {
  AMETHYST_ASSERT(!flushing_ && health_);  // I8
  flushing_ = true;
  if (company == Company::kAwaited) GatherCompany();
  if (health_) {
    const Covered covered{.bytes = appended_.bytes.load(std::memory_order_acquire),
                          .last_sequence = appended_.last_sequence.load(std::memory_order_acquire)};
    const Result<Flush> flush = base::Contained([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return PlanFlush(); });
    if (!flush) {  // Nothing was tried.
      flushing_ = false;
      flushed_.NotifyAll();
      return std::unexpected(flush.error());
    }
    const bool is_first = !announced_;
    const key::FileNumber first = segments_.front().number;
    mutex_.Unlock();
    Status synced = flush->Run();
    if (synced && is_first) synced = Announce(first);
    mutex_.Lock();
    ++syncs_;
    AMETHYST_ASSERT(flushing_);  // I8
    if (synced) {
      AMETHYST_ASSERT(durable_ <= flush->target && flush->target <= EndLocked());  // I4
      durable_ = flush->target;
      covered_ = covered;
      if (durable_.segment == segments_.back().number)
        durable_offset_.store(durable_.offset, std::memory_order_release);
      flushed_.NotifyAll();  // Those who are served need not wait for the rest.
      settings_.readers->Wake();
      CloseSealed();
    } else {
      LatchLocked(synced);
    }
  }
  flushing_ = false;
  flushed_.NotifyAll();
  return {};
}

void Log::GatherCompany() {
  const std::chrono::microseconds delay(group_commit_.delay_us.get());
  if (delay.count() == 0) return;
  const uint64_t enough_bytes = covered_.bytes + group_commit_.bytes;
  mutex_.Unlock();
  const auto deadline = clock_.Monotonic() + delay;
  while (appended_.bytes.load(std::memory_order_acquire) < enough_bytes && clock_.Monotonic() < deadline) {
    clock_.Sleep(std::min(delay, kCompanySlice));
  }
  mutex_.Lock();
}

void Log::CloseSealed() {
  if (!health_) return;
  std::vector<Segment> sealed;
  // Where there is no memory the next flush closes them.
  base::DoIfPossible([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { sealed.reserve(segments_.size()); });
  if (sealed.capacity() < segments_.size()) return;
  for (Segment& segment : segments_) {
    const bool is_current = &segment == &segments_.back();
    if (is_current || segment.file == nullptr || LogPosition{segment.number, segment.end} > durable_) continue;
    sealed.push_back({.number = segment.number, .file = std::move(segment.file), .end = segment.end});
    segment.file = nullptr;
  }
  if (sealed.empty()) return;
  mutex_.Unlock();
  Status closed;
  for (const Segment& segment : sealed) {
    if (closed) closed = base::Contained([&] { return segment.file->Close(segment.end); });
  }
  mutex_.Lock();
  if (!closed) LatchLocked(closed);
}

Status Log::Announce(key::FileNumber first) {
  const Status told = base::Contained([&] { return settings_.announce(first); });
  base::MutexLock lock(mutex_);
  announced_ = told.has_value();
  return told || base::ClearsByItself(told.error()) ? Status() : told;
}

Result<Log::Flush> Log::PlanFlush() const {
  Flush flush{.files = {}, .target = EndLocked()};
  for (const Segment& segment : segments_) {
    const bool is_current = segment.number == flush.target.segment;
    const LogPosition segment_end{.segment = segment.number, .offset = is_current ? flush.target.offset : segment.end};
    if (segment.file != nullptr && segment_end > durable_) flush.files.push_back(segment.file);
  }
  AMETHYST_ASSERT(!flush.files.empty());
  AMETHYST_ASSERT(std::ranges::is_sorted(segments_, {}, &Segment::number));  // I6: the oldest is synced first.
  return flush;
}

Status Log::Tick(const std::function<void(const std::function<void()>&)>& under_commit_lock) {
  bool is_synced;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_TRY(health_);
    if (!started_) return {};
    is_synced = IsSynced();
  }
  if (!is_synced) AMETHYST_TRY(SyncAll());
  Status appended;
  under_commit_lock([&] { appended = AppendWatermarkIfDue(); });
  return appended;
}

}  // namespace amethyst::wal
