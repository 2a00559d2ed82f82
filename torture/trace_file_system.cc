#include "torture/trace_file_system.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"

namespace amethyst::torture {

namespace {

using Kind = TraceOperation::Kind;

// Apart from the engine's own rule: a checker that asked the engine could not find it wrong.
bool ClearsByItself(const Error& error) {
  return error.code() == ErrorCode::kNoSpace || error.code() == ErrorCode::kOutOfMemory ||
         base::IsOutOfDescriptors(error);
}

// Writes down that a call failed; passes its status on.
Status Failed(Trace& trace, Kind kind, FileId file, const std::string& path, Status status) {
  trace.Add({.kind = kind, .file = file, .path = path, .clears_by_itself = ClearsByItself(status.error())});
  return status;
}

// Writes down a write that was carried out below with `status`.
Status TraceWrite(Trace& trace, FileId file, uint64_t offset, std::string_view bytes, const std::string& path,
                  Status status) {
  trace.Add({.kind = status ? Kind::kWrite : Kind::kFailedWrite,
             .file = file,
             .offset = offset,
             .bytes = std::string(bytes),
             .path = path,
             .clears_by_itself = !status && ClearsByItself(status.error())});
  return status;
}

// Writes down a sync that was carried out below with `status`.
Status TraceSync(Trace& trace, Kind kind, FileId file, const std::string& path, Status status) {
  if (status && trace.fail_sync && trace.fail_sync(path)) {
    status = base::MakeError(ErrorCode::kIo, "{}: simulated failure of a sync", path);
  }
  if (!status) return Failed(trace, Kind::kFailedSync, file, path, std::move(status));
  trace.Add({.kind = kind, .file = file, .path = path});
  return {};
}

class TraceWritableFile final : public io::WritableFile {
 public:
  TraceWritableFile(std::unique_ptr<io::WritableFile> file, FileId id, std::shared_ptr<Trace> trace)
      : file_(std::move(file)), id_(id), trace_(std::move(trace)) {}

  Status Append(std::string_view bytes) override {
    const uint64_t offset = file_->size();
    return TraceWrite(*trace_, id_, offset, bytes, path(), file_->Append(bytes));
  }
  Status Overwrite(uint64_t offset, std::string_view bytes) override {
    return TraceWrite(*trace_, id_, offset, bytes, path(), file_->Overwrite(offset, bytes));
  }
  Status Sync() override { return TraceSync(*trace_, Kind::kSync, id_, path(), file_->Sync()); }
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

  Status Sync() override { return TraceSync(*trace_, Kind::kSync, id_, path(), segment_->Sync()); }
  Status Close(uint64_t end) override {
    Status closed = segment_->Close(end);
    if (!closed) return Failed(*trace_, Kind::kFailedWrite, id_, path(), std::move(closed));
    trace_->Add({.kind = Kind::kResize, .file = id_, .offset = end, .path = path()});
    return {};
  }

 protected:
  Status StoreOutsideWindow(uint64_t offset, std::string_view bytes) override {
    return TraceWrite(*trace_, id_, offset, bytes, path(), segment_->Store(offset, bytes));
  }

 private:
  const std::unique_ptr<io::LogSegment> segment_;
  const FileId id_;
  const std::shared_ptr<Trace> trace_;
};

}  // namespace

void MoveInside(const std::string& from, const std::string& to, std::map<std::string, FileId>* names) {
  const std::string inside = from + "/";
  std::map<std::string, FileId> moved;
  for (auto name = names->lower_bound(inside); name != names->end() && name->first.starts_with(inside);) {
    moved[to + name->first.substr(from.size())] = name->second;
    name = names->erase(name);
  }
  names->merge(moved);
}

uint64_t Trace::Digest() const {
  base::MutexLock lock(mutex_);
  std::string text;
  for (const TraceOperation& operation : operations_) {
    text += fmt::format("{} {} {} {} {} {}\n", static_cast<int>(operation.kind), static_cast<uint64_t>(operation.file),
                        operation.offset, operation.bytes.size(), operation.path, operation.to);
  }
  return base::Hash64(text);
}

FileId TraceFileSystem::AddFile(const std::string& path) {
  base::MutexLock lock(mutex_);
  const FileId id{next_id_++};
  names_[path] = id;
  trace_->Add({.kind = Kind::kCreate, .file = id, .path = path});
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
  trace_->Add({.kind = Kind::kResize, .file = id, .offset = options.capacity_bytes, .path = path});
  return std::make_unique<TraceLogSegment>(std::move(segment), id, trace_);
}

Status TraceFileSystem::SyncFile(const std::string& path) {
  FileId id{};
  {
    base::MutexLock lock(mutex_);
    const auto found = names_.find(path);
    if (found == names_.end()) return files_->SyncFile(path);  // From before us: durable as it is.
    id = found->second;
  }
  return TraceSync(*trace_, Kind::kRewriteAndSync, id, path, files_->SyncFile(path));
}

Status TraceFileSystem::SyncDirectory(const std::string& directory) {
  Status synced = files_->SyncDirectory(directory);
  if (!synced) return Failed(*trace_, Kind::kFailedSyncDirectory, {}, directory, std::move(synced));
  trace_->Add({.kind = Kind::kSyncDirectory, .path = directory});
  return {};
}

Status TraceFileSystem::Rename(const std::string& from, const std::string& to) {
  AMETHYST_TRY(files_->Rename(from, to));
  base::MutexLock lock(mutex_);
  if (const auto found = names_.find(from); found != names_.end()) {
    names_[to] = found->second;
    names_.erase(found);
  }
  MoveInside(from, to, &names_);
  trace_->Add({.kind = Kind::kRename, .path = from, .to = to});
  return {};
}

Status TraceFileSystem::Link(const std::string& from, const std::string& to) {
  AMETHYST_TRY(files_->Link(from, to));
  base::MutexLock lock(mutex_);
  if (const auto found = names_.find(from); found != names_.end()) names_[to] = found->second;
  trace_->Add({.kind = Kind::kLink, .path = from, .to = to});
  return {};
}

Status TraceFileSystem::Remove(const std::string& path) {
  AMETHYST_TRY(files_->Remove(path));
  base::MutexLock lock(mutex_);
  names_.erase(path);
  trace_->Add({.kind = Kind::kRemove, .path = path});
  return {};
}

Result<std::unique_ptr<io::FileLock>> TraceFileSystem::Lock(const std::string& path, io::LockMode mode) {
  AMETHYST_ASSIGN(const bool existed, files_->Exists(path));
  AMETHYST_ASSIGN(std::unique_ptr<io::FileLock> lock, files_->Lock(path, mode));
  AMETHYST_ASSIGN(const bool exists, files_->Exists(path));
  if (!existed && exists) static_cast<void>(AddFile(path));
  return lock;
}

Result<std::shared_ptr<io::FileSystem>> TraceFileSystem::OpenDirectory(const std::string& directory) {
  AMETHYST_TRY(files_->OpenDirectory(directory));
  return FileSystem::OpenDirectory(directory);
}

}  // namespace amethyst::torture
