// A file system on top of another whose calls fail as a test wants: the k-th call of an operation, once or from then
// on, with a given error, after doing nothing or half of the work. It counts every call, so a test first runs a
// workload to learn the counts and then sweeps k.
//
//   FaultFileSystem files(memory_environment->files());
//   files.Fail({.operation = Operation::kSegmentSync, .call = 3, .for_good = true, .code = ErrorCode::kIo});
//   FaultEnvironment environment(*memory_environment, files);
//
// Segments have no window here: each store is a call. A faulty read gives an error, or (with `half`) fewer bytes, as at
// an end of file. Thread safety: any thread at once.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "io/environment.h"
#include "io/file_system.h"

namespace amethyst::support {

enum class Operation : uint8_t {
  kCreate,
  kCreateSegment,
  kOpen,
  kRead,
  kAppend,  // Of a WritableFile, as the next three.
  kOverwrite,
  kSync,
  kClose,
  kStore,  // Into a LogSegment.
  kSegmentSync,
  kSegmentClose,
  kSyncFile,
  kSyncDirectory,
  kExists,
  kFileSize,  // By name or of an open file.
  kList,
  kCreateDirectories,
  kRemoveDirectory,
  kRename,
  kRemove,
  kLock,
  kCheckHeld,  // Of a FileLock.
  kOpenDirectory,
  kLink,
  kPrefetch,  // One that fails does nothing.
  kOpenMarks,
  kHoldMark,
};
inline constexpr size_t kOperations = static_cast<size_t>(Operation::kHoldMark) + 1;

struct Fault {
  Operation operation{};
  uint64_t call = 1;      // The first call to fail, counted from 1 over the life of the file system.
  bool for_good = false;  // All later ones fail, too.
  ErrorCode code = ErrorCode::kIo;
  bool half = false;     // Writes write half of the bytes first; reads give half of them and no error.
  bool late = false;     // Writes write all of the bytes first.
  int error_number = 0;  // Unless 0, the operating system's error, in place of `code`.
};

// Decides; shared by the file system and the files that it gave out.
class FaultPlan {
 public:
  void Add(const Fault& fault) {
    base::MutexLock lock(mutex_);
    faults_.push_back(fault);
  }
  void Clear() {
    base::MutexLock lock(mutex_);
    faults_.clear();
  }
  [[nodiscard]] uint64_t calls(Operation operation) const {
    base::MutexLock lock(mutex_);
    return calls_[static_cast<size_t>(operation)];
  }
  [[nodiscard]] uint64_t failed_calls() const {
    base::MutexLock lock(mutex_);
    return failed_calls_;
  }

  // To be called before every call, outside all locks: for a test that slows calls down or waits for one. Set before
  // the first call.
  void Watch(std::function<void(Operation)> watcher) { watcher_ = std::move(watcher); }
  // Whether followers have marks; set before the first call.
  void HaveMarks() { has_marks_ = true; }
  [[nodiscard]] bool has_marks() const { return has_marks_; }

  // Counts a call, and says how it fails, if it does.
  [[nodiscard]] std::optional<Fault> Count(Operation operation) {
    if (watcher_) watcher_(operation);
    base::MutexLock lock(mutex_);
    const uint64_t call = ++calls_[static_cast<size_t>(operation)];
    for (const Fault& fault : faults_) {
      if (fault.operation != operation || call < fault.call || (call > fault.call && !fault.for_good)) continue;
      ++failed_calls_;
      return fault;
    }
    return std::nullopt;
  }

