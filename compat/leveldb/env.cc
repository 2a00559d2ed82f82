#include <leveldb/env.h>

#include <memory>

namespace leveldb {

Env::Env() = default;
Env::~Env() = default;
EnvWrapper::~EnvWrapper() = default;
SequentialFile::~SequentialFile() = default;
RandomAccessFile::~RandomAccessFile() = default;
WritableFile::~WritableFile() = default;
Logger::~Logger() = default;
FileLock::~FileLock() = default;

Status Env::NewAppendableFile(const std::string& fname, WritableFile**) {
  return Status::NotSupported("NewAppendableFile", fname);
}

// Each of these names was the other's before or will be: a class of a program's own has one of them at least.
Status Env::RemoveFile(const std::string& fname) { return DeleteFile(fname); }
Status Env::DeleteFile(const std::string& fname) { return RemoveFile(fname); }
Status Env::RemoveDir(const std::string& dirname) { return DeleteDir(dirname); }
Status Env::DeleteDir(const std::string& dirname) { return RemoveDir(dirname); }

// The header gives it no visibility of its own, and Debian's library does not show it.
void __attribute__((visibility("default"))) Log(Logger* info_log, const char* format, ...) {
  if (info_log == nullptr) return;
  std::va_list values;
  va_start(values, format);
  info_log->Logv(format, values);
  va_end(values);
}

Status WriteStringToFile(Env* env, const Slice& data, const std::string& fname) {
  WritableFile* opened;
  Status status = env->NewWritableFile(fname, &opened);
  if (!status.ok()) return status;
  std::unique_ptr<WritableFile> file(opened);
  status = file->Append(data);
  if (status.ok()) status = file->Close();
  file.reset();
  if (!status.ok()) env->RemoveFile(fname);
  return status;
}

Status ReadFileToString(Env* env, const std::string& fname, std::string* data) {
  data->clear();
  SequentialFile* opened;
  Status status = env->NewSequentialFile(fname, &opened);
  if (!status.ok()) return status;
  const std::unique_ptr<SequentialFile> file(opened);
  char buffer[8192];
  for (Slice read; (status = file->Read(sizeof(buffer), &read, buffer)).ok() && !read.empty();) {
    data->append(read.data(), read.size());
  }
  return status;
}

}  // namespace leveldb
