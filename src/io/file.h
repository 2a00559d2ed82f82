// Open files. The only door to bytes on disk, together with file_system.h and log_segment.h.
//
// All calls retry EINTR and finish short transfers themselves; errors name the file and the offset. Destroying a file
// closes it without syncing, and one that is written without Close may lack what was appended last. Thread safety:
// RandomAccessFile any thread at once; WritableFile one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"

namespace amethyst::io {

class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  // Fills `to` from `offset` on; fewer bytes than asked only at the end of the file. Returns how many.
  [[nodiscard]] virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const = 0;
  // Asks the system to start reading this range in the background; best effort.
  virtual void Prefetch(uint64_t offset, uint64_t bytes) const = 0;
  [[nodiscard]] virtual Result<uint64_t> Size() const = 0;
  [[nodiscard]] virtual const std::string& path() const = 0;
};

// Fills `to` wholly or fails: an end of file inside it is kCorruption that says so.
[[nodiscard]] Status ReadExactly(const RandomAccessFile& file, uint64_t offset, std::span<char> to);
[[nodiscard]] Result<std::string> ReadToEnd(const RandomAccessFile& file);

// A file written from its start to its end. After a failed call the file's content is unknown: no further call but the
// destructor is allowed (it is asserted).
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  [[nodiscard]] virtual Status Append(std::string_view bytes) = 0;
  // Writes over bytes that were appended and synced; a power loss before the next sync leaves the old or the new ones.
  [[nodiscard]] virtual Status Overwrite(uint64_t offset, std::string_view bytes) = 0;
  // Everything written so far survives power loss when OK returns. Never called again after it failed.
  [[nodiscard]] virtual Status Sync() = 0;
  [[nodiscard]] virtual Status Close() = 0;
  [[nodiscard]] virtual uint64_t size() const = 0;
  [[nodiscard]] virtual const std::string& path() const = 0;
};

}  // namespace amethyst::io