  // OK, or the error of this call.
  [[nodiscard]] Status Check(Operation operation, const std::string& path) {
    const std::optional<Fault> fault = Count(operation);
    return fault ? Error(*fault, path) : Status();
  }
  // Writes `bytes` by `write`; or, if the call is to fail, nothing or half of them.
  [[nodiscard]] Status Write(Operation operation, const std::string& path, std::string_view bytes,
                             base::FunctionRef<Status(std::string_view)> write) {
    const std::optional<Fault> fault = Count(operation);
    if (!fault) return write(bytes);
    if (fault->half || fault->late) AMETHYST_TRY(write(fault->late ? bytes : bytes.substr(0, bytes.size() / 2)));
    return Error(*fault, path);
  }
  [[nodiscard]] static Status Error(const Fault& fault, const std::string& path) {
    if (fault.error_number != 0) return base::SystemError(fault.error_number, path + ": injected fault");
    return base::MakeError(fault.code, "{}: injected fault, operation {}, call {}", path,
                           static_cast<int>(fault.operation), fault.call);
  }

 private:
  std::function<void(Operation)> watcher_;  // Constant after the first call, as the next.
  bool has_marks_ = false;
  mutable base::Mutex mutex_{base::LockRank::kFileDecorator};
  std::vector<Fault> faults_ AMETHYST_GUARDED_BY(mutex_);
  std::array<uint64_t, kOperations> calls_ AMETHYST_GUARDED_BY(mutex_){};
  uint64_t failed_calls_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

class FaultRandomAccessFile final : public io::RandomAccessFile {
 public:
  FaultRandomAccessFile(std::unique_ptr<io::RandomAccessFile> file, std::shared_ptr<FaultPlan> plan)
      : file_(std::move(file)), plan_(std::move(plan)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override {
    const std::optional<Fault> fault = plan_->Count(Operation::kRead);
    if (!fault) return file_->ReadAt(offset, to);
    if (fault->half) return file_->ReadAt(offset, to.first(to.size() / 2));
    return std::unexpected(FaultPlan::Error(*fault, path()).error());
  }
  void Prefetch(uint64_t offset, uint64_t bytes) const override {
    if (!plan_->Count(Operation::kPrefetch)) file_->Prefetch(offset, bytes);
  }
  Result<uint64_t> Size() const override {
    AMETHYST_TRY(plan_->Check(Operation::kFileSize, path()));
    return file_->Size();
  }
  const std::string& path() const override { return file_->path(); }

 private:
  const std::unique_ptr<io::RandomAccessFile> file_;
  const std::shared_ptr<FaultPlan> plan_;
};

class FaultWritableFile final : public io::WritableFile {
 public:
  FaultWritableFile(std::unique_ptr<io::WritableFile> file, std::shared_ptr<FaultPlan> plan)
      : file_(std::move(file)), plan_(std::move(plan)) {}

  Status Append(std::string_view bytes) override {
    return plan_->Write(Operation::kAppend, path(), bytes,
                        [this](std::string_view part) { return file_->Append(part); });
  }
  Status Overwrite(uint64_t offset, std::string_view bytes) override {
    return plan_->Write(Operation::kOverwrite, path(), bytes,
                        [&](std::string_view part) { return file_->Overwrite(offset, part); });
  }
  Status Sync() override {
    AMETHYST_TRY(plan_->Check(Operation::kSync, path()));
    return file_->Sync();
  }
  Status Close() override {
    AMETHYST_TRY(plan_->Check(Operation::kClose, path()));
    return file_->Close();
  }
  uint64_t size() const override { return file_->size(); }
  const std::string& path() const override { return file_->path(); }

 private:
  const std::unique_ptr<io::WritableFile> file_;
  const std::shared_ptr<FaultPlan> plan_;
};

class FaultLogSegment final : public io::LogSegment {
 public:
  FaultLogSegment(std::unique_ptr<io::LogSegment> segment, std::shared_ptr<FaultPlan> plan)
      : LogSegment(segment->path(), segment->capacity()), segment_(std::move(segment)), plan_(std::move(plan)) {}

  Status Sync() override {
    AMETHYST_TRY(plan_->Check(Operation::kSegmentSync, path()));
    return segment_->Sync();
  }
  Status Close(uint64_t end) override {
    AMETHYST_TRY(plan_->Check(Operation::kSegmentClose, path()));
    return segment_->Close(end);
  }

