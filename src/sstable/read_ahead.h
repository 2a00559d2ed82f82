// Reading ahead of a cursor that walks forward: through the system's page cache for cursors that use the block cache,
// or into a buffer of its own for those that do not.
// Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "amethyst/error.h"
#include "base/assert.h"
#include "io/file.h"
#include "sstable/format.h"

namespace amethyst::sstable {

// Asks the system for more from the second block on that was missed in a row, twice as much each time.
class ReadAhead {
 public:
  static constexpr uint64_t kFirstBytes = uint64_t{16} << 10;
  static constexpr uint64_t kBytesMax = uint64_t{256} << 10;

  // The cursor came to this block; `missed`: it had to be read. Nothing at or behind `limit` is wanted.
  void Visit(const io::RandomAccessFile& file, const BlockHandle& handle, bool missed, uint64_t limit);

 private:
  uint64_t next_ = UINT64_MAX;  // Where the block after the last one visited begins.
  uint64_t requested_ = 0;      // Up to where the system was asked.
  uint64_t window_bytes_ = 0;
};

// Reads large pieces of a file and hands out blocks from them.
class ReadBuffer {
 public:
  static constexpr uint64_t kFirstBytes = uint64_t{256} << 10;
  static constexpr uint64_t kBytesMax = uint64_t{1} << 20;

  // The block's stored bytes with its trailer, valid until the next call. Nothing at or behind `limit` is wanted.
  [[nodiscard]] Result<std::string_view> Get(const io::RandomAccessFile& file, const BlockHandle& handle,
                                             uint64_t limit);

 private:
  std::unique_ptr<char[]> buffer_;
  size_t room_ = 0;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;  // The buffer holds [begin_, end_) of the file.
  uint64_t window_bytes_ = kFirstBytes;
};

}  // namespace amethyst::sstable
