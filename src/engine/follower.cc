#include "engine/follower.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "base/fork.h"
#include "catalog/read_state.h"
#include "engine/batch_replay.h"
#include "engine/cursor_list.h"
#include "engine/ingest_replay.h"
#include "engine/log_files.h"
#include "key/merge_operators.h"
#include "tree/file_names.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

namespace {

constexpr std::chrono::milliseconds kLeastPause{2};  // Between two looks while the writer writes.

class MarkHeld {
 public:
  MarkHeld(std::shared_ptr<io::ReaderMarks> marks, uint64_t place) : marks_(std::move(marks)), place_(place) {}
  ~MarkHeld() { marks_->LetGo(place_); }
  MarkHeld(const MarkHeld&) = delete;
  MarkHeld& operator=(const MarkHeld&) = delete;

 private:
  const std::shared_ptr<io::ReaderMarks> marks_;
  const uint64_t place_;
};

bool HoldsOperands(const wal::RecoveredBatch& batch) {
  wal::BatchReader reader(batch.payload);
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    if (key::IsLive(entry.kind) && !key::Decides(entry.kind)) return true;
  }
  return false;
}

wal::RecoveredBatch BatchOf(const wal::WholeRecord& record) {
  return {.first = record.header.first,
          .count = record.header.count,
          .payload = record.payload,
          .kind = record.header.kind};
}

}  // namespace

std::unique_ptr<io::FileLock> NoLock() {
  class None final : public io::FileLock {
    Status CheckHeld() const override { return {}; }
    bool OwnedByThisProcess() const override { return base::ForkGeneration() == generation_; }
    const uint32_t generation_ = base::ForkGeneration();
  };
  return std::make_unique<None>();
}

Result<std::unique_ptr<Follower>> Follower::Create(Database& database, const FollowerOptions& options) {
  const Settings settings{.interval = std::chrono::milliseconds(options.refresh_interval_ms),
                          .grace = std::chrono::seconds(options.grace_s)};
  std::unique_ptr<Follower> follower(new Follower(database, settings));
  base::MutexLock lock(follower->mutex_);
  AMETHYST_ASSIGN(follower->hold_, follower->Hold(0));
  return follower;
}

Result<MarkHold> Follower::Hold(uint64_t ordinal, std::chrono::seconds grace) {
  if (marks_ == nullptr) {  // There was no writer since it was restored, or copied; or it had no space.
    const Storage& storage = database_.storage;
    AMETHYST_ASSIGN(marks_,
                    storage.home->files().OpenMarks(storage.PathOf(tree::kReadersFileName), io::MarksFile::kFound));
    if (marks_ == nullptr) return nullptr;
  }
  const uint64_t place = tree::MarkPlace(ordinal, grace);
  AMETHYST_TRY(marks_->Hold(place));
  return std::make_shared<const MarkHeld>(marks_, place);
}

Status Follower::Start(const catalog::CatalogSettings& settings) {
  Storage& storage = database_.storage;
  {
    base::MutexLock lock(mutex_);
    const catalog::RecoveredCatalog& recovered = storage.catalog->recovered();
    tail_.emplace(storage.store, settings, storage.catalog->State(), recovered.manifest, recovered.manifest_end);
    storage.followed_log = std::make_shared<FollowedLog>(PlaceOf(tail_->state()));
    AMETHYST_TRY(RefreshLocked());  // All that is there,
    AMETHYST_TRY(RefreshLocked());  // with what came meanwhile.
  }
  if (settings_.interval.count() == 0) return {};
  AMETHYST_ASSIGN(looks_, database_.workers.flushes->ScheduleEvery(settings_.interval, [this] { Look(); }));
  return {};
}

void Follower::Stop() {
  {
    base::MutexLock lock(pause_mutex_);
    stops_ = true;
    stopped_.NotifyAll();
  }
  looks_.reset();
  base::MutexLock lock(mutex_);
  parts_.clear();
  hold_.reset();
  if (database_.storage.followed_log != nullptr) database_.storage.followed_log->LetGoOfFiles();
}

Status Follower::Refresh() {
  return Locked([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return RefreshLocked(); });
}

