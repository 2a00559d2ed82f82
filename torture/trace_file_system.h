// A file system on top of another that writes down everything that changes it: the raw material of simulated power loss
// and of the order checker.
//
// A workload runs on it once; CrashState (crash_state.h) then replays the trace to any point and says what could be
// left on a disk that lost power there, OrderChecker (order_checker.h) whether it was written in a safe order. The
// workload adds what it knows: that an open begins, that a write was acknowledged. Log segments must have no window
// below, so that every store is seen. Syncs may be made to fail, as a device does: the data stays readable, but no
// later sync makes it durable. Thread safety: any thread at once; a deterministic trace needs a single thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "io/file_system.h"

namespace amethyst::torture {

enum class FileId : uint64_t {};

// One change. What each kind uses is said beside it; `path` is there wherever a file is.
struct TraceOperation {
  enum class Kind : uint8_t {
    kCreate,               // path, file
    kWrite,                // file, offset, bytes
    kResize,               // file, offset: the new size
    kSync,                 // file
    kRewriteAndSync,       // file: all of its content was written again and synced
    kRename,               // path, to
    kLink,                 // path, to
    kRemove,               // path
    kSyncDirectory,        // path
    kFailedWrite,          // file, offset, bytes, clears_by_itself: some of the bytes may be there
    kFailedSync,           // file, clears_by_itself
    kFailedSyncDirectory,  // path, clears_by_itself
    kOpening,              // The workload opens the database: nothing that was latched holds any more.
    kAcknowledged,         // The workload was told that all that it wrote is durable.
  };
  Kind kind{};
  FileId file{};
  uint64_t offset = 0;
  std::string bytes{};
  std::string path{};
  std::string to{};
  bool clears_by_itself = false;  // Says nothing about what is on the disk.
};

// The operations, shared by the file system and the files that it gave out.
class Trace {
 public:
  void Add(TraceOperation operation) AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    operations_.push_back(std::move(operation));
  }
  [[nodiscard]] size_t size() const AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return operations_.size();
  }
  // Once nobody adds any more.
  [[nodiscard]] const std::vector<TraceOperation>& operations() const AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    return operations_;
  }

  // Gives all operations away, and goes on with none. Once nobody adds meanwhile.
  [[nodiscard]] std::vector<TraceOperation> Take() AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return std::exchange(operations_, {});
  }

  // What the workload knows.
  void NoteOpening() { Add({.kind = TraceOperation::Kind::kOpening}); }
  void NoteAcknowledged() { Add({.kind = TraceOperation::Kind::kAcknowledged}); }

  // Identifies the sequence of operations: kinds, files, places and sizes, but not the bytes, which hold the random
  // identity of the database.
  [[nodiscard]] uint64_t Digest() const;

  // Whether this sync of that file fails; nullptr: none does.
  std::function<bool(const std::string& path)> fail_sync;

 private:
  mutable base::Mutex mutex_{base::LockRank::kFileRecord};
  std::vector<TraceOperation> operations_ AMETHYST_GUARDED_BY(mutex_);
};

// Renames what `names` has inside the directory `from`: it is in `to` now.
void MoveInside(const std::string& from, const std::string& to, std::map<std::string, FileId>* names);

class TraceFileSystem final : public io::FileSystem {
 public:
  // On top of `files`, whose content at this time is taken to be durable.
  explicit TraceFileSystem(std::shared_ptr<io::FileSystem> files) : files_(std::move(files)) {}

  [[nodiscard]] Trace& trace() { return *trace_; }

  Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string& path,
                                                           const io::LogSegmentOptions& options) override;
  Result<std::unique_ptr<io::RandomAccessFile>> Open(const std::string& path) override { return files_->Open(path); }
  Status SyncFile(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override { return files_->Exists(path); }
  Result<uint64_t> FileSize(const std::string& path) override { return files_->FileSize(path); }
  uint64_t FreeBytes(const std::string& directory) override { return files_->FreeBytes(directory); }
  Result<std::vector<std::string>> List(const std::string& directory) override { return files_->List(directory); }
  Status CreateDirectories(const std::string& directory) override { return files_->CreateDirectories(directory); }
  Status RemoveDirectory(const std::string& directory) override { return files_->RemoveDirectory(directory); }
  Status SyncDirectory(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, io::LockMode mode) override;
  Result<bool> IsLocked(const std::string& path) override { return files_->IsLocked(path); }
  // Marks are no content: the kernel has them, and a loss of power takes them all.
  Result<std::unique_ptr<io::ReaderMarks>> OpenMarks(const std::string& path, io::MarksFile file) override {
    return files_->OpenMarks(path, file);
  }
  // This one, whose trace it is: its paths lead to the same files always.
  Result<std::shared_ptr<io::FileSystem>> OpenDirectory(const std::string& directory) override;

 private:
  [[nodiscard]] FileId AddFile(const std::string& path);

  const std::shared_ptr<io::FileSystem> files_;
  const std::shared_ptr<Trace> trace_ = std::make_shared<Trace>();
  base::Mutex mutex_{base::LockRank::kFileDecorator};
  std::map<std::string, FileId> names_ AMETHYST_GUARDED_BY(mutex_);  // Of files made through us.
  uint64_t next_id_ AMETHYST_GUARDED_BY(mutex_) = 1;
};

}  // namespace amethyst::torture
