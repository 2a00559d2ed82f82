// A complete file system in memory, for tests, simulations and databases that need not outlive the process.
//
// It behaves as the operating system's: a removed or replaced file lives on for those who have it open, and errors are
// the same. Everything is visible at once and nothing is ever lost: what a power failure takes is the
// business of a decorator. A log segment's window is empty, so that each store passes StoreOutsideWindow.
// Paths are absolute or not, with the same meaning: there is no current directory, and "/" exists from the start.
// Thread safety: any thread at once.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "io/file_system.h"

namespace amethyst::io {

class MemoryFile;

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

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
  Status Link(const std::string& from, const std::string& to) override;

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, LockMode mode) override;
  Result<bool> IsLocked(const std::string& path) override;
  Result<std::unique_ptr<ReaderMarks>> OpenMarks(const std::string& path, MarksFile file) override;

 private:
  using FilePointer = std::shared_ptr<MemoryFile>;
  // By path in normal form; a directory has no file. Everything below a directory follows it in the order of paths.
  using Nodes = std::map<std::string, FilePointer>;

  [[nodiscard]] Result<FilePointer> Add(const std::string& path);
  [[nodiscard]] Result<FilePointer> Find(std::string_view action, const std::string& path);
  // What carries the lock of this directory, if there is one.
  [[nodiscard]] FilePointer LockOf(const std::string& directory);
  // 0, or why nothing can be created at this path in normal form.
  [[nodiscard]] int WhyNoParent(const std::string& normal) const AMETHYST_REQUIRES(mutex_);
  // Whether a directory in normal form holds anything.
  [[nodiscard]] bool HasInside(const std::string& normal) const AMETHYST_REQUIRES(mutex_);
  // 0, or why the directory cannot move. Both in normal form.
  [[nodiscard]] int MoveDirectory(const std::string& from, const std::string& to) AMETHYST_REQUIRES(mutex_);

  base::Mutex mutex_{base::LockRank::kFileSystem};
  Nodes nodes_ AMETHYST_GUARDED_BY(mutex_);
  // What carries the lock of a directory that was ever locked, by its path in normal form.
  Nodes directory_locks_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::io