Status Follower::Capture(base::FunctionRef<Status(Captured)> take) {
  Status taken;
  AMETHYST_TRY(Locked([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS -> Status {
    AMETHYST_ASSIGN(Captured captured,
                    BesideWriter(database_.environment->clock(),
                                 [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return CaptureLocked(); }));
    taken = base::Contained([&] { return take(std::move(captured)); });
    return {};
  }));
  return taken;
}

Result<Follower::Captured> Follower::CaptureLocked() {
  AMETHYST_TRY(Step());
  // The manifest notes a family, or that values expire, before the log tells of one: so it has all that was read of
  // the log just now.
  AMETHYST_TRY(TakeEdits());
  Captured captured{.state = tail_->state()};
  AMETHYST_ASSIGN(captured.files, Hold(shown_ordinal_, kCopyGrace));
  AMETHYST_ASSIGN(parts_, Unflushed(captured.state, Overlap::kNone));
  ShowParts(captured.state.forest);
  for (const Part& part : parts_) {
    if (!part.buffer->Empty()) captured.unflushed.push_back(part.buffer);
  }
  return captured;
}

// Looks again soon while there is something new.
void Follower::Look() {
  io::Clock& clock = database_.environment->clock();
  for (bool is_new = true; is_new;) {
    const std::chrono::nanoseconds begin = clock.Monotonic();
    const uint64_t before = database_.reads->visible.load(std::memory_order_relaxed);
    const Status refreshed = Refresh();
    if (!refreshed && failure_ != refreshed.error().message()) {
      failure_ = refreshed.error().message();
      database_.health.Log("the follower stays behind: " + failure_);
    }
    is_new = refreshed && database_.reads->visible.load(std::memory_order_relaxed) != before;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock.Monotonic() - begin);
    const auto pause = std::max<std::chrono::microseconds>(took, kLeastPause);
    base::MutexLock lock(pause_mutex_);
    if (pause >= settings_.interval) return;
    const auto stops = [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return stops_; };
    if (database_.workers.flushes->WaitFor(pause_mutex_, stopped_, stops, pause)) return;
  }
}

Status Follower::RefreshLocked() {
  // A step that has read everything anew may have ended before the log did.
  constexpr int kStepsMax = 3;
  for (int steps = 0; steps < kStepsMax; ++steps) {
    AMETHYST_TRY(
        BesideWriter(database_.environment->clock(), [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return Step(); }));
    if (database_.storage.followed_log->reach().is_whole) return {};
  }
  return base::MakeError(ErrorCode::kBusy, "the writer takes back what it has written; try again");
}

Status Follower::Step() {
  const std::chrono::nanoseconds began = database_.environment->clock().Monotonic();
  if (!log_) return StartOver();
  const Status taken = TakeEdits();
  if (!taken && taken.error().code() == ErrorCode::kTooOld) return StartOver();
  AMETHYST_TRY(taken);
  log_->LookAgain();
  std::optional<key::FileNumber> newest;  // Segment, once there is more to read than a step.
  for (Reading reading = Reading::kPart; reading == Reading::kPart && (!newest || log_->at().segment <= *newest);) {
    const WriteBufferPtr active = parts_.back().buffer;
    const Result<Reading> read =
        ReadLog(*tail_->state().forest, tail_->state().flushed_sequence, key::kSequenceMax, &*log_, &parts_);
    if (!read && read.error().code() == ErrorCode::kTooOld) return StartOver();
    if (parts_.back().buffer != active) ShowParts(tail_->state().forest);
    MoveTo(log_->at().last_sequence);
    AMETHYST_ASSIGN(reading, read);
    if (reading != Reading::kWhole) TellFeeds(reading, began);
    if (reading == Reading::kNeedsManifest) {
      return base::MakeError(ErrorCode::kBusy, "the log tells of a family that the manifest does not yet");
    }
    if (reading == Reading::kPart && !newest) {
      AMETHYST_ASSIGN(const std::vector<key::FileNumber> segments, ListSegments(database_.storage));
      newest = segments.empty() ? log_->at().segment : segments.back();
    }
  }
  TellFeeds(Reading::kWhole, began);  // Of all that was there when it began.
  return {};
}

Status Follower::TakeEdits() {
  AMETHYST_TRY(tail_->Read());
  if (tail_->place().Ordinal() == shown_ordinal_) return {};
  AMETHYST_TRY(CheckIsSameHistory());
  // Before the old mark goes, which keeps the files of the state to come as well.
  AMETHYST_ASSIGN(MarkHold hold, Hold(tail_->place().Ordinal()));
  return ShowState(std::move(hold), tail_->state().flushed_sequence);
}

// A segment is there before an edit of what it holds; and where the writer has closed and none is, the manifest says
// where the log ended.
Status Follower::CheckIsSameHistory() const {
  const wal::LogCut& at = log_->at();
  const std::optional<wal::LogCut>& end = tail_->state().clean_log_end;
  if (end && end->segment == at.segment && end->position() <= at.position() && !wal::IsSamePlace(*end, at)) {
    return base::MakeError(ErrorCode::kTooOld, "the log was closed at {}, before what was read of it", end->offset);
  }
  return log_->CheckNotTakenBack();
}

