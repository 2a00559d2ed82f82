#include "io/posix_log_segment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "io/posix_descriptor.h"
#include "io/posix_window.h"

namespace amethyst::io {
namespace {

// A page at a time: larger writes put larger folios into the page cache, which one store then dirties as a whole.
constexpr size_t kZeroBytes = 4096;
// Smaller segments are not mapped.
constexpr uint64_t kMappedBytesMin = uint64_t{512} << 10;

class PosixLogSegment final : public LogSegment {
 public:
  PosixLogSegment(Descriptor file, uint64_t capacity, std::unique_ptr<PosixWindow> window)
      : LogSegment(file.path(), capacity), file_(std::move(file)), window_(std::move(window)) {
    if (window_ != nullptr) SetWindow(window_->base(), 0, window_->populated_at_creation());
  }

  Status Sync() override { return file_.SyncData(); }

  Status Close(uint64_t end) override {
    AMETHYST_ASSERT(end <= capacity());
    SetWindow(nullptr, 0, 0);
    window_.reset();
    int failed;
    do {
      failed = ftruncate(file_.number(), static_cast<off_t>(end));
    } while (failed != 0 && errno == EINTR);
    if (failed != 0) return base::SystemError(errno, fmt::format("truncate {} to {}", path(), end));
    return file_.Close();
  }

 private:
  Status StoreOutsideWindow(uint64_t offset, std::string_view bytes) override {
    AMETHYST_ASSERT(bytes.size() <= capacity() && offset <= capacity() - bytes.size());
    if (window_ == nullptr) return file_.WriteAt(offset, bytes);
    const uint64_t end = offset + bytes.size();
    AMETHYST_ASSIGN(const PosixWindow::Extent ready, window_->MoveTo(offset));
    SetWindow(window_->base() + ready.begin, ready.begin, ready.end);
    if (offset < ready.begin || end > ready.end) return file_.WriteAt(offset, bytes);
    std::memcpy(window_->base() + offset, bytes.data(), bytes.size());
    return {};
  }

  Descriptor file_;
  std::unique_ptr<PosixWindow> window_;  // Null where the file system does not allow mapping.
};

Status WriteZeros(const Descriptor& file, uint64_t capacity) {
  const std::string zeros(kZeroBytes, '\0');
  for (uint64_t offset = 0; offset < capacity; offset += kZeroBytes) {
    AMETHYST_TRY(
        file.WriteAt(offset, std::string_view(zeros).substr(0, std::min<uint64_t>(kZeroBytes, capacity - offset))));
  }
  return file.SyncData();
}

Status Allocate(const Descriptor& file, const LogSegmentOptions& options) {
  AMETHYST_TRY(file.CheckSize(options.capacity_bytes));
  int failed;
  do {
    failed = fallocate(file.number(), 0, 0, static_cast<off_t>(options.capacity_bytes));
  } while (failed != 0 && errno == EINTR);
  if (failed != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)) {
    return base::SystemError(errno, fmt::format("allocate {} bytes for {}", options.capacity_bytes, file.path()));
  }
  // Writing allocates as well, where the file system, or a filter of system calls, does not let us do it otherwise.
  if (failed != 0 || options.zero_filled) return WriteZeros(file, options.capacity_bytes);
  return {};
}

Result<std::unique_ptr<LogSegment>> Prepare(Descriptor file, const LogSegmentOptions& options) {
  AMETHYST_TRY(Allocate(file, options));
  std::unique_ptr<PosixWindow> window;
  if (options.mapped && options.capacity_bytes >= kMappedBytesMin && IsMappingSafe(file)) {
    window = PosixWindow::Map(file, options.capacity_bytes, options.zero_filled);
  }
  return std::make_unique<PosixLogSegment>(std::move(file), options.capacity_bytes, std::move(window));
}

}  // namespace

Result<std::unique_ptr<LogSegment>> CreatePosixLogSegment(const PosixPath& path, const LogSegmentOptions& options) {
  AMETHYST_ASSERT(options.capacity_bytes > 0);
  AMETHYST_ASSIGN(Descriptor file, Descriptor::Open(path, O_RDWR | O_CREAT | O_EXCL));
  auto segment = base::Contained([&] { return Prepare(std::move(file), options); });
  if (!segment) unlinkat(path.directory, path.name, 0);  // The error to report is the first one.
  return segment;
}

}  // namespace amethyst::io
