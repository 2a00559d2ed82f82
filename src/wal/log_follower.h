// Reading the log that another process writes: the records from a place on, as they come to stand in its files.
//
// Stores of a process on the same machine are seen through the page cache, in their order, before any sync. A record
// counts once its checksum holds; what stands at the end and does not hold yet is taken for one in the making. When a
// later segment's header continues the log from here, the follower goes on there: the header says where the log ended,
// so nothing is passed over. What a writer takes back (a record whose store failed after it had got whole, or what a
// recovery cut) shows in the same place: the log then does not go on from where the follower is, and it has to start
// over.
//
// Watermarks are passed silently. Thread safety: one thread at a time, beside all that the writer does.
#pragma once

#include <optional>
#include <utility>

#include "amethyst/error.h"
#include "wal/log_format.h"
#include "wal/log_position.h"
#include "wal/record_window.h"

namespace amethyst::wal {

class LogFollower {
 public:
  using Place = LogPlace;
  // From `from` on, a place that the log has or had.
  LogFollower(Place place, const LogCut& from) : place_(std::move(place)), at_(from) {}

  // What comes next: nullopt, nothing yet. It stays the next until Pass. kTooOld: the log does not go on from here.
  // kCorruption: damage, which a later segment proves; kNotSupported: a kind of record that this build does not know.
  [[nodiscard]] Result<std::optional<WholeRecord>> Peek();
  // Moves behind the record that Peek gave.
  [[nodiscard]] Status Pass();
  // kTooOld: a later segment says that the log ended before what was read of it.
  [[nodiscard]] Status CheckNotTakenBack() const;
  // What was read ahead may have been written since: to be called before the next look at the end.
  void LookAgain() {
    if (window_) window_->Forget();
    file_bytes_.reset();
  }

  // Behind the last record that was passed, and the watermarks behind it.
  [[nodiscard]] const LogCut& at() const { return at_; }
  // Up to where the log is known to be durable, by what was read of it.
  [[nodiscard]] LogPosition durable() const { return durable_; }

 private:
  [[nodiscard]] Result<std::optional<WholeRecord>> PeekAny();
  // What stands here, or why that is no record.
  [[nodiscard]] Result<WholeRecord> ReadHere();
  // Steps over to the segment that continues the log from here, if there is one: true.
  [[nodiscard]] Result<bool> StepOver(const Error& why_no_record);

  Place place_;
  LogCut at_;
  LogPosition durable_;
  std::optional<RecordWindow> window_;  // Of at_.segment, once it was opened.
  std::optional<uint64_t> cut_offset_;  // Where its successor says that it ends, if it had one when it was opened.
  std::optional<uint64_t> file_bytes_;  // Of its file, as of the last look.
  std::optional<RecordHeader> peeked_;  // What stands at at_.
};

// The header of the newest segment that says it goes on where `segment` ends; nullopt: none does. kTooOld: that
// segment is gone, and so is what came behind it.
[[nodiscard]] Result<std::optional<SegmentHeader>> FindSegmentBehind(const LogPlace& place, key::FileNumber segment);

}  // namespace amethyst::wal
