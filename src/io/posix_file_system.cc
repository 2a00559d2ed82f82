#include "io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "io/posix_descriptor.h"
#include "io/posix_file.h"
#include "io/posix_lock.h"
#include "io/posix_log_segment.h"
#include "io/posix_reader_marks.h"
#include "io/posix_shared_file.h"

namespace amethyst::io {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// OK with false if there is nothing of that name.
Result<bool> Stat(const PosixPath& path, struct stat* status) {
  AMETHYST_TRY(CheckPath(path.text));
  if (fstatat(path.directory, path.name, status, 0) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return base::SystemError(errno, fmt::format("stat {}", path.text));
}

}  // namespace

PosixPath PosixFileSystem::At(const std::string& path) const {
  return root_ ? PosixPath(path, root_->path(), root_->number()) : PosixPath(path);
}

Result<std::unique_ptr<WritableFile>> PosixFileSystem::Create(const std::string& path) {
  return CreatePosixFile(At(path));
}

Result<std::unique_ptr<LogSegment>> PosixFileSystem::CreateLogSegment(const std::string& path,
                                                                      const LogSegmentOptions& options) {
  return CreatePosixLogSegment(At(path), options);
}

Result<std::unique_ptr<RandomAccessFile>> PosixFileSystem::Open(const std::string& path) {
  return OpenPosixFile(At(path));
}

Result<std::unique_ptr<SharedFile>> PosixFileSystem::OpenShared(const std::string& path, uint64_t bytes) {
  return OpenPosixSharedFile(At(path), bytes);
}

Status PosixFileSystem::SyncFile(const std::string& path) {
  AMETHYST_ASSIGN(const Descriptor file, Descriptor::Open(At(path), O_RDWR));
  // After a sync that failed the kernel takes pages for clean that the disk never got, and syncs them no more: only a
  // write makes it try again. What is zero was preallocated, and reads as zeros if it is lost.
  std::vector<char> buffer(size_t{64} << 10);
  for (uint64_t offset = 0;;) {
    AMETHYST_ASSIGN(const size_t bytes, file.ReadAt(offset, buffer));
    if (bytes == 0) return file.SyncData();
    const std::string_view content(buffer.data(), bytes);
    if (content.find_first_not_of('\0') != std::string_view::npos) AMETHYST_TRY(file.WriteAt(offset, content));
    offset += bytes;
  }
}

Status PosixFileSystem::SyncWritten(const std::string& path) {
  AMETHYST_ASSIGN(const Descriptor file, Descriptor::Open(At(path), O_RDONLY));
  return file.SyncData();
}

Result<bool> PosixFileSystem::Exists(const std::string& path) {
  struct stat status;
  return Stat(At(path), &status);
}

Result<uint64_t> PosixFileSystem::FileSize(const std::string& path) {
  struct stat status;
  AMETHYST_ASSIGN(const bool exists, Stat(At(path), &status));
  if (!exists) return base::SystemError(ENOENT, fmt::format("size of {}", path));
  return static_cast<uint64_t>(status.st_size);
}

uint64_t PosixFileSystem::FreeBytes(const std::string& directory) {
  struct statvfs status;
  if (statvfs(directory.c_str(), &status) != 0) return FileSystem::FreeBytes(directory);
  return uint64_t{status.f_bavail} * status.f_frsize;
}

Result<std::vector<std::string>> PosixFileSystem::List(const std::string& directory) {
  AMETHYST_ASSIGN(Descriptor opened, Descriptor::Open(At(directory), O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, CloseDirectory> stream(fdopendir(opened.number()));
  if (stream == nullptr) return base::SystemError(errno, fmt::format("list {}", directory));
  opened.Release();  // The stream's now.
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return base::SystemError(errno, fmt::format("list {}", directory));
  std::ranges::sort(names);
  return names;
}

Status PosixFileSystem::CreateDirectories(const std::string& directory) {
  struct stat status;
  AMETHYST_ASSIGN(const bool exists, Stat(At(directory), &status));
  if (exists && S_ISDIR(status.st_mode)) return {};
  if (exists) return base::SystemError(ENOTDIR, fmt::format("create directory {}", directory));
  std::string bare = directory;
  while (bare.ends_with('/')) bare.pop_back();
  const std::string parent = ParentDirectory(bare);
  AMETHYST_TRY(CreateDirectories(parent));
  const PosixPath made = At(bare);
  if (mkdirat(made.directory, made.name, 0755) != 0 && errno != EEXIST) {
    return base::SystemError(errno, fmt::format("create directory {}", bare));
  }
  return SyncDirectory(parent);
}

Status PosixFileSystem::RemoveDirectory(const std::string& directory) {
  AMETHYST_TRY(CheckPath(directory));
  const PosixPath at = At(directory);
  if (unlinkat(at.directory, at.name, AT_REMOVEDIR) != 0) {
    return base::SystemError(errno, fmt::format("remove directory {}", directory));
  }
  return {};
}

Status PosixFileSystem::SyncDirectory(const std::string& directory) {
  const PosixPath at = At(directory);
  if (root_ && at.name == std::string_view(".")) return root_->SyncAll();  // Needs no descriptor more.
  AMETHYST_ASSIGN(const Descriptor descriptor, Descriptor::Open(at, O_RDONLY | O_DIRECTORY));
  return descriptor.SyncAll();
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  AMETHYST_TRY(CheckPath(from));
  AMETHYST_TRY(CheckPath(to));
  const PosixPath source = At(from);
  const PosixPath target = At(to);
  if (renameat(source.directory, source.name, target.directory, target.name) != 0) {
    return base::SystemError(errno, fmt::format("rename {} to {}", from, to));
  }
  return {};
}

Status PosixFileSystem::Remove(const std::string& path) {
  AMETHYST_TRY(CheckPath(path));
  const PosixPath at = At(path);
  if (unlinkat(at.directory, at.name, 0) != 0) return base::SystemError(errno, fmt::format("remove {}", path));
  return {};
}

Status PosixFileSystem::Link(const std::string& from, const std::string& to) {
  AMETHYST_TRY(CheckPath(from));
  AMETHYST_TRY(CheckPath(to));
  const PosixPath source = At(from);
  const PosixPath target(to);
  if (linkat(source.directory, source.name, target.directory, target.name, 0) == 0) return {};
  const int failed = errno;
  // Another device, no links here, not this user's file to link, or as many links as a file may have.
  const bool must_copy =
      failed == EXDEV || failed == EPERM || failed == EOPNOTSUPP || failed == ENOSYS || failed == EMLINK;
  if (must_copy) return base::NotSupported("link {} to {}: refused with error {}", from, to, failed);
  return base::SystemError(failed, fmt::format("link {} to {}", from, to));
}

Result<std::unique_ptr<ReaderMarks>> PosixFileSystem::OpenMarks(const std::string& path, MarksFile file) {
  if (file == MarksFile::kFound) {
    AMETHYST_ASSIGN(const bool exists, Exists(path));
    if (!exists) return nullptr;
  }
  return OpenPosixReaderMarks(At(path));
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path, LockMode mode) {
  return LockPosixFile(At(path), mode);
}

Result<bool> PosixFileSystem::IsLocked(const std::string& path) { return IsPosixFileLocked(At(path)); }

Result<std::shared_ptr<FileSystem>> PosixFileSystem::OpenDirectory(const std::string& directory) {
  AMETHYST_ASSIGN(Descriptor opened, Descriptor::Open(At(directory), O_RDONLY | O_DIRECTORY));
  return std::make_shared<PosixFileSystem>(std::move(opened));
}

}  // namespace amethyst::io
