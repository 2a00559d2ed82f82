#include "wal/segment_supply.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "wal/log_format.h"

namespace amethyst::wal {

namespace {

constexpr uint64_t kFirstSegmentBytes = uint64_t{256} << 10;
constexpr uint64_t kGrowth = 4;
// No segment is made smaller for want of space, unless it was to be.
constexpr uint64_t kSegmentBytesKept = uint64_t{64} << 10;

}  // namespace

SegmentSupply::SegmentSupply(io::FileSystem& files, io::Executor& executor, Settings settings)
    : files_(files),
      executor_(executor),
      settings_(std::move(settings)),
      next_bytes_(std::min(kFirstSegmentBytes, settings_.segment_bytes)) {
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
  const Status scheduled =
      base::Contained([this] { executor_.Schedule(io::Priority::kFlush, [this] { MakeSpare(); }); });
  if (scheduled) return;
  base::MutexLock lock(mutex_);  // Take makes one itself.
  making_ = false;
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
    const auto make = [this] {
      Size size = NextSize(0);
      size.most_bytes = std::min(size.most_bytes, settings_.room_bytes());
      return size.most_bytes >= size.least_bytes ? Make(size) : NoRoom();
    };
    if (auto result = base::Contained(make); result) made = std::move(*result);
  }
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(making_ && spare_.file == nullptr);
  spare_ = std::move(made);
  making_ = false;
  made_.NotifyAll();
}

Status SegmentSupply::CheckRoom() const {
  if (settings_.room_bytes() > 0) return {};
  return std::unexpected(NoRoom().error());
}

Result<SegmentSupply::Segment> SegmentSupply::NoRoom() const {
  return base::MakeError(ErrorCode::kNoSpace, "{}: what space is left is kept for flushes, deletes and compactions",
                         settings_.directory);
}

SegmentSupply::Size SegmentSupply::NextSize(uint64_t bytes) const {
  const uint64_t most_bytes = std::max(bytes, next_bytes_.load(std::memory_order_relaxed));
  return {.least_bytes = std::max(bytes, std::min(most_bytes, kSegmentBytesKept)), .most_bytes = most_bytes};
}

Result<SegmentSupply::Segment> SegmentSupply::Take(uint64_t bytes, Use use) {
  Segment spare;
  bool usable;
  bool is_first;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_ASSERT(!stopping_);
    if (!health_) return std::unexpected(health_.error());
    is_first = last_taken_ == key::FileNumber{};
    spare = std::exchange(spare_, {});
    usable = spare.file != nullptr && spare.number > last_taken_ && spare.file->capacity() >= bytes;
  }
  if (spare.file != nullptr && !usable) AMETHYST_TRY(Discard(std::exchange(spare, {})));
  if (spare.file == nullptr) {
    Size size = NextSize(bytes);
    const uint64_t room_bytes = is_first ? size.most_bytes : settings_.room_bytes();
    size.most_bytes = std::min(size.most_bytes, room_bytes);
    auto made = size.most_bytes >= size.least_bytes ? Make(size) : NoRoom();
    const bool is_full = !made && made.error().code() == ErrorCode::kNoSpace;
    if (is_full && use == Use::kDeletes) made = MakeForDeletes({.least_bytes = bytes, .most_bytes = size.least_bytes});
    AMETHYST_ASSIGN(spare, std::move(made));
  }
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(spare.number > last_taken_);  // I7
  AMETHYST_ASSERT(spare.file->capacity() >= bytes);
  last_taken_ = spare.number;
  next_bytes_.store(std::min(kGrowth * spare.file->capacity(), settings_.segment_bytes), std::memory_order_relaxed);
  return spare;
}

Result<SegmentSupply::Segment> SegmentSupply::MakeForDeletes(Size size) {
  auto made = Make(size);
  const bool is_full = !made && made.error().code() == ErrorCode::kNoSpace;
  if (is_full) static_cast<void>(settings_.spend_reserve([&] { made = Make(size); }));
  if (made) made->for_deletes = true;
  return made;
}

Result<SegmentSupply::Segment> SegmentSupply::Make(Size size) {
  AMETHYST_ASSERT(size.least_bytes <= size.most_bytes);
  Segment made{.number = settings_.new_file_number(), .file = nullptr};
  const std::string path = io::JoinPath(settings_.directory, SegmentFileName(made.number));
  AMETHYST_ASSIGN(made.file, Create(path, size));
  if (Status synced = SyncNames(); !synced) {
    const bool is_final = base::ClearsByItself(synced.error()) && !Discard(std::move(made));
    if (is_final) Latch(synced);
    return std::unexpected(synced.error());
  }
  return made;
}

Status SegmentSupply::SyncNames() {
  const auto sync = [&] { return WithDescriptor([&] { return files_.SyncDirectory(settings_.directory); }); };
  Status synced = base::Contained(sync);
  if (!synced && !base::ClearsByItself(synced.error())) Latch(synced);
  return synced;
}

void SegmentSupply::Latch(const Status& failed) {
  {
    base::MutexLock lock(mutex_);
    if (health_) health_ = failed;
  }
  settings_.failed(failed);
}

Result<std::unique_ptr<io::LogSegment>> SegmentSupply::Create(const std::string& path, Size size) {
  io::LogSegmentOptions options{.capacity_bytes = size.most_bytes,
                                .zero_filled = zero_filled_.load(std::memory_order_relaxed)};
  for (;;) {
    auto created = WithDescriptor([&] { return files_.CreateLogSegment(path, options); });
    const bool is_full = !created && created.error().code() == ErrorCode::kNoSpace;
    if (!is_full || options.capacity_bytes <= size.least_bytes) return created;
    options.capacity_bytes = std::max(options.capacity_bytes / 2, size.least_bytes);
  }
}

Status SegmentSupply::Discard(Segment segment) {
  Status removed = base::Contained([&] {
    const std::string path = segment.file->path();
    segment.file.reset();
    return files_.Remove(path);
  });
  if (!removed && removed.error().code() == ErrorCode::kOutOfMemory) return {};
  return removed;
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
