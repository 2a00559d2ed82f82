// Reads a file that Redis wrote (SAVE, BGSAVE), up to that of version 7.0, from its start to its end.
//
//   file   "REDIS" [version, 4 digits] item* [0xff] [CRC-64 of all before it u64]
//   item   [expiry]? [idle or frequency]? [type u8][key string][object], or another opcode of rdb_format.h
//
// The bytes may be anybody's. Memory holds a window of the file, as large as the largest value. The file's modules and
// their values are not read. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"
#include "server/rdb/rdb_format.h"
#include "server/rdb/rdb_input.h"
#include "server/rdb/rdb_value.h"

namespace amethyst::server::rdb {

class FileReader {
 public:
  // kCorruption: it does not begin as such a file. kNotSupported: it is of a newer version.
  [[nodiscard]] static Result<std::unique_ptr<FileReader>> Open(io::FileSystem& files, const std::string& path);
  [[nodiscard]] static Result<std::unique_ptr<FileReader>> Open(std::unique_ptr<io::RandomAccessFile> file);

  // The next key. Its views are good until the next call.
  struct Entry {
    unsigned database = 0;
    TimeMs expires_ms = kNoExpiry;
    std::string_view key;
    std::string_view raw;  // Type, key and value, as the file has them.
    Value value;
    TextArena arena;
  };
  // False: the file has ended, whole and as its checksum says. kCorruption names the offset of what is wrong.
  [[nodiscard]] Result<bool> Next(Entry* entry);

  [[nodiscard]] uint64_t offset() const { return offset_; }
  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] int version() const { return version_; }
  // Libraries of functions that were passed over.
  [[nodiscard]] uint64_t libraries() const { return libraries_; }

 private:
  FileReader(std::unique_ptr<io::RandomAccessFile> file, uint64_t size) : file_(std::move(file)), size_(size) {}

  [[nodiscard]] Status ReadHead();
  [[nodiscard]] Status ReadFoot();
  // Takes one part off the front: `take` is called with an Input, again from the start where the window was too short.
  template <typename Take>
  [[nodiscard]] Status TakePart(std::string_view what, TextArena* arena, Take take);
  // The window reaches `bytes` further than it does.
  [[nodiscard]] Status Grow(uint64_t bytes);
  [[nodiscard]] Status TakeOpcode(Opcode opcode, Entry* entry);
  [[nodiscard]] Status TakeEntry(ObjectType type, Entry* entry);
  [[nodiscard]] std::string_view window() const { return std::string_view(buffer_).substr(begin_); }

  const std::unique_ptr<io::RandomAccessFile> file_;
  const uint64_t size_;
  int version_ = 0;
  uint64_t offset_ = 0;  // Of the window.
  std::string buffer_;
  size_t begin_ = 0;  // Of the window in the buffer.
  uint64_t checksum_ = 0;
  unsigned database_ = 0;
  uint64_t libraries_ = 0;
};

}  // namespace amethyst::server::rdb
