// SharedFile on the operating system's files. Thread safety: as io/shared_file.h.
#pragma once

#include <cstdint>
#include <memory>

#include "io/posix_path.h"
#include "io/shared_file.h"

namespace amethyst::io {

// As FileSystem::OpenShared.
[[nodiscard]] Result<std::unique_ptr<SharedFile>> OpenPosixSharedFile(const PosixPath& path, uint64_t bytes);

}  // namespace amethyst::io
