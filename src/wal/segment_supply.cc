#include "wal/segment_supply.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "wal/log_format.h"

namespace amethyst::wal {

SegmentSupply::SegmentSupply(io::FileSystem& files, io::Executor& executor, Settings settings)
    : files_(files), executor_(executor), settings_(std::move(settings)) {
  AMETHYST_ASSERT(settings_.segment_bytes > kSegmentHeaderBytes && settings_.segment_bytes <= kSegmentBytesMax);
  AMETHYST_ASSERT(settings_.new_file_number != nullptr && settings_.may_write != nullptr);
}

SegmentSupply::~SegmentSupply() {
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(!making_ && spare_.file == nullptr);
}

void SegmentSupply::Prepare() {
  {
    base::MutexLock lock(mutex_);
    AMETHYST_ASSERT(!stopping_);
    if (making_ || spare_.file != nullptr || !health_) return;
    making_ = true;
  }
  executor_.Schedule(io::Priority::kFlush, [this] { MakeSpare(); });
}

void SegmentSupply::MakeSpare() {
  bool wanted;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_ASSERT(making_);
    wanted = !stopping_ && health_.has_value();
  }
  wanted = wanted && settings_.may_write();
  // An error shows again, to somebody who can be told, when Take finds no spare and makes one itself.
  Segment made;
  if (wanted) {
    if (auto result = Make(settings_.segment_bytes); result) made = std::move(*result);
  }
  base::MutexLock lock(mutex_);
  spare_ = std::move(made);
  making_ = false;
  made_.NotifyAll();
}

Result<SegmentSupply::Segment> SegmentSupply::Take(uint64_t bytes) {
  Segment spare;
  bool usable;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_ASSERT(!stopping_);
    if (!health_) return std::unexpected(health_.error());
    spare = std::exchange(spare_, {});
    usable = spare.file != nullptr && spare.number > last_taken_ && spare.file->capacity() >= bytes;
  }
  if (spare.file != nullptr && !usable) AMETHYST_TRY(Discard(std::exchange(spare, {})));
  if (spare.file == nullptr) {
    AMETHYST_ASSIGN(spare, Make(std::max(bytes, settings_.segment_bytes)));
  }
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(spare.number > last_taken_ && spare.file->capacity() >= bytes);
  last_taken_ = spare.number;
  return spare;
}

Result<SegmentSupply::Segment> SegmentSupply::Make(uint64_t bytes) {
  Segment made{.number = settings_.new_file_number(), .file = nullptr};
  const std::string path = io::JoinPath(settings_.directory, SegmentFileName(made.number));
  AMETHYST_ASSIGN(made.file,
                  files_.CreateLogSegment(
                      path, {.capacity_bytes = bytes, .zero_filled = zero_filled_.load(std::memory_order_relaxed)}));
  if (Status synced = files_.SyncDirectory(settings_.directory); !synced) {
    base::MutexLock lock(mutex_);
    if (health_) health_ = synced;
    return std::unexpected(synced.error());
  }
  return made;
}

Status SegmentSupply::Discard(Segment segment) {
  const std::string path = segment.file->path();
  segment.file.reset();
  return files_.Remove(path);
}

Status SegmentSupply::Stop(bool leave_files) {
  Segment spare;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    executor_.Wait(mutex_, made_, [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return !making_; });  // Lock held.
    spare = std::exchange(spare_, {});
  }
  if (spare.file == nullptr || leave_files) return {};
  return Discard(std::move(spare));
}

Status SegmentSupply::health() const {
  base::MutexLock lock(mutex_);
  return health_;
}

}  // namespace amethyst::wal
