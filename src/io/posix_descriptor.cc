#include "io/posix_descriptor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"

namespace amethyst::io {

namespace {

// Throws nothing: that would say that the sync was not tried.
std::unexpected<Error> FailedSync(int error_number, const std::string& path) noexcept {
  return std::unexpected(base::MadeWithoutFail(
      [&] { return std::move(base::SyncError(error_number, fmt::format("sync {}", path)).error()); }));
}

}  // namespace

Status CheckPath(std::string_view path) {
  const size_t zero = path.find('\0');
  if (zero == std::string_view::npos) return {};
  return base::InvalidArgument("{}: a path cannot hold a zero byte, as this one does behind {} bytes",
                               path.substr(0, zero), zero);
}

Result<Descriptor> Descriptor::Open(const PosixPath& path, int flags) {
  AMETHYST_TRY(CheckPath(path.text));
  int number;
  do {
    number = openat(path.directory, path.name, flags | O_CLOEXEC, 0644);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return base::SystemError(errno, fmt::format("{} {}", flags & O_CREAT ? "create" : "open", path.text));
  return Descriptor(path.text, number);
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : path_(std::move(other.path_)), number_(std::exchange(other.number_, -1)) {}

Result<size_t> Descriptor::ReadAt(uint64_t offset, std::span<char> to) const {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t read = pread(number_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (read == 0) break;
    if (read > 0) {
      done += static_cast<size_t>(read);
    } else if (errno != EINTR) {
      return base::SystemError(errno, fmt::format("read {} at {}", path_, offset + done));
    }
  }
  return done;
}

Status Descriptor::WriteAt(uint64_t offset, std::string_view bytes) const {
  AMETHYST_DCHECK(number_ >= 0);
  AMETHYST_TRY(CheckSize(offset + bytes.size()));
  while (!bytes.empty()) {
    const ssize_t written = pwrite(number_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    } else if (written == 0 || errno != EINTR) {
      return base::SystemError(written == 0 ? EIO : errno, fmt::format("write {} at {}", path_, offset));
    }
  }
  return {};
}

Status Descriptor::CheckSize(uint64_t bytes) const {
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || bytes <= limit.rlim_cur) return {};
  return base::SystemError(EFBIG, fmt::format("{} bytes in {}", bytes, path_));
}

Status Descriptor::SyncData() const {
  AMETHYST_DCHECK(number_ >= 0);
  if (fdatasync(number_) != 0) return FailedSync(errno, path_);
  return {};
}

Status Descriptor::SyncAll() const {
  AMETHYST_DCHECK(number_ >= 0);
  if (fsync(number_) != 0) return FailedSync(errno, path_);
  return {};
}

Result<uint64_t> Descriptor::Size() const {
  struct stat status;
  if (fstat(number_, &status) != 0) return base::SystemError(errno, fmt::format("size of {}", path_));
  return static_cast<uint64_t>(status.st_size);
}

Status Descriptor::Close() {
  AMETHYST_ASSERT(number_ >= 0);
  // The descriptor is gone even if the call was interrupted (Linux).
  if (close(std::exchange(number_, -1)) != 0 && errno != EINTR) {
    return base::SystemError(errno, fmt::format("close {}", path_));
  }
  return {};
}

}  // namespace amethyst::io
