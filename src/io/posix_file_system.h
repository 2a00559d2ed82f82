// The operating system's files (Linux). See posix_file.h, posix_log_segment.h and posix_lock.h for the parts.
// Thread safety: any thread at once; it has no state.
#pragma once

#include "io/file_system.h"

namespace amethyst::io {

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<LogSegment>> CreateLogSegment(const std::string& path,
                                                       const LogSegmentOptions& options) override;
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) override;
  Status SyncFile(const std::string& path) override;

  Result<bool> Exists(const std::string& path) override;
  Result<uint64_t> FileSize(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status CreateDirectories(const std::string& directory) override;
  Status RemoveDirectory(const std::string& directory) override;
  Status SyncDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, LockMode mode) override;
};

}  // namespace amethyst::io