 private:
  Status StoreOutsideWindow(uint64_t offset, std::string_view bytes) override {
    return plan_->Write(Operation::kStore, path(), bytes,
                        [&](std::string_view part) { return segment_->Store(offset, part); });
  }

  const std::unique_ptr<io::LogSegment> segment_;
  const std::shared_ptr<FaultPlan> plan_;
};

class FaultFileLock final : public io::FileLock {
 public:
  FaultFileLock(std::string path, std::unique_ptr<io::FileLock> lock, std::shared_ptr<FaultPlan> plan)
      : path_(std::move(path)), lock_(std::move(lock)), plan_(std::move(plan)) {}

  Status CheckHeld() const override {
    AMETHYST_TRY(plan_->Check(Operation::kCheckHeld, path_));
    return lock_->CheckHeld();
  }
  bool OwnedByThisProcess() const override { return lock_->OwnedByThisProcess(); }

 private:
  const std::string path_;
  const std::unique_ptr<io::FileLock> lock_;
  const std::shared_ptr<FaultPlan> plan_;
};

class FaultReaderMarks final : public io::ReaderMarks {
 public:
  FaultReaderMarks(std::string path, std::unique_ptr<io::ReaderMarks> marks, std::shared_ptr<FaultPlan> plan)
      : path_(std::move(path)), marks_(std::move(marks)), plan_(std::move(plan)) {}

  Status Hold(uint64_t place) override {
    AMETHYST_TRY(plan_->Check(Operation::kHoldMark, path_));
    return marks_->Hold(place);
  }
  void LetGo(uint64_t place) noexcept override { marks_->LetGo(place); }
  bool AreHeld(uint64_t begin, uint64_t end) override { return marks_->AreHeld(begin, end); }

 private:
  const std::string path_;
  const std::unique_ptr<io::ReaderMarks> marks_;
  const std::shared_ptr<FaultPlan> plan_;
};

class FaultFileSystem final : public io::FileSystem {
 public:
  // `files` must outlive this.
  explicit FaultFileSystem(io::FileSystem& files) : files_(files), plan_(std::make_shared<FaultPlan>()) {}

