// A table's file as a source of checked blocks: stored bytes in, raw bytes out.
// Thread safety: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/hash.h"
#include "io/file.h"
#include "sstable/format.h"

namespace amethyst::sstable {

class TableFile {
 public:
  // Gives memory of that many bytes, of which the first raw_bytes are to be the block (the rest is used on the way).
  using Room = base::FunctionRef<char*(size_t)>;

  TableFile(std::shared_ptr<io::RandomAccessFile> file, base::Uid uid, uint64_t bytes)
      : file_(std::move(file)), uid_(uid), bytes_(bytes) {}

  [[nodiscard]] const io::RandomAccessFile& file() const { return *file_; }
  [[nodiscard]] const std::string& path() const { return file_->path(); }
  [[nodiscard]] const base::Uid& uid() const { return uid_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

  // Reads a block, checks it, decompresses it into `room`. Nothing is asked of `room` before it is known to be
  // plausible.
  [[nodiscard]] Status Read(const BlockHandle& handle, Room room) const;
  // As Read, for a block whose `stored` bytes, trailer included, have been read already.
  [[nodiscard]] Status Decode(const BlockHandle& handle, std::string_view stored, Room room) const;

  // Asks the system to start reading it: see io::RandomAccessFile.
  void Prefetch(const BlockHandle& handle) const { file_->Prefetch(handle.offset, handle.end() - handle.offset); }

  // An error about the block at `offset`: the same code, the message with path and offset in front.
  [[nodiscard]] std::unexpected<Error> At(uint64_t offset, const Error& error) const;

 private:
  // The raw bytes' codec, if checksum and trailer are those of this block.
  [[nodiscard]] Result<uint8_t> CheckTrailer(const BlockHandle& handle, std::string_view stored) const;
  [[nodiscard]] Status CheckHandle(const BlockHandle& handle) const;

  std::shared_ptr<io::RandomAccessFile> file_;
  base::Uid uid_;
  uint64_t bytes_;
};

// The checksum that a block's trailer ends with.
[[nodiscard]] uint64_t StoredChecksum(std::string_view stored);

}  // namespace amethyst::sstable
