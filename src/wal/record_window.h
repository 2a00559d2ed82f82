// The records of one segment that is read while it may be written, through a buffer of its own: 64 KiB, more for a
// larger record while it stands there. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "io/file_system.h"
#include "key/types.h"
#include "wal/log_format.h"

namespace amethyst::wal {

// Where the log's files are. `files` outlives who reads them.
struct LogPlace {
  io::FileSystem* files = nullptr;
  std::string directory;
  base::Uid database_uid;
};

// A record as it was read, whose checksum holds.
struct WholeRecord {
  RecordHeader header;
  std::string_view payload;  // Valid until the next call of who gave it.
};

class RecordWindow {
 public:
  // Errors as ReadSegmentHeader. kTooOld: there is no such file any more.
  [[nodiscard]] static Result<RecordWindow> Open(const LogPlace& place, key::FileNumber segment);

  // The record at `offset`, of those before `end`. kCorruption: there is none whose checksum holds; kNotSupported: one
  // of a kind that this build does not know.
  [[nodiscard]] Result<WholeRecord> Read(uint64_t offset, uint64_t end);
  // What was read ahead may have been written since.
  void Forget() { buffer_.clear(); }

  [[nodiscard]] Result<uint64_t> FileBytes() const { return file_->Size(); }
  [[nodiscard]] const SegmentHeader& header() const { return header_; }

 private:
  RecordWindow(std::unique_ptr<io::RandomAccessFile> file, const SegmentHeader& header)
      : file_(std::move(file)), header_(header) {}

  [[nodiscard]] Result<std::string_view> View(uint64_t offset, uint64_t bytes, uint64_t end);
  [[nodiscard]] std::unexpected<Error> Damage(uint64_t offset, std::string_view what) const;

  std::unique_ptr<io::RandomAccessFile> file_;
  SegmentHeader header_;
  base::Buffer buffer_;  // The bytes from buffer_begin_ on.
  uint64_t buffer_begin_ = 0;
};

// The header alone. Errors as of Open.
[[nodiscard]] Result<SegmentHeader> ReadHeaderOf(const LogPlace& place, key::FileNumber segment);

// kCorruption, naming the file and the place.
[[nodiscard]] std::unexpected<Error> DamageAt(const LogPlace& place, const LogCut& at, std::string_view what);
// As PassRecord, of the record that stands at `*at`.
[[nodiscard]] Status PassRecordAt(const LogPlace& place, const RecordHeader& record, LogCut* at);

}  // namespace amethyst::wal
