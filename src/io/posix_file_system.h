// The operating system's files (Linux). See posix_file.h, posix_log_segment.h and posix_lock.h for the parts.
//
// One of an opened directory holds a descriptor of it, and looks all names up from there; any other looks its paths up
// anew at each call, as the process sees them then. Thread safety: any thread at once; nothing changes in it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/file_system.h"
#include "io/posix_descriptor.h"

namespace amethyst::io {

class PosixFileSystem final : public FileSystem {
 public:
  PosixFileSystem() = default;
  // The files of this directory, by paths that begin with the descriptor's.
  explicit PosixFileSystem(Descriptor root) : root_(std::move(root)) {}

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<LogSegment>> CreateLogSegment(const std::string& path,
                                                       const LogSegmentOptions& options) override;
  Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) override;
  bool HasSharedFiles() const override { return true; }
  Result<std::unique_ptr<SharedFile>> OpenShared(const std::string& path, uint64_t bytes) override;
  Status SyncFile(const std::string& path) override;
  Status SyncWritten(const std::string& path) override;

  Result<bool> Exists(const std::string& path) override;
  Result<uint64_t> FileSize(const std::string& path) override;
  uint64_t FreeBytes(const std::string& directory) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status CreateDirectories(const std::string& directory) override;
  Status RemoveDirectory(const std::string& directory) override;
  Status SyncDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status Link(const std::string& from, const std::string& to) override;

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, LockMode mode) override;
  Result<bool> IsLocked(const std::string& path) override;
  Result<std::unique_ptr<ReaderMarks>> OpenMarks(const std::string& path, MarksFile file) override;
  Result<std::shared_ptr<FileSystem>> OpenDirectory(const std::string& directory) override;

 private:
  [[nodiscard]] PosixPath At(const std::string& path) const;

  const std::optional<Descriptor> root_;
};

}  // namespace amethyst::io
