// Reading a log back after a crash or a clean close: replays every batch in order, cuts a torn tail, refuses damage.
//
// A record that fails its checksum above the known durable end is the torn tail: it and all behind it are dropped, and counted.
// Below it (a later valid record, segment header, or the manifest's recorded end proves that it was durable) it is
// damage: kCorruption, naming file, offset, expected and found. A missing segment, a gap in the record ordinals, or a segment of another database
// is damage too. Thread safety: pure functions over a file system that nobody else writes.
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

namespace amethyst::wal {

// Where a recovered log ends: recorded in the next segment's header, so that what was cut can never come back.
struct LogCut {
  key::FileNumber segment{};        // The last one replayed; 0 for an empty log.
  uint64_t offset = 0;              // Its valid end.
  key::SequenceNumber last_sequence{};
  uint64_t next_ordinal = 0;        // Of the next record.
  uint64_t chained_checksum = 0;    // Over the checksums of all records of the last segment up to the cut.
};

struct LogRecoverySettings {
  std::string directory;
  base::Uid database_uid;
  std::vector<key::FileNumber> segments;  // All *.wal files from the manifest's first needed one on, ascending.
  // From the manifest: the first segment that must exist (unless nothing was ever logged since), and the log's end if it was closed cleanly.
  key::FileNumber first_segment{};
  std::optional<LogCut> clean_end;
  bool read_only = false;  // Then nothing is synced.
};

struct RecoveredBatch {
  key::SequenceNumber first;
  uint32_t count;
  std::string_view payload;  // Valid during the call.
};

struct LogRecoveryReport {
  LogCut cut;
  uint64_t batches = 0;
  uint64_t torn_tails = 0;       // 0 or 1.
  uint64_t torn_bytes = 0;
  std::vector<key::FileNumber> dropped_segments;  // Wholly behind the cut: to be removed by the caller after the new header is durable.
};

// Replays into `apply`, in order. Then syncs every replayed segment: what was replayed may have lived in the page cache only.
[[nodiscard]] Result<LogRecoveryReport> RecoverLog(io::FileSystem& files, const LogRecoverySettings& settings,
                                                   base::FunctionRef<Status(const RecoveredBatch&)> apply);

}  // namespace amethyst::wal