Status Follower::StartOver() {
  const std::chrono::nanoseconds began = database_.environment->clock().Monotonic();
  AMETHYST_ASSIGN(const MarkHold all, Hold(0));
  AMETHYST_TRY(tail_->Read());
  const catalog::CatalogState& state = tail_->state();
  AMETHYST_ASSIGN(MarkHold hold, Hold(tail_->place().Ordinal()));
  AMETHYST_ASSIGN(wal::LogFollower log, BeginOfLog(state));
  Parts parts{{.buffer = NewBuffer(0), .places = {log.at()}}};
  const auto is_ended = [this] {
    const Storage& storage = database_.storage;
    return catalog::WritingIn(storage.home->files(), storage.directory) == catalog::Writing::kHasEnded;
  };
  const bool has_ended = is_ended();
  Reading reading = Reading::kWhole;
  if (has_ended) {
    const Status read = ReadEndedLog(state, &log, &parts);
    if (!read && is_ended()) return read;
    if (!read) return base::MakeError(ErrorCode::kBusy, "a writer has opened the database meanwhile");
  } else {  // As far as reads have seen it; what is behind comes with the next step.
    const uint64_t seen = database_.reads->visible.load(std::memory_order_relaxed);
    for (reading = Reading::kPart;
         reading == Reading::kPart && key::Raw(std::max(state.flushed_sequence, log.at().last_sequence)) < seen;) {
      AMETHYST_ASSIGN(reading, ReadLog(*state.forest, state.flushed_sequence, key::kSequenceMax, &log, &parts));
    }
  }
  log_ = std::move(log);
  parts_ = std::move(parts);
  // First, so that no read sees numbers that the new view has still to be given.
  GoBackTo(std::max(state.flushed_sequence, log_->at().last_sequence));
  AMETHYST_TRY(ShowState(std::move(hold), log_->at().last_sequence));
  TellFeeds(has_ended ? Reading::kWhole : Reading::kPart, began);
  return {};
}

wal::LogFollower::Place Follower::PlaceOf(const catalog::CatalogState& state) const {
  const Storage& storage = database_.storage;
  return {.files = &storage.home->files(), .directory = storage.directory, .database_uid = state.database_uid};
}

Result<wal::LogFollower> Follower::BeginOfLog(const catalog::CatalogState& state) const {
  const wal::LogFollower::Place place = PlaceOf(state);
  if (state.has_no_log()) return wal::LogFollower(place, state.clean_log_end.value_or(wal::LogCut()));
  AMETHYST_ASSIGN(const wal::SegmentHeader header, wal::ReadHeaderOf(place, state.first_log_segment));
  return wal::LogFollower(place, header.Begin());
}

WriteBufferPtr Follower::NewBuffer(size_t bytes) const {
  return database_.write_buffers->New(std::max(database_.settings.write_buffer_bytes.get(), bytes));
}

Result<Follower::Reading> Follower::ReadLog(const tree::Forest& forest, key::SequenceNumber after,
                                            key::SequenceNumber last, wal::LogFollower* log, Parts* parts) {
  for (uint64_t bytes = 0; bytes < kStepBytes;) {
    AMETHYST_ASSIGN(const std::optional<wal::WholeRecord> record, log->Peek());
    if (!record) return Reading::kWhole;
    bytes += record->header.padded_bytes();
    const wal::RecoveredBatch batch = BatchOf(*record);
    if (batch.count > 0 && batch.first > last) return Reading::kWhole;
    if (batch.count > 0 && LastOf(batch) > after) {
      if (!CheckFamilies(forest, batch)) return Reading::kNeedsManifest;
      AMETHYST_TRY(Apply(forest, batch, log->at(), parts));
    }
    AMETHYST_TRY(log->Pass());
  }
  return Reading::kPart;
}

Status Follower::ReadEndedLog(const catalog::CatalogState& state, wal::LogFollower* log, Parts* parts) {
  const Storage& storage = database_.storage;
  AMETHYST_ASSIGN(wal::LogRecoverySettings settings, LogToRecover(storage, state));
  settings.read_only = true;
  const wal::LogCut begin = log->at();
  AMETHYST_ASSIGN(const wal::LogRecoveryReport report,
                  wal::RecoverLog(storage.home->files(), settings, [&](const wal::RecoveredBatch& batch) -> Status {
                    AMETHYST_TRY(CheckFamilies(*state.forest, batch));
                    if (LastOf(batch) <= state.flushed_sequence) return {};
                    return Apply(*state.forest, batch, begin, parts);
                  }));
  *log = wal::LogFollower(PlaceOf(state), report.cut);
  return {};
}

