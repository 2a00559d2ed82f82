// A file of Redis in parts, by where its keys lie in the keyspace: a file has its keys in no order, and a database that
// gets them so rewrites its tables again and again. Imported one part after the other, each flush lies behind the ones
// before it, and its tables are where they stay.
//
// A part is a file of Redis, of version 4, which has no checksum. Its name is gone as soon as it is open, so nothing is
// left of it however the process ends. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/rdb/rdb_file_reader.h"

namespace amethyst::server::rdb {

class Parts {
 public:
  // While they are written each takes two descriptors and 16 KiB, and one descriptor then.
  static constexpr size_t kCountMax = 1024;

  // Files that begin with `path`, none of which may be there.
  [[nodiscard]] static Result<Parts> Create(io::FileSystem& files, const std::string& path, size_t count);

  // Appends the entry to the part of its key.
  [[nodiscard]] Status Add(const FileReader::Entry& entry);
  // Nothing more comes.
  [[nodiscard]] Status Finish();

  [[nodiscard]] size_t count() const { return parts_.size(); }
  // Once for each, in ascending order of their keys. The part's space is free when the reader goes.
  [[nodiscard]] Result<std::unique_ptr<FileReader>> Read(size_t part);

 private:
  struct Part {
    std::unique_ptr<io::WritableFile> written;
    std::unique_ptr<io::RandomAccessFile> file;
    std::string buffer;
    unsigned database = 0;  // Of the last entry.
  };
  explicit Parts(std::vector<Part> parts) : parts_(std::move(parts)) {}

  std::vector<Part> parts_;
};

}  // namespace amethyst::server::rdb
