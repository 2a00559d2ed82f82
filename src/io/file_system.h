// Files by name: create, open, list, rename, remove, lock.
//
// A created, renamed or removed name survives power loss only after SyncDirectory. Paths are plain strings, looked up
// anew at each call: a change of the working directory or a renamed directory makes them lead elsewhere. A caller who
// must stay in one directory works in what OpenDirectory returns. Errors name the path. Thread safety: any thread at
// once.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "io/file.h"
#include "io/log_segment.h"
#include "io/reader_marks.h"
#include "io/shared_file.h"

namespace amethyst::io {

// Held: no one else has the same directory locked, in this process, another, or a forked child. Destroying releases.
class FileLock {
 public:
  virtual ~FileLock() = default;
  // kBusy if somebody has taken the directory meanwhile: only where all that can be locked is a file by its name, which
  // can be removed. To be asked before each change that a second owner must not see; elsewhere it costs a load.
  [[nodiscard]] virtual Status CheckHeld() const = 0;
  // False in a child forked since the lock was taken: it inherits the object but not the right to write. Costs a load.
  [[nodiscard]] virtual bool OwnedByThisProcess() const = 0;
};

enum class LockMode { kShared, kExclusive };
enum class MarksFile { kFound, kMade };

struct LogSegmentOptions {
  uint64_t capacity_bytes = 0;
  // Write zeros over the whole segment first: what was written before syncs faster (no change of the file's extents).
  bool zero_filled = false;
  // Stores will be many: a mapping pays, where it is safe.
  bool mapped = true;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Creates `path`, which must not exist (kIo otherwise).
  [[nodiscard]] virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  // Creates a segment of that capacity, its blocks allocated, so that no store can run out of space: kNoSpace shows
  // here.
  [[nodiscard]] virtual Result<std::unique_ptr<LogSegment>> CreateLogSegment(const std::string& path,
                                                                             const LogSegmentOptions& options) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) = 0;
  // Whether it has OpenShared; by default not.
  [[nodiscard]] virtual bool HasSharedFiles() const { return false; }
  // Opens a file of that size for stores in place; creates it, of zeros, or makes it longer, where need be. It takes
  // the space of what is stored alone. What is no regular file, or longer, is left as it is (kNotSupported); by default
  // that is said of all.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedFile>> OpenShared(const std::string& path, uint64_t bytes);
  // Makes an existing file's content durable, even where a sync of it had failed: writes it once more, and syncs.
  [[nodiscard]] virtual Status SyncFile(const std::string& path) = 0;
  // The same at the cost of a sync, for a file that somebody else wrote: of no sync that failed is anything known here.
  [[nodiscard]] virtual Status SyncWritten(const std::string& path) { return SyncFile(path); }

  [[nodiscard]] virtual Result<bool> Exists(const std::string& path) = 0;
  [[nodiscard]] virtual Result<uint64_t> FileSize(const std::string& path) = 0;
  // Names in `directory`, without "." and "..", sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  // Creates `directory` and its missing parents, each of them synced into its own; OK if it is there.
  [[nodiscard]] virtual Status CreateDirectories(const std::string& directory) = 0;
  [[nodiscard]] virtual Status RemoveDirectory(const std::string& directory) = 0;
  [[nodiscard]] virtual Status SyncDirectory(const std::string& directory) = 0;
  // Replaces `to` atomically. A directory takes the place of nothing or of an empty directory.
  [[nodiscard]] virtual Status Rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Status Remove(const std::string& path) = 0;
  // Gives the file at `from` a second name, `to`, which must not exist. `to` is any path, as the process sees it, also
  // where these are the files of an opened directory. kNotSupported: the two places cannot share a file, so it must be
  // copied. By default that is so everywhere.
  [[nodiscard]] virtual Status Link(const std::string& from, const std::string& to);

  // Locks the directory of `path`, whatever its name is or will be, and the file at `path`, which kExclusive creates if
  // need be; kBusy if somebody has either. kShared needs no write permission, and succeeds where the file or the
  // directory is missing.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path, LockMode mode) = 0;

  // Whether somebody, this process included, holds the lock of that file exclusively. Takes none, so that nobody who
  // locks it meanwhile is refused. By default kNotSupported.
  [[nodiscard]] virtual Result<bool> IsLocked(const std::string& path);
  // The marks of those who read the files of a directory beside their writer, in the file at `path`; nullptr: it is not
  // there, and was not to be made. By default, for where nobody else can write, there are none.
  [[nodiscard]] virtual Result<std::unique_ptr<ReaderMarks>> OpenMarks(const std::string& path, MarksFile file);

  // The files of `directory` as it is now, by the same paths ("<directory>/name", in this spelling) and no others. It
  // stays with that directory, wherever that is moved to and whatever takes its place. By default, for where no path
  // ever leads elsewhere: these files themselves, which must outlive what is returned.
  [[nodiscard]] virtual Result<std::shared_ptr<FileSystem>> OpenDirectory(const std::string& directory);

  // How much more files in `directory` can take: a guess, and the most there is where nobody knows.
  [[nodiscard]] virtual uint64_t FreeBytes(const std::string& directory) {
    static_cast<void>(directory);
    return std::numeric_limits<uint64_t>::max();
  }
};

// "dir/name".
[[nodiscard]] std::string JoinPath(std::string_view directory, std::string_view name);
// What stands before the last "/": "." if there is none.
[[nodiscard]] std::string ParentDirectory(std::string_view path);
[[nodiscard]] Result<std::string> ReadFile(FileSystem& files, const std::string& path);
// Writes `bytes` to "<path>.tmp", syncs, renames it to `path`, syncs the directory: all of it or nothing.
[[nodiscard]] Status ReplaceFile(FileSystem& files, const std::string& path, std::string_view bytes);

}  // namespace amethyst::io