Status Follower::Apply(const tree::Forest& forest, const wal::RecoveredBatch& batch, const wal::LogCut& at,
                       Parts* parts) {
  if (batch.kind == wal::RecordKind::kIngest) {
    AMETHYST_ASSIGN(WriteBufferPtr layer, LayerOf(database_, forest, batch));
    if (layer == nullptr) return {};
    parts->push_back({.buffer = std::move(layer), .places = {at}});
    parts->push_back({.buffer = NewBuffer(0), .places = {at}});
    return {};
  }
  const size_t bytes = MemoryOf(batch);
  if (!parts->back().buffer->memtable.HasRoom(bytes)) parts->push_back({.buffer = NewBuffer(bytes), .places = {at}});
  Part& part = parts->back();
  const bool is_next = part.buffer->Empty() || key::Raw(batch.first) == key::Raw(part.buffer->last_sequence()) + 1;
  if (!is_next || HoldsOperands(batch)) part.may_stand_twice = false;
  std::vector<wal::LogCut>& places = part.places;
  const bool is_far = at.segment > places.back().segment || at.offset >= places.back().offset + kStepBytes;
  if (is_far) places.push_back(at);
  uint64_t dropped = 0;
  InsertBatch(forest, batch, &part.buffer->memtable, &dropped);
  return {};
}

Result<Follower::Parts> Follower::Unflushed(const catalog::CatalogState& state, Overlap overlap) {
  const key::SequenceNumber flushed = state.flushed_sequence;
  Parts unflushed;
  for (const Part& part : parts_) {
    if (part.buffer->Empty() || part.buffer->last_sequence() <= flushed) continue;
    const bool may_stay = overlap == Overlap::kAllowed && part.may_stand_twice;
    if (part.buffer->first_sequence() > flushed || may_stay) {
      unflushed.push_back(part);
      continue;
    }
    // The writer went on to its next memtable in the middle of this one.
    const auto behind = std::ranges::upper_bound(part.places, flushed, {}, &wal::LogCut::last_sequence);
    const wal::LogCut begin = behind == part.places.begin() ? part.places.front() : *std::prev(behind);
    wal::LogFollower again(PlaceOf(state), begin);
    Parts rest{{.buffer = NewBuffer(0), .places = {begin}}};
    for (Reading reading = Reading::kPart; reading == Reading::kPart;) {
      AMETHYST_ASSIGN(reading, ReadLog(*state.forest, flushed, part.buffer->last_sequence(), &again, &rest));
    }
    std::move(rest.begin(), rest.end(), std::back_inserter(unflushed));
  }
  const bool needs_active = unflushed.empty() || unflushed.back().buffer->ingested != nullptr;
  if (needs_active) unflushed.push_back({.buffer = NewBuffer(0), .places = {log_->at()}});
  return unflushed;
}

Status Follower::ShowState(MarkHold hold, key::SequenceNumber sequence) {
  const catalog::CatalogState& state = tail_->state();
  AMETHYST_ASSIGN(Parts unflushed, Unflushed(state, Overlap::kAllowed));
  if (state.read_time_ms) database_.storage.read_clock->UseFrom(*state.read_time_ms);
  const key::Merging& merging = database_.reads->merging();
  if (state.merge_operator_name && merging.operator_name != *state.merge_operator_name) {
    key::Merging changed{.operator_name = *state.merge_operator_name};
    key::GiveOperator(merging.merge_operator, &changed);
    database_.reads->SetMerging(std::move(changed));
  }
  parts_ = std::move(unflushed);
  hold_ = std::move(hold);
  shown_ordinal_ = tail_->place().Ordinal();
  database_.storage.cursors->Follow(state.cursors);
  // Before the view: see there.
  if (state.has_no_log()) MoveTo(state.last_sequence);
  MoveTo(std::max(state.flushed_sequence, sequence));
  ShowParts(state.forest);
  return {};
}

void Follower::MoveTo(key::SequenceNumber sequence) {
  std::atomic<uint64_t>& visible = database_.reads->visible;
  if (key::Raw(sequence) > visible.load(std::memory_order_relaxed)) {
    visible.store(key::Raw(sequence), std::memory_order_release);
  }
}

void Follower::GoBackTo(key::SequenceNumber sequence) {
  const catalog::CatalogState& state = tail_->state();
  if (state.has_no_log()) sequence = std::max(sequence, state.last_sequence);
  std::atomic<uint64_t>& visible = database_.reads->visible;
  if (visible.load(std::memory_order_relaxed) > key::Raw(sequence)) {
    visible.store(key::Raw(sequence), std::memory_order_release);
  }
}

void Follower::ShowParts(std::shared_ptr<const tree::Forest> forest) {
  auto view = std::make_shared<View>();
  view->active = parts_.back().buffer;
  for (auto part = parts_.rbegin() + 1; part != parts_.rend(); ++part) view->immutable.push_back(part->buffer);
  view->version = forest->default_family().version;
  view->forest = std::move(forest);
  view->files = hold_;
  RetireLargeView(database_.reads->view.Update([&](const View&) { return view; }));
}

}  // namespace amethyst::engine
