// Reading the log while it is written: the records from a place on, as far as the caller says that they may be read.
//
// The reader has its own file and its own buffer (record_window.h). It reads
// no byte behind the limit that it is given, which is an end of whole records that the log has told (Log::durable_end,
// LogExtent::end): so it never sees a record in the making, a torn tail, or bytes that change later. Each record's
// checksum and ordinal are checked, and at the end of a segment that the next one's header continues it: nothing is
// skipped. Watermarks are passed silently. Thread safety: one thread at a time, beside all that the log does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "amethyst/error.h"
#include "base/hash.h"
#include "io/file_system.h"
#include "key/types.h"
#include "wal/log_extent.h"
#include "wal/log_format.h"
#include "wal/log_position.h"
#include "wal/record_window.h"

namespace amethyst::wal {

class LogReader {
 public:
  using Place = LogPlace;
  // Begins at `from`, a place that the log has, or had. Its last sequence may be above the last record's: then the
  // caller knows that writes which went past the log have used them.
  LogReader(Place place, const LogCut& from) : place_(std::move(place)), at_(from) {}

  using Record = WholeRecord;
  // The next record before `limit`; nullopt: there is none yet. It stays the next until Pass. kTooOld: the log from
  // here on has been removed, or was taken back. kCorruption: damage; kNotSupported: a kind of record that this build
  // does not know.
  [[nodiscard]] Result<std::optional<Record>> Peek(const LogExtent& log, LogPosition limit);
  // Moves behind the record that Peek gave.
  [[nodiscard]] Status Pass();
  // Takes note that all sequence numbers up to `last` were used by writes past the log.
  void PassUnlogged(key::SequenceNumber last) { at_.last_sequence = last; }

  // Behind the last record that was passed, and the watermarks behind it.
  [[nodiscard]] const LogCut& at() const { return at_; }

  // Whether `position` is a place of this log: kTooOld if not, for it is of another history of the database, or from
  // before the log's begin. Reads the log from `known` on, a place that it has, if that is in the same segment and not
  // behind; else from the segment's begin on.
  [[nodiscard]] static Status Check(const Place& place, const LogExtent& log, const LogCut& position,
                                    const LogCut* known);

 private:
  // As Peek, but stops at watermarks.
  [[nodiscard]] Result<std::optional<Record>> PeekAny(const LogExtent& log, LogPosition limit);
  [[nodiscard]] Status FindNext(const LogExtent& log);
  [[nodiscard]] Status StepOver();

  Place place_;
  LogCut at_;
  std::optional<RecordWindow> window_;  // Of at_.segment, once it was opened.
  std::optional<SegmentHeader> next_;   // Of the segment behind it, once it is followed by one.
  std::optional<RecordHeader> peeked_;  // What stands at at_.
};

}  // namespace amethyst::wal
