#include "compat/leveldb/memory_env.h"

#include <leveldb/helpers/memenv.h>

#include <algorithm>
#include <cstring>

namespace amethyst::compat {

namespace {

using leveldb::Slice;
using leveldb::Status;
using FilePtr = std::shared_ptr<MemoryEnv::File>;

Status ReadAt(MemoryEnv::File& file, uint64_t offset, size_t n, Slice* result, char* scratch) {
  const std::lock_guard lock(file.mutex);
  if (offset > file.bytes.size()) return Status::IOError("Offset greater than file size.");
  const size_t bytes = std::min<size_t>(n, file.bytes.size() - offset);
  std::memcpy(scratch, file.bytes.data() + offset, bytes);
  *result = Slice(scratch, bytes);
  return {};
}

class MemorySequentialFile final : public leveldb::SequentialFile {
 public:
  explicit MemorySequentialFile(FilePtr file) : file_(std::move(file)) {}
  Status Read(size_t n, Slice* result, char* scratch) override {
    Status status = ReadAt(*file_, at_, n, result, scratch);
    if (status.ok()) at_ += result->size();
    return status;
  }
  Status Skip(uint64_t n) override {
    const std::lock_guard lock(file_->mutex);
    if (at_ > file_->bytes.size()) return Status::IOError("pos_ > file_->Size()");
    at_ += std::min<uint64_t>(n, file_->bytes.size() - at_);
    return {};
  }

 private:
  const FilePtr file_;
  uint64_t at_ = 0;
};

class MemoryRandomAccessFile final : public leveldb::RandomAccessFile {
 public:
  explicit MemoryRandomAccessFile(FilePtr file) : file_(std::move(file)) {}
  Status Read(uint64_t offset, size_t n, Slice* result, char* scratch) const override {
    return ReadAt(*file_, offset, n, result, scratch);
  }

 private:
  const FilePtr file_;
};

class MemoryWritableFile final : public leveldb::WritableFile {
 public:
  explicit MemoryWritableFile(FilePtr file) : file_(std::move(file)) {}
  Status Append(const Slice& data) override {
    const std::lock_guard lock(file_->mutex);
    file_->bytes.append(data.data(), data.size());
    return {};
  }
  Status Close() override { return {}; }
  Status Flush() override { return {}; }
  Status Sync() override { return {}; }

 private:
  const FilePtr file_;
};

class NoLogger final : public leveldb::Logger {
 public:
  void Logv(const char*, std::va_list) override {}
};

class MemoryLock final : public leveldb::FileLock {};

Status NotFound(const std::string& name) { return Status::IOError(name, "File not found"); }

}  // namespace

FilePtr MemoryEnv::Find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

Status MemoryEnv::NewSequentialFile(const std::string& name, leveldb::SequentialFile** result) {
  *result = nullptr;
  FilePtr file = Find(name);
  if (file == nullptr) return NotFound(name);
  *result = new MemorySequentialFile(std::move(file));
  return {};
}

Status MemoryEnv::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) {
  *result = nullptr;
  FilePtr file = Find(name);
  if (file == nullptr) return NotFound(name);
  *result = new MemoryRandomAccessFile(std::move(file));
  return {};
}

Status MemoryEnv::NewWriter(const std::string& name, bool truncate, leveldb::WritableFile** result) {
  const std::lock_guard lock(mutex_);
  FilePtr& file = files_[name];
  if (file == nullptr) file = std::make_shared<File>();
  if (truncate) {
    const std::lock_guard file_lock(file->mutex);
    file->bytes.clear();
  }
  *result = new MemoryWritableFile(file);
  return {};
}

Status MemoryEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** result) {
  return NewWriter(name, true, result);
}

Status MemoryEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** result) {
  return NewWriter(name, false, result);
}

bool MemoryEnv::FileExists(const std::string& name) { return Find(name) != nullptr; }

Status MemoryEnv::GetChildren(const std::string& directory, std::vector<std::string>* result) {
  result->clear();
  const std::string prefix = directory + "/";
  const std::lock_guard lock(mutex_);
  for (auto it = files_.lower_bound(prefix); it != files_.end() && it->first.starts_with(prefix); ++it) {
    result->push_back(it->first.substr(prefix.size()));
  }
  return {};
}

Status MemoryEnv::RemoveFile(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return files_.erase(name) == 0 ? NotFound(name) : Status();
}

Status MemoryEnv::GetFileSize(const std::string& name, uint64_t* bytes) {
  const FilePtr file = Find(name);
  if (file == nullptr) return NotFound(name);
  const std::lock_guard lock(file->mutex);
  *bytes = file->bytes.size();
  return {};
}

Status MemoryEnv::RenameFile(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(from);
  if (found == files_.end()) return NotFound(from);
  FilePtr file = std::move(found->second);
  files_.erase(found);
  files_[to] = std::move(file);
  return {};
}

Status MemoryEnv::LockFile(const std::string&, leveldb::FileLock** lock) {
  *lock = new MemoryLock;
  return {};
}

Status MemoryEnv::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return {};
}

Status MemoryEnv::NewLogger(const std::string&, leveldb::Logger** result) {
  *result = new NoLogger;
  return {};
}

std::shared_ptr<io::Environment> MemoryEnv::DatabaseEnvironment(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<io::Environment>& environment = databases_[name];
  if (environment == nullptr) environment = NewInMemoryEnvironment();
  return environment;
}

void MemoryEnv::ForgetDatabase(const std::string& name) {
  const std::lock_guard lock(mutex_);
  databases_.erase(name);
}

}  // namespace amethyst::compat

namespace leveldb {

Env* NewMemEnv(Env* base_env) { return new amethyst::compat::MemoryEnv(base_env); }

}  // namespace leveldb
