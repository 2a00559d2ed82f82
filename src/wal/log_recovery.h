// Reading a log back after a crash or a clean close: replays every batch in order, cuts a torn tail, refuses damage.
//
// What fails above the known durable end is the torn tail: it and all behind it are dropped, and counted. Below it it
// is damage: kCorruption, naming file, offset, expected and found. These prove that a place was durable: a watermark
// above it in a valid record behind it (however far, and whatever is broken in between), a watermark or a header in a
// later segment, the manifest's clean end. A crash leaves none of these behind a torn tail, for they are written only
// after the sync that they speak of; the records of the last group before a crash, whose sync nobody could note any
// more, are the only durable ones that can be taken for one. A missing segment, a gap in the record ordinals, or a
// segment of another database is damage always.
//
// What only a newer build can read is neither: a record of an unknown kind whose checksum holds, wherever it stands,
// and an entry of an unknown kind or family give kNotSupported, naming file, offset and number. It is never cut.
//
// Segments form a chain by the "previous" in their headers, a later segment winning over an earlier one with the same:
// so what an earlier recovery has cut or dropped never comes back, though a crash kept it from being removed.
//
// Thread safety: pure functions over a file system that nobody else writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/hash.h"
#include "io/file_system.h"
#include "key/types.h"
#include "wal/log_format.h"
#include "wal/log_position.h"

namespace amethyst::wal {

struct LogRecoverySettings {
  std::string directory;
  base::Uid database_uid;
  std::vector<key::FileNumber> segments;  // All *.wal files from the manifest's first needed one on, ascending.
  // From the manifest: the first segment, which must exist, so it is named there only once Log::Create or an Append
  // made it (0: none must); and the log's end if it was closed cleanly. If that is before the first segment, the log is
  // empty, and the next one goes on there.
  key::FileNumber first_segment{};
  std::optional<LogCut> clean_end;
  bool read_only = false;  // Then nothing is synced.
};

// Or an ingest, whose payload is for the caller to read.
struct RecoveredBatch {
  key::SequenceNumber first;
  uint32_t count;
  std::string_view payload;  // Of a batch `count` whole entries, all known to this build. Valid during the call.
  RecordKind kind = RecordKind::kBatch;
};

struct LogRecoveryReport {
  LogCut cut;
  uint64_t batches = 0;
  uint64_t torn_tails = 0;  // 0 or 1.
  uint64_t torn_bytes = 0;  // From the cut to the last byte that is not zero, later segments included.
  std::vector<key::FileNumber> replayed_segments;
  std::vector<key::FileNumber>
      dropped_segments;  // Not of the log: to be removed by the caller after the new header is durable.
};

// Replays into `apply`, in order. Then syncs every replayed segment: what was replayed may have lived in the page cache
// only. An error may come after some batches were applied: the caller throws them away.
[[nodiscard]] Result<LogRecoveryReport> RecoverLog(io::FileSystem& files, const LogRecoverySettings& settings,
                                                   base::FunctionRef<Status(const RecoveredBatch&)> apply);

}  // namespace amethyst::wal
