#include "compat/leveldb/posix_files.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

namespace amethyst::compat {

namespace {

using leveldb::Slice;
using leveldb::Status;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] int Close() { return close(std::exchange(number_, -1)); }

 private:
  int number_;
};

// Runs a system call until no signal interrupts it.
template <typename Call>
ssize_t Uninterrupted(Call call) {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

class PosixSequentialFile final : public leveldb::SequentialFile {
 public:
  PosixSequentialFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  Status Read(size_t n, Slice* result, char* scratch) override {
    const ssize_t bytes = Uninterrupted([&] { return read(file_.number(), scratch, n); });
    *result = Slice(scratch, bytes < 0 ? 0 : static_cast<size_t>(bytes));
    return bytes < 0 ? PosixError(path_, errno) : Status();
  }
  Status Skip(uint64_t n) override {
    const off_t offset = lseek(file_.number(), static_cast<off_t>(n), SEEK_CUR);
    return offset < 0 ? PosixError(path_, errno) : Status();
  }

 private:
  const std::string path_;
  const Descriptor file_;
};

class PosixRandomAccessFile final : public leveldb::RandomAccessFile {
 public:
  PosixRandomAccessFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  Status Read(uint64_t offset, size_t n, Slice* result, char* scratch) const override {
    const ssize_t bytes = Uninterrupted([&] { return pread(file_.number(), scratch, n, static_cast<off_t>(offset)); });
    *result = Slice(scratch, bytes < 0 ? 0 : static_cast<size_t>(bytes));
    return bytes < 0 ? PosixError(path_, errno) : Status();
  }

 private:
  const std::string path_;
  const Descriptor file_;
};

class PosixWritableFile final : public leveldb::WritableFile {
 public:
  PosixWritableFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  ~PosixWritableFile() override { static_cast<void>(Flush()); }

  Status Append(const Slice& data) override {
    if (buffer_.size() + data.size() <= kBufferBytes) {
      buffer_.append(data.data(), data.size());
      return {};
    }
    Status status = Flush();
    return status.ok() ? WriteAll(data.data(), data.size()) : status;
  }
  Status Close() override {
    if (file_.number() < 0) return {};
    Status status = Flush();
    if (file_.Close() != 0 && status.ok()) status = PosixError(path_, errno);
    return status;
  }
  Status Flush() override {
    Status status = WriteAll(buffer_.data(), buffer_.size());
    buffer_.clear();
    return status;
  }
  Status Sync() override {
    Status status = Flush();
    if (status.ok() && fdatasync(file_.number()) != 0) status = PosixError(path_, errno);
    return status;
  }

 private:
  static constexpr size_t kBufferBytes = size_t{64} << 10;

  Status WriteAll(const char* data, size_t bytes) {
    while (bytes > 0) {
      const ssize_t written = Uninterrupted([&] { return write(file_.number(), data, bytes); });
      if (written < 0) return PosixError(path_, errno);
      data += written;
      bytes -= static_cast<size_t>(written);
    }
    return {};
  }

  const std::string path_;
  Descriptor file_;
  std::string buffer_;
};

class PosixLogger final : public leveldb::Logger {
 public:
  explicit PosixLogger(Descriptor file) : file_(std::move(file)) {}

  void Logv(const char* format, std::va_list values) override {
    timeval now{};
    gettimeofday(&now, nullptr);
    tm local{};
    localtime_r(&now.tv_sec, &local);
    char head[64];
    const size_t head_bytes = std::strftime(head, sizeof(head), "%Y/%m/%d-%H:%M:%S", &local);
    char rest[64];
    std::snprintf(rest, sizeof(rest), ".%06ld %ld ", static_cast<long>(now.tv_usec), syscall(SYS_gettid));
    std::string line(head, head_bytes);
    line += rest;
    std::va_list copy;
    va_copy(copy, values);
    const int bytes = std::vsnprintf(nullptr, 0, format, copy);
    va_end(copy);
    const size_t begin = line.size();
    line.resize(begin + static_cast<size_t>(bytes < 0 ? 0 : bytes) + 1);
    std::vsnprintf(line.data() + begin, line.size() - begin, format, values);
    line.pop_back();
    if (!line.ends_with('\n')) line += '\n';
    // One call, so that lines of several threads do not mix; a log that cannot be written has nobody to tell.
    static_cast<void>(Uninterrupted([&] { return write(file_.number(), line.data(), line.size()); }));
  }

 private:
  const Descriptor file_;
};

template <typename File, typename Result>
Status Open(const std::string& path, int flags, Result** result) {
  *result = nullptr;
  Descriptor file(open(PathOf(path), flags | O_CLOEXEC, 0644));
  if (file.number() < 0) return PosixError(path, errno);
  if constexpr (std::is_constructible_v<File, std::string, Descriptor>) {
    *result = new File(path, std::move(file));
  } else {
    *result = new File(std::move(file));
  }
  return {};
}

}  // namespace

Status PosixError(const std::string& context, int error) {
  return error == ENOENT ? Status::NotFound(context, std::strerror(error))
                         : Status::IOError(context, std::strerror(error));
}

Status OpenSequentialFile(const std::string& path, leveldb::SequentialFile** result) {
  return Open<PosixSequentialFile>(path, O_RDONLY, result);
}

Status OpenRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** result) {
  return Open<PosixRandomAccessFile>(path, O_RDONLY, result);
}

Status OpenWritableFile(const std::string& path, bool append, leveldb::WritableFile** result) {
  return Open<PosixWritableFile>(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), result);
}

Status OpenLogger(const std::string& path, leveldb::Logger** result) {
  return Open<PosixLogger>(path, O_WRONLY | O_CREAT | O_APPEND, result);
}

}  // namespace amethyst::compat
