#include "sstable/read_buffer.h"

#include <algorithm>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::sstable {

Result<std::string_view> ReadBuffer::Get(const io::RandomAccessFile& file, const BlockHandle& handle, uint64_t limit) {
  const size_t bytes = handle.stored_bytes + kTrailerBytes;
  if (handle.offset < begin_ || handle.end() > end_) {
    // In a row the next window is larger; a block that straddles the end of the last one is read again.
    const bool in_a_row = end_ > 0 && handle.offset > begin_ && handle.offset <= end_;
    window_bytes_ = in_a_row ? std::min(window_bytes_ * 2, windows_.max_bytes) : windows_.first_bytes;
    const uint64_t ahead = limit > handle.offset ? std::min(window_bytes_, limit - handle.offset) : 0;
    const size_t wanted = std::max<size_t>(bytes, ahead);
    begin_ = end_ = 0;  // Should the read fail.
    AMETHYST_TRY(io::ReadExactly(file, handle.offset, {buffer_.Room(wanted), wanted}));
    begin_ = handle.offset;
    end_ = begin_ + wanted;
    if (in_a_row && end_ < limit) file.Prefetch(end_, std::min(window_bytes_, limit - end_));
  }
  AMETHYST_DCHECK(begin_ <= handle.offset && handle.end() <= end_);
  return std::string_view(buffer_.data() + (handle.offset - begin_), bytes);
}

}  // namespace amethyst::sstable
