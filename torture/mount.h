// A file system mounted for as long as this lives: a tmpfs of a few MiB, or an image through a loop device.
//
// It takes root and a kernel that lets one; elsewhere making one fails, and whoever wanted it says that it was skipped.
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "amethyst/error.h"

namespace amethyst::torture {

class Mount {
 public:
  // At `path`, a directory that exists.
  [[nodiscard]] static Result<Mount> Tmpfs(const std::string& path, uint64_t bytes);
  [[nodiscard]] static Result<Mount> Image(const std::string& image, const std::string& path);
  // A file with an empty file system in it.
  enum class Type : uint8_t { kExt4, kXfs };
  [[nodiscard]] static Status MakeImage(const std::string& image, uint64_t bytes, Type type = Type::kExt4);

  Mount(Mount&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Mount& operator=(Mount&&) = delete;
  ~Mount();

 private:
  explicit Mount(std::string path) : path_(std::move(path)) {}

  std::string path_;  // Empty: moved from.
};

}  // namespace amethyst::torture
