#include "torture/trace_file_system.h"

#include "base/error.h"

namespace amethyst::torture {

namespace {

using Kind = TraceOperation::Kind;

Status TraceSync(Trace& trace, FileId file, const std::string& path) {
  const bool fails = trace.fail_sync && trace.fail_sync();
  trace.Add({.kind = fails ? Kind::kFailedSync : Kind::kSync,
             .file = file,
             .offset = 0,
             .bytes = {},
             .path = path,
             .to = {}});
  if (fails) return base::MakeError(ErrorCode::kIo, "{}: simulated failure of a sync", path);
  return {};
}

class TraceWritableFile final : public io::WritableFile {
 public:
  TraceWritableFile(std::unique_ptr<io::WritableFile> file, FileId id, std::shared_ptr<Trace> trace)
      : file_(std::move(file)), id_(id), trace_(std::move(trace)) {}

  Status Append(std::string_view bytes) override {
    trace_->Add({.kind = Kind::kWrite,
                 .file = id_,
                 .offset = file_->size(),
                 .bytes = std::string(bytes),
                 .path = path(),
                 .to = {}});
    return file_->Append(bytes);
  }
  Status Sync() override {
    AMETHYST_TRY(file_->Sync());
    return TraceSync(*trace_, id_, path());
  }
  Status Close() override { return file_->Close(); }
  uint64_t size() const override { return file_->size(); }
  const std::string& path() const override { return file_->path(); }

 private:
  const std::unique_ptr<io::WritableFile> file_;
  const FileId id_;
  const std::shared_ptr<Trace> trace_;
};

class TraceLogSegment final : public io::LogSegment {
 public:
  TraceLogSegment(std::unique_ptr<io::LogSegment> segment, FileId id, std::shared_ptr<Trace> trace)
      : LogSegment(segment->path(), segment->capacity()),
        segment_(std::move(segment)),
        id_(id),
        trace_(std::move(trace)) {}

  Status Sync() override {
    AMETHYST_TRY(segment_->Sync());
    return TraceSync(*trace_, id_, path());
  }
  Status Close(uint64_t end) override {
    trace_->Add({.kind = Kind::kResize, .file = id_, .offset = end, .bytes = {}, .path = path(), .to = {}});
    return segment_->Close(end);
  }

 protected:
  Status StoreOutsideWindow(uint64_t offset, std::string_view bytes) override {
    trace_->Add(
        {.kind = Kind::kWrite, .file = id_, .offset = offset, .bytes = std::string(bytes), .path = path(), .to = {}});
    return segment_->Store(offset, bytes);
  }

 private:
  const std::unique_ptr<io::LogSegment> segment_;
  const FileId id_;
  const std::shared_ptr<Trace> trace_;
};

}  // namespace

TraceFileSystem::TraceFileSystem(std::shared_ptr<io::MemoryFileSystem> files) : files_(std::move(files)) {}

FileId TraceFileSystem::AddFile(const std::string& path) {
  base::MutexLock lock(mutex_);
  const FileId id{next_id_++};
  names_[path] = id;
  trace_->Add({.kind = Kind::kCreate, .file = id, .offset = 0, .bytes = {}, .path = path, .to = {}});
  return id;
}

Result<std::unique_ptr<io::WritableFile>> TraceFileSystem::Create(const std::string& path) {
  AMETHYST_ASSIGN(std::unique_ptr<io::WritableFile> file, files_->Create(path));
  return std::make_unique<TraceWritableFile>(std::move(file), AddFile(path), trace_);
}

Result<std::unique_ptr<io::LogSegment>> TraceFileSystem::CreateLogSegment(const std::string& path,
                                                                          const io::LogSegmentOptions& options) {
  AMETHYST_ASSIGN(std::unique_ptr<io::LogSegment> segment, files_->CreateLogSegment(path, options));
  const FileId id = AddFile(path);
  trace_->Add(
      {.kind = Kind::kResize, .file = id, .offset = options.capacity_bytes, .bytes = {}, .path = path, .to = {}});
  return std::make_unique<TraceLogSegment>(std::move(segment), id, trace_);
}

Status TraceFileSystem::SyncFile(const std::string& path) {
  AMETHYST_TRY(files_->SyncFile(path));
  FileId id{};
  {
    base::MutexLock lock(mutex_);
    const auto found = names_.find(path);
    if (found == names_.end()) return {};  // From before us: durable as it is.
    id = found->second;
  }
  return TraceSync(*trace_, id, path);
}

Status TraceFileSystem::SyncDirectory(const std::string& directory) {
  AMETHYST_TRY(files_->SyncDirectory(directory));
  trace_->Add({.kind = Kind::kSyncDirectory, .file = {}, .offset = 0, .bytes = {}, .path = directory, .to = {}});
  return {};
}

Status TraceFileSystem::Rename(const std::string& from, const std::string& to) {
  AMETHYST_TRY(files_->Rename(from, to));
  base::MutexLock lock(mutex_);
  if (const auto found = names_.find(from); found != names_.end()) {
    names_[to] = found->second;
    names_.erase(found);
  }
  trace_->Add({.kind = Kind::kRename, .file = {}, .offset = 0, .bytes = {}, .path = from, .to = to});
  return {};
}

Status TraceFileSystem::Remove(const std::string& path) {
  AMETHYST_TRY(files_->Remove(path));
  base::MutexLock lock(mutex_);
  names_.erase(path);
  trace_->Add({.kind = Kind::kRemove, .file = {}, .offset = 0, .bytes = {}, .path = path, .to = {}});
  return {};
}

Result<std::unique_ptr<io::FileLock>> TraceFileSystem::Lock(const std::string& path, io::LockMode mode) {
  AMETHYST_ASSIGN(const bool existed, files_->Exists(path));
  AMETHYST_ASSIGN(std::unique_ptr<io::FileLock> lock, files_->Lock(path, mode));
  AMETHYST_ASSIGN(const bool exists, files_->Exists(path));
  if (!existed && exists) static_cast<void>(AddFile(path));
  return lock;
}

}  // namespace amethyst::torture
