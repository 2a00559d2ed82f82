#include "io/output_target.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "io/posix_descriptor.h"

namespace amethyst::io {
namespace {

class DeviceFile final : public WritableFile {
 public:
  explicit DeviceFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_.number(), bytes.data(), bytes.size());
      if (written > 0) {
        bytes.remove_prefix(static_cast<size_t>(written));
        size_ += static_cast<uint64_t>(written);
      } else if (written == 0 || errno != EINTR) {
        return base::SystemError(written == 0 ? EIO : errno, fmt::format("write {}", path()));
      }
    }
    return {};
  }
  Status Overwrite(uint64_t, std::string_view) override { return base::SystemError(ESPIPE, path()); }
  Status Sync() override { return {}; }
  Status Close() override { return descriptor_.Close(); }
  uint64_t size() const override { return size_; }
  const std::string& path() const override { return descriptor_.path(); }

 private:
  Descriptor descriptor_;
  uint64_t size_ = 0;
};

}  // namespace

Result<OutputTarget> ResolveOutput(const std::string& path) {
  AMETHYST_TRY(CheckPath(path));
  constexpr int kLinksMax = 40;  // As the kernel has it.
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(target, error); ++links) {
    if (links == kLinksMax) return base::SystemError(ELOOP, path);
    const std::filesystem::path next = std::filesystem::read_symlink(target, error);
    if (error) return base::SystemError(error.value(), fmt::format("follow {}", path));
    // A link of /proc to a pipe of the process names no file, and opens one.
    if (!std::filesystem::exists(target.parent_path() / next, error) && std::filesystem::exists(target, error)) break;
    target = target.parent_path() / next;  // An absolute one alone.
  }
  switch (std::filesystem::status(target, error).type()) {
    case std::filesystem::file_type::directory: return base::SystemError(EISDIR, path);
    case std::filesystem::file_type::block:
    case std::filesystem::file_type::character:
    case std::filesystem::file_type::fifo:
    case std::filesystem::file_type::socket: return OutputTarget{.path = target.string(), .is_device = true};
    default: return OutputTarget{.path = target.string(), .is_device = false};
  }
}

Result<std::unique_ptr<WritableFile>> OpenDevice(const std::string& path) {
  AMETHYST_ASSIGN(Descriptor descriptor, Descriptor::Open(path, O_WRONLY));
  return std::make_unique<DeviceFile>(std::move(descriptor));
}

Result<std::unique_ptr<WritableFile>> OpenToAppend(const std::string& path) {
  AMETHYST_ASSIGN(Descriptor descriptor, Descriptor::Open(path, O_WRONLY | O_APPEND | O_CREAT));
  return std::make_unique<DeviceFile>(std::move(descriptor));
}

}  // namespace amethyst::io
