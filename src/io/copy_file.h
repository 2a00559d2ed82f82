// Copies a file's bytes, and hashes what passes by. Thread safety: any thread at once.
#pragma once

#include <cstdint>
#include <string>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "io/file_system.h"

namespace amethyst::io {

struct FileDigest {
  uint64_t bytes = 0;
  uint64_t hash = 0;  // base::Hash64 of all of them.
  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

// A file of one file system.
struct FilePlace {
  FileSystem& files;
  std::string path;
};

// Is told of each piece that was read, by its bytes. An error ends the work.
using OnPiece = base::FunctionRef<Status(uint64_t)>;

// Copies `from` to `to`, which must not exist, and syncs it; its name is durable once its directory is synced. After an
// error a part of it may be there.
[[nodiscard]] Result<FileDigest> CopyFile(const FilePlace& from, const FilePlace& to, OnPiece on_piece);
// Reads the whole file.
[[nodiscard]] Result<FileDigest> DigestFile(const FilePlace& file, OnPiece on_piece);

}  // namespace amethyst::io
