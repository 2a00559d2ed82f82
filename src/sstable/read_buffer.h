// Reads a table's blocks for a walk forward: larger and larger pieces of the file at once, the next of which the
// system is asked to have ready.
//
// One call for many blocks is most of what there is to gain where the page cache holds them, reading ahead where it
// does not. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "amethyst/error.h"
#include "io/file.h"
#include "sstable/aligned_buffer.h"
#include "sstable/format.h"

namespace amethyst::sstable {

class ReadBuffer {
 public:
  // How much is read at once: at first, and after it was doubled again and again.
  struct Windows {
    uint64_t first_bytes = 0;
    uint64_t max_bytes = 0;
  };
  // For those who read everything, and for those who may stop soon, of whom there may be many.
  static constexpr Windows kLarge{.first_bytes = uint64_t{256} << 10, .max_bytes = uint64_t{512} << 10};
  static constexpr Windows kSmall{.first_bytes = uint64_t{16} << 10, .max_bytes = uint64_t{64} << 10};

  explicit ReadBuffer(const Windows& windows) : windows_(windows) {}

  // The block's stored bytes with its trailer, valid until the next call. Nothing at or behind `limit` is wanted.
  [[nodiscard]] Result<std::string_view> Get(const io::RandomAccessFile& file, const BlockHandle& handle,
                                             uint64_t limit);

 private:
  const Windows windows_;
  AlignedBuffer buffer_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;  // The buffer holds [begin_, end_) of the file.
  uint64_t window_bytes_ = 0;
};

}  // namespace amethyst::sstable
