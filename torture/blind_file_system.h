// A file system on which no table's key sketch can be read: every read of one meets a flipped bit.
//
// So a database runs without its sketches, which steer choices only, and everything else is as it is. Thread safety:
// that of the file system below.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/file_system.h"

namespace amethyst::torture {

class BlindFileSystem final : public io::FileSystem {
 public:
  explicit BlindFileSystem(std::shared_ptr<io::FileSystem> files) : files_(std::move(files)) {}

  Result<std::unique_ptr<io::RandomAccessFile>> Open(const std::string& path) override;

  Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path) override { return files_->Create(path); }
  Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string& path,
                                                           const io::LogSegmentOptions& options) override {
    return files_->CreateLogSegment(path, options);
  }
  Status SyncFile(const std::string& path) override { return files_->SyncFile(path); }
  Result<bool> Exists(const std::string& path) override { return files_->Exists(path); }
  Result<uint64_t> FileSize(const std::string& path) override { return files_->FileSize(path); }
  uint64_t FreeBytes(const std::string& directory) override { return files_->FreeBytes(directory); }
  Result<std::vector<std::string>> List(const std::string& directory) override { return files_->List(directory); }
  Status CreateDirectories(const std::string& directory) override { return files_->CreateDirectories(directory); }
  Status RemoveDirectory(const std::string& directory) override { return files_->RemoveDirectory(directory); }
  Status SyncDirectory(const std::string& directory) override { return files_->SyncDirectory(directory); }
  Status Rename(const std::string& from, const std::string& to) override { return files_->Rename(from, to); }
  Status Remove(const std::string& path) override { return files_->Remove(path); }
  Status Link(const std::string& from, const std::string& to) override { return files_->Link(from, to); }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, io::LockMode mode) override {
    return files_->Lock(path, mode);
  }
  Result<bool> IsLocked(const std::string& path) override { return files_->IsLocked(path); }
  Result<std::shared_ptr<io::FileSystem>> OpenDirectory(const std::string& directory) override;

 private:
  const std::shared_ptr<io::FileSystem> files_;
};

}  // namespace amethyst::torture