  void Fail(const Fault& fault) { plan_->Add(fault); }
  void ClearFaults() { plan_->Clear(); }
  void Watch(std::function<void(Operation)> watcher) { plan_->Watch(std::move(watcher)); }
  // Lets marks of followers through to the files below, which is no matter for a test of a writer alone.
  void HaveMarks() { plan_->HaveMarks(); }
  [[nodiscard]] uint64_t calls(Operation operation) const { return plan_->calls(operation); }
  [[nodiscard]] uint64_t failed_calls() const { return plan_->failed_calls(); }

  Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path) override {
    AMETHYST_TRY(plan_->Check(Operation::kCreate, path));
    AMETHYST_ASSIGN(auto file, files_.Create(path));
    return std::make_unique<FaultWritableFile>(std::move(file), plan_);
  }
  Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string& path,
                                                           const io::LogSegmentOptions& options) override {
    AMETHYST_TRY(plan_->Check(Operation::kCreateSegment, path));
    AMETHYST_ASSIGN(auto segment, files_.CreateLogSegment(path, options));
    return std::make_unique<FaultLogSegment>(std::move(segment), plan_);
  }
  Result<std::unique_ptr<io::RandomAccessFile>> Open(const std::string& path) override {
    AMETHYST_TRY(plan_->Check(Operation::kOpen, path));
    AMETHYST_ASSIGN(auto file, files_.Open(path));
    return std::make_unique<FaultRandomAccessFile>(std::move(file), plan_);
  }
  Status SyncFile(const std::string& path) override {
    AMETHYST_TRY(plan_->Check(Operation::kSyncFile, path));
    return files_.SyncFile(path);
  }
  Result<bool> Exists(const std::string& path) override {
    AMETHYST_TRY(plan_->Check(Operation::kExists, path));
    return files_.Exists(path);
  }
  Result<uint64_t> FileSize(const std::string& path) override {
    AMETHYST_TRY(plan_->Check(Operation::kFileSize, path));
    return files_.FileSize(path);
  }
  uint64_t FreeBytes(const std::string& directory) override { return files_.FreeBytes(directory); }
  Result<std::vector<std::string>> List(const std::string& directory) override {
    AMETHYST_TRY(plan_->Check(Operation::kList, directory));
    return files_.List(directory);
  }
  Status CreateDirectories(const std::string& directory) override {
    AMETHYST_TRY(plan_->Check(Operation::kCreateDirectories, directory));
    return files_.CreateDirectories(directory);
  }
  Status RemoveDirectory(const std::string& directory) override {
    AMETHYST_TRY(plan_->Check(Operation::kRemoveDirectory, directory));
    return files_.RemoveDirectory(directory);
  }
  Status SyncDirectory(const std::string& directory) override {
    AMETHYST_TRY(plan_->Check(Operation::kSyncDirectory, directory));
    return files_.SyncDirectory(directory);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    AMETHYST_TRY(plan_->Check(Operation::kRename, from));
    return files_.Rename(from, to);
  }
  Status Remove(const std::string& path) override {
    AMETHYST_TRY(plan_->Check(Operation::kRemove, path));
    return files_.Remove(path);
  }
  Status Link(const std::string& from, const std::string& to) override {
    AMETHYST_TRY(plan_->Check(Operation::kLink, from));
    return files_.Link(from, to);
  }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, io::LockMode mode) override {
    AMETHYST_TRY(plan_->Check(Operation::kLock, path));
    AMETHYST_ASSIGN(auto lock, files_.Lock(path, mode));
    return std::make_unique<FaultFileLock>(path, std::move(lock), plan_);
  }
  Result<bool> IsLocked(const std::string& path) override { return files_.IsLocked(path); }
  Result<std::unique_ptr<io::ReaderMarks>> OpenMarks(const std::string& path, io::MarksFile file) override {
    if (!plan_->has_marks()) return io::FileSystem::OpenMarks(path, file);
    AMETHYST_TRY(plan_->Check(Operation::kOpenMarks, path));
    AMETHYST_ASSIGN(auto marks, files_.OpenMarks(path, file));
    if (marks == nullptr) return marks;
    return std::make_unique<FaultReaderMarks>(path, std::move(marks), plan_);
  }
  Result<std::shared_ptr<io::FileSystem>> OpenDirectory(const std::string& directory) override {
    AMETHYST_TRY(plan_->Check(Operation::kOpenDirectory, directory));
    AMETHYST_ASSIGN(auto opened, files_.OpenDirectory(directory));
    return std::shared_ptr<io::FileSystem>(new FaultFileSystem(std::move(opened), plan_));
  }

 private:
  FaultFileSystem(std::shared_ptr<io::FileSystem> opened, std::shared_ptr<FaultPlan> plan)
      : opened_(std::move(opened)), files_(*opened_), plan_(std::move(plan)) {}

  const std::shared_ptr<io::FileSystem> opened_;  // A directory's; null: `files_` belongs to somebody else.
  io::FileSystem& files_;
  const std::shared_ptr<FaultPlan> plan_;
};

// Another environment's clock and threads over these files. All of them must outlive it.
class FaultEnvironment final : public io::Environment {
 public:
  FaultEnvironment(io::Environment& base, io::FileSystem& files) : base_(base), files_(files) {}

  io::FileSystem& files() override { return files_; }
  io::Clock& clock() override { return base_.clock(); }
  Result<std::unique_ptr<io::Executor>> NewExecutor(uint32_t threads) override { return base_.NewExecutor(threads); }

 private:
  io::Environment& base_;
  io::FileSystem& files_;
};

}  // namespace amethyst::support
