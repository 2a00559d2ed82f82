#include "wal/log.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"

namespace amethyst::wal {

namespace {

// A record that does not go into mapped memory is put together first, up to this size: one store instead of three.
constexpr uint64_t kStagedBytesMax = uint64_t{64} << 10;

}  // namespace

Log::Log(io::Environment& environment, io::Executor& executor, LogSettings settings, const LogCut& cut)
    : files_(environment.files()),
      clock_(environment.clock()),
      executor_(executor),
      settings_(std::move(settings)),
      group_commit_{.bytes = settings_.group_commit_bytes, .delay_us = settings_.group_commit_delay_us},
      supply_(files_, executor_,
              {.directory = settings_.directory,
               .segment_bytes = settings_.segment_bytes,
               .new_file_number = settings_.new_file_number,
               .may_write = [this] { return !latched_.load(std::memory_order_acquire) && settings_.may_write(); },
               .free_descriptors = settings_.free_descriptors,
               .room_bytes = settings_.room_bytes,
               .spend_reserve = settings_.spend_reserve,
               .failed = [this](const Status& failed) { static_cast<void>(Latch(failed)); }}),
      begin_(cut),
      cut_(cut),
      appended_{.last_sequence = key::Raw(cut.last_sequence)},
      announced_(settings_.announce == nullptr),
      covered_{.last_sequence = key::Raw(cut.last_sequence)} {
  AMETHYST_ASSERT(std::ranges::is_sorted(settings_.replayed_segments));
  base::MutexLock lock(mutex_);
  durable_ = cut.position();
  for (const auto* const numbers : {&settings_.kept_segments, &settings_.replayed_segments}) {
    for (const key::FileNumber number : *numbers) segments_.push_back({.number = number, .file = nullptr});
  }
  AMETHYST_ASSERT(std::ranges::is_sorted(segments_, {}, &Segment::number));
}

Log::~Log() {
  // Nothing may be removed here; the next recovery reports the spare as dropped.
  static_cast<void>(supply_.Stop(true));
}

Result<std::unique_ptr<Log>> Log::Create(io::Environment& environment, io::Executor& executor, LogSettings settings,
                                         const LogCut& cut) {
  std::unique_ptr<Log> log(new Log(environment, executor, std::move(settings), cut));
  log->MeasureOldSegments();
  if (log->settings_.announce != nullptr) return log;  // The first Append begins it.
  const Status begun = log->Roll(0, SegmentSupply::Use::kAll);
  if (begun) AMETHYST_TRY(log->SyncHeader());
  if (!begun && !base::ClearsByItself(begun.error())) return std::unexpected(begun.error());
  return log;
}

// One whose size nobody tells counts as nothing, against no limit.
void Log::MeasureOldSegments() {
  base::MutexLock lock(mutex_);
  for (Segment& segment : segments_) {
    const auto bytes = files_.FileSize(io::JoinPath(settings_.directory, SegmentFileName(segment.number)));
    if (bytes) segment.end = *bytes;
  }
}

Status Log::Start(uint64_t record_bytes, SegmentSupply::Use use, uint32_t version) {
  AMETHYST_TRY(Roll(record_bytes, use, version));
  Status synced = base::Contained([this] { return SyncHeader(); });
  if (synced) return {};
  current_ = nullptr;  // No record may come before the header is durable: the next begins another segment.
  deletes_only_ = false;
  room_end_ = 0;
  return synced;
}

// Nor where nobody reads the log: without it the next open could not tell how older segments go on.
Status Log::SyncHeader() {
  const bool can_wait = settings_.replayed_segments.empty() && !settings_.readers->LeastHeld();
  return can_wait ? Status() : SyncAll();
}

uint32_t Log::CurrentVersion() const {
  base::MutexLock lock(mutex_);
  return segments_.back().version;
}

Status Log::Roll(uint64_t record_bytes, SegmentSupply::Use use, uint32_t version) {
  {
    base::MutexLock lock(mutex_);  // So that nothing fails once the segment has a header.
    segments_.reserve(segments_.size() + 1);
  }
  auto next = base::Contained([&] { return supply_.Take(kSegmentHeaderBytes + record_bytes, use); });
  if (!next) {
    const Status failed = std::unexpected(std::move(next).error());
    return supply_.health() ? failed : Latch(failed);
  }
  const SegmentHeader header{.version = version,
                             .database_uid = settings_.database_uid,
                             .segment = next->number,
                             .cut = cut_,
                             .durable = durable_end()};
  std::array<char, kSegmentHeaderBytes> bytes;
  EncodeSegmentHeader(header, bytes);
  const Status stored = base::Contained([&] { return next->file->Store(0, {bytes.data(), bytes.size()}); });
  if (!stored) {
    const bool clears = base::ClearsByItself(stored.error()) && supply_.Discard(std::move(*next));
    return clears ? stored : Latch(stored);
  }

  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(segments_.empty() || segments_.back().number < next->number);  // I7
  AMETHYST_ASSERT(segments_.size() < segments_.capacity());
  if (!segments_.empty()) segments_.back().end = cut_.offset;
  current_ = std::move(next->file);
  checksum_owner_ = ChecksumOwner(settings_.database_uid, next->number);
  segments_.push_back({.number = next->number, .file = current_, .version = version});
  started_ = true;
  cut_ = header.Begin();
  noted_watermark_ = cut_.offset;
  torn_ = false;
  deletes_only_ = next->for_deletes;
  room_end_ = deletes_only_ ? 0 : current_->capacity();
  prepare_at_ = current_->capacity() / 2;
  durable_offset_.store(0, std::memory_order_relaxed);
  batches_end_.store(cut_.offset, std::memory_order_release);
  end_offset_.store(cut_.offset, std::memory_order_release);
  return {};
}

Result<LogPosition> Log::Append(key::SequenceNumber first, uint32_t count, std::string_view payload,
                                uint64_t payload_hash) {
  if (latched_.load(std::memory_order_acquire)) [[unlikely]]
    return std::unexpected(health().error());
  if (payload.size() > kPayloadBytesMax) {
    return base::InvalidArgument("batch of {} bytes: a log record holds {} at the most", payload.size(),
                                 kPayloadBytesMax);
  }
  AMETHYST_ASSERT(count > 0 && count <= payload.size() / kBatchEntryBytesMin);
  AMETHYST_ASSERT(first > cut_.last_sequence);  // I1
  const RecordHeader header{.length = static_cast<uint32_t>(kRecordHeaderBytes + payload.size()),
                            .count = count,
                            .kind = RecordKind::kBatch,
                            .first = first};
  if (cut_.offset + header.padded_bytes() > room_end_) [[unlikely]]
    AMETHYST_TRY(MakeRoom(header.padded_bytes(), payload));
  AMETHYST_TRY(AppendRecord(header, payload, payload_hash));
  batches_end_.store(cut_.offset, std::memory_order_release);
  if (cut_.offset >= prepare_at_) {
    prepare_at_ = std::numeric_limits<uint64_t>::max();
    supply_.Prepare();
  }
  return cut_.position();
}

Status Log::MakeRoom(uint64_t record_bytes, std::string_view payload) {
  const bool frees_space = HoldsOnlyDeletes(payload);
  if (deletes_only_ && !frees_space) {
    AMETHYST_TRY(supply_.CheckRoom());
    deletes_only_ = false;
    room_end_ = torn_ ? 0 : current_->capacity();
  }
  if (current_ != nullptr && !torn_ && cut_.offset + record_bytes <= current_->capacity()) return {};
  const auto use = frees_space ? SegmentSupply::Use::kDeletes : SegmentSupply::Use::kAll;
  return current_ == nullptr ? Start(record_bytes, use) : Roll(record_bytes, use);
}

Status Log::FailedToStore(const Status& failed) {
  if (!base::ClearsByItself(failed.error())) return Latch(failed);
  torn_ = true;
  room_end_ = 0;
  return failed;
}

Status Log::BeginSegment() {
  if (latched_.load(std::memory_order_acquire)) return health();
  if (current_ == nullptr) return Start(0, SegmentSupply::Use::kAll);
  return cut_.offset == kSegmentHeaderBytes ? Status() : Roll(0, SegmentSupply::Use::kAll);
}

Status Log::AppendRecord(RecordHeader header, std::string_view payload, uint64_t payload_hash) {
  AMETHYST_DCHECK(current_ != nullptr && !torn_);
  AMETHYST_DCHECK(cut_.offset == end_offset_.load(std::memory_order_relaxed));
  header.ordinal_low = static_cast<uint32_t>(cut_.next_ordinal);
  header.durable_offset = durable_offset_.load(std::memory_order_acquire);
  AMETHYST_DCHECK(header.durable_offset <= cut_.offset);  // I5
  if (Status stored = StoreRecord(&header, payload, payload_hash); !stored) [[unlikely]]
    return FailedToStore(stored);
  AMETHYST_ASSERT(PassRecord(header, &cut_).has_value());  // I9
  if (header.durable_offset > 0) noted_watermark_ = header.durable_offset;
  appended_.records.store(appended_.records.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  end_offset_.store(cut_.offset, std::memory_order_release);
  // After the end, so that a flush that goes by these covers what they count.
  appended_.bytes.store(appended_.bytes.load(std::memory_order_relaxed) + header.padded_bytes(),
                        std::memory_order_release);
  appended_.last_sequence.store(key::Raw(cut_.last_sequence), std::memory_order_release);
  return {};
}

Status Log::StoreRecord(RecordHeader* header, std::string_view payload, uint64_t payload_hash) {
  constexpr std::array<char, kRecordAlignment> kZeros{};
  const base::Location location{.owner = checksum_owner_, .offset = cut_.offset};
  const uint64_t record_bytes = header->padded_bytes();
  const std::string_view padding(kZeros.data(), record_bytes - header->length);
  AMETHYST_DCHECK(padding.size() < kRecordAlignment);
  const std::span<char> mapped = current_->Mapped(cut_.offset, record_bytes);
  if (mapped.empty() && record_bytes > kStagedBytesMax) {
    std::array<char, kRecordHeaderBytes> header_bytes;
    header->checksum = EncodeRecordHeader(*header, payload_hash, location, header_bytes.data());
    return base::Contained([&]() -> Status {
      // The header last, so that a follower never takes a record whose store fails for a whole one.
      AMETHYST_TRY(current_->Store(cut_.offset + kRecordHeaderBytes, payload));
      if (!padding.empty()) AMETHYST_TRY(current_->Store(cut_.offset + header->length, padding));
      return current_->Store(cut_.offset, {header_bytes.data(), header_bytes.size()});
    });
  }
  if (mapped.empty()) staging_.resize(record_bytes);
  char* const to = mapped.empty() ? staging_.data() : mapped.data();
  header->checksum = EncodeRecordHeader(*header, payload_hash, location, to);
  std::copy_n(payload.data(), payload.size(), to + kRecordHeaderBytes);
  std::copy_n(padding.data(), padding.size(), to + header->length);
  return mapped.empty() ? base::Contained([this] { return current_->Store(cut_.offset, staging_); }) : Status();
}

bool Log::WatermarkIsDue() const {
  const uint64_t durable = durable_offset_.load(std::memory_order_acquire);
  const bool is_due = noted_watermark_ < std::min(durable, batches_end_.load(std::memory_order_relaxed));
  // Where there is no room, the next record begins a segment, whose header notes it.
  return is_due && !torn_ && cut_.offset + kRecordHeaderBytes <= current_->capacity();
}

Status Log::AppendWatermarkIfDue() {
  if (latched_.load(std::memory_order_acquire)) return health();
  if (!WatermarkIsDue()) return {};
  return AppendRecord({.length = kRecordHeaderBytes, .kind = RecordKind::kWatermark, .first = cut_.last_sequence}, {},
                      base::Hash64({}));
}

bool Log::HasBefore(key::FileNumber first_needed) const {
  const key::FileNumber held = settings_.readers->LeastHeld().value_or(first_needed);
  base::MutexLock lock(mutex_);
  return !segments_.empty() && segments_.front().number < std::min(first_needed, held);
}

uint64_t Log::held_bytes() const {
  const key::FileNumber first_needed = settings_.readers->first_needed();
  base::MutexLock lock(mutex_);
  uint64_t bytes = 0;
  for (auto segment = segments_.begin(); segment != segments_.end() && segment->number < first_needed; ++segment) {
    bytes += segment->end;
  }
  return bytes;
}

Result<bool> Log::Has(key::FileNumber segment) const {
  base::MutexLock lock(mutex_);
  return std::ranges::binary_search(segments_, segment, {}, &Segment::number);
}

Result<std::optional<key::FileNumber>> Log::SegmentBehind(key::FileNumber number) const {
  base::MutexLock lock(mutex_);
  const auto behind = std::ranges::upper_bound(segments_, number, {}, &Segment::number);
  if (behind == segments_.end()) return std::nullopt;
  return behind->number;
}

Status Log::RemoveBefore(key::FileNumber first_needed) {
  first_needed = settings_.readers->FirstToKeep(first_needed);
  std::vector<Segment> removed;
  {
    base::MutexLock lock(mutex_);
    AMETHYST_TRY(health_);
    if (segments_.empty()) return {};
    auto kept = std::ranges::find_if(segments_, [&](const Segment& segment) { return segment.number >= first_needed; });
    if (kept == segments_.end()) --kept;
    removed.reserve(segments_.size());
    std::move(segments_.begin(), kept, std::back_inserter(removed));
    segments_.erase(segments_.begin(), kept);
    AMETHYST_ASSERT(!segments_.empty());  // Never the current one.
  }
  for (Segment& segment : removed) {
    segment.file.reset();
    AMETHYST_TRY(settings_.remove == nullptr
                     ? files_.Remove(io::JoinPath(settings_.directory, SegmentFileName(segment.number)))
                     : settings_.remove(segment.number));
  }
  return {};
}

Result<LogCut> Log::Close(Content content) {
  const bool is_needed = content == Content::kNeeded;
  Status closed = is_needed ? SyncAll() : Status();
  if (closed) closed = health();
  const Status stopped = supply_.Stop(!closed);
  std::vector<Segment> segments;
  {
    base::MutexLock lock(mutex_);
    if (!segments_.empty()) segments_.back().end = cut_.offset;
    segments = segments_;
    for (Segment& segment : segments_) segment.file = nullptr;
    LatchLocked(base::MakeError(ErrorCode::kClosed, "the log in {} was closed", settings_.directory));
  }
  current_ = nullptr;
  for (const Segment& segment : segments) {
    if (is_needed && closed && segment.file != nullptr) closed = segment.file->Close(segment.end);
  }
  AMETHYST_TRY(closed);
  AMETHYST_TRY(stopped);
  return cut_;
}

Status Log::Latch(const Status& failed) {
  base::MutexLock lock(mutex_);
  LatchLocked(failed);
  return health_;
}

void Log::LatchLocked(const Status& failed) noexcept {
  AMETHYST_ASSERT(!failed);
  if (!health_) return;
  // Freeing what is short does not help any more: the caller must not be told so.
  health_ = std::unexpected(base::MadeWithoutFail([&] { return base::AsLasting(failed.error()); }));
  AMETHYST_DCHECK(!base::ClearsByItself(health_.error()));
  latched_.store(true, std::memory_order_release);
  flushed_.NotifyAll();
  settings_.readers->Wake();
}

LogPosition Log::EndLocked() const {
  if (!started_) return durable_;
  return {.segment = segments_.back().number, .offset = end_offset_.load(std::memory_order_acquire)};
}

LogPosition Log::end() const {
  base::MutexLock lock(mutex_);
  return EndLocked();
}

LogCut Log::end_cut() const { return cut_; }

std::optional<LogCut> Log::BeginOfUnstarted() const {
  base::MutexLock lock(mutex_);
  return segments_.empty() ? std::optional(begin_) : std::nullopt;
}

key::FileNumber Log::current_segment() const {
  base::MutexLock lock(mutex_);
  return segments_.empty() ? durable_.segment : segments_.back().number;
}

std::vector<key::FileNumber> Log::segments() const {
  base::MutexLock lock(mutex_);
  std::vector<key::FileNumber> numbers;
  numbers.reserve(segments_.size());
  for (const Segment& segment : segments_) numbers.push_back(segment.number);
  return numbers;
}

Status Log::health() const {
  base::MutexLock lock(mutex_);
  return health_;
}

LogStats Log::stats() const {
  base::MutexLock lock(mutex_);
  return {.bytes_appended = appended_.bytes.load(std::memory_order_relaxed),
          .records = appended_.records.load(std::memory_order_relaxed),
          .syncs = syncs_,
          .syncs_shared = syncs_shared_};
}

}  // namespace amethyst::wal
