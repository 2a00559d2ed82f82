#include "torture/mount.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"

namespace amethyst::torture {

namespace {

Status Run(const std::string& command) {
  if (std::system((command + " > /dev/null 2>&1").c_str()) == 0) return {};
  return base::MakeError(ErrorCode::kNotSupported, "this failed: {}", command);
}

}  // namespace

Result<Mount> Mount::Tmpfs(const std::string& path, uint64_t bytes) {
  AMETHYST_TRY(Run(fmt::format("mount -t tmpfs -o size={} tmpfs '{}'", bytes, path)));
  return Mount(path);
}

Result<Mount> Mount::Image(const std::string& image, const std::string& path) {
  AMETHYST_TRY(Run(fmt::format("mount -o loop '{}' '{}'", image, path)));
  return Mount(path);
}

Status Mount::MakeImage(const std::string& image, uint64_t bytes, Type type) {
  const std::string make = type == Type::kExt4 ? "mkfs.ext4 -q -F" : "mkfs.xfs -q -f -m reflink=1";
  return Run(fmt::format("truncate -s {} '{}' && {} '{}'", bytes, image, make, image));
}

Mount::~Mount() {
  if (!path_.empty()) static_cast<void>(Run(fmt::format("umount '{}'", path_)));
}

}  // namespace amethyst::torture
