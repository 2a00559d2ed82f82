#include "io/posix_file.h"

#include <fcntl.h>

#include "base/assert.h"
#include "base/error.h"
#include "io/posix_descriptor.h"

namespace amethyst::io {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr size_t kWritebackBytes = size_t{1} << 20;

class PosixWritableFile final : public WritableFile {
 public:
  explicit PosixWritableFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Status Append(std::string_view bytes) override {
    AMETHYST_ASSERT(usable_);
    if (buffer_.size() + bytes.size() > kBufferBytes) AMETHYST_TRY(Flush());
    if (bytes.size() >= kBufferBytes) return Latch(Write(bytes));
    if (buffer_.capacity() == 0) buffer_.reserve(kBufferBytes);
    buffer_.append(bytes);
    return {};
  }

  Status Overwrite(uint64_t offset, std::string_view bytes) override {
    AMETHYST_ASSERT(usable_ && offset + bytes.size() <= written_);
    return Latch(descriptor_.WriteAt(offset, bytes));
  }

  Status Sync() override {
    AMETHYST_ASSERT(usable_);
    AMETHYST_TRY(Flush());
    return Latch(descriptor_.SyncData());
  }

  Status Close() override {
    AMETHYST_ASSERT(usable_);
    AMETHYST_TRY(Flush());
    usable_ = false;
    return descriptor_.Close();
  }

  uint64_t size() const override { return written_ + buffer_.size(); }
  const std::string& path() const override { return descriptor_.path(); }

 private:
  Status Flush() {
    const Status flushed = Latch(Write(buffer_));
    if (flushed) buffer_.clear();
    return flushed;
  }

  Status Write(std::string_view bytes) {
    AMETHYST_TRY(descriptor_.WriteAt(written_, bytes));
    written_ += bytes.size();
    // The device begins with what will not change any more, so that Sync has little left to wait for. Only a hint: what
    // fails here fails there.
    if (written_ - begun_ >= kWritebackBytes) {
      sync_file_range(descriptor_.number(), static_cast<off_t>(begun_), static_cast<off_t>(written_ - begun_),
                      SYNC_FILE_RANGE_WRITE);
      begun_ = written_;
    }
    return {};
  }

  Status Latch(Status status) {
    usable_ = status.has_value();
    return status;
  }

  Descriptor descriptor_;
  std::string buffer_;
  uint64_t written_ = 0;  // Bytes handed to the system.
  uint64_t begun_ = 0;    // Of them, those that it has been told to write to the device.
  bool usable_ = true;    // Neither closed nor failed.
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  explicit PosixRandomAccessFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override { return descriptor_.ReadAt(offset, to); }
  void Prefetch(uint64_t offset, uint64_t bytes) const override {
    posix_fadvise(descriptor_.number(), static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
  }
  Result<uint64_t> Size() const override { return descriptor_.Size(); }
  const std::string& path() const override { return descriptor_.path(); }

 private:
  const Descriptor descriptor_;
};

}  // namespace

Result<std::unique_ptr<WritableFile>> CreatePosixFile(const PosixPath& path) {
  AMETHYST_ASSIGN(Descriptor descriptor, Descriptor::Open(path, O_WRONLY | O_CREAT | O_EXCL));
  return std::make_unique<PosixWritableFile>(std::move(descriptor));
}

Result<std::unique_ptr<RandomAccessFile>> OpenPosixFile(const PosixPath& path) {
  AMETHYST_ASSIGN(Descriptor descriptor, Descriptor::Open(path, O_RDONLY));
  posix_fadvise(descriptor.number(), 0, 0, POSIX_FADV_RANDOM);
  // Looking at each read whether a new time of access is due takes a twentieth of it. Others' files refuse: no matter.
  fcntl(descriptor.number(), F_SETFL, O_NOATIME);
  return std::make_unique<PosixRandomAccessFile>(std::move(descriptor));
}

}  // namespace amethyst::io
