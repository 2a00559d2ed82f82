// Where output goes that a user names: into a plain file, which can be replaced as a whole, or into a device, pipe or
// socket, which must stay what it is.
//
// Thread safety: free functions; a device as WritableFile, in file.h.
#pragma once

#include <memory>
#include <string>

#include "amethyst/error.h"
#include "io/file.h"

namespace amethyst::io {

struct OutputTarget {
  std::string path;        // What the named path leads to: no symbolic link any more, whether it exists or not.
  bool is_device = false;  // A device, pipe or socket, or a directory entry of /proc that opens one.
};

// EISDIR for a directory, ELOOP for links that lead nowhere.
[[nodiscard]] Result<OutputTarget> ResolveOutput(const std::string& path);
// Appends go to the system at once. There is nothing to sync, and nothing that could be written over.
[[nodiscard]] Result<std::unique_ptr<WritableFile>> OpenDevice(const std::string& path);
// Appends to a log: whole pieces, behind what others append. Creates the file, for its owner alone as far as the
// process's mask says so. Nothing is synced.
[[nodiscard]] Result<std::unique_ptr<WritableFile>> OpenToAppend(const std::string& path);

}  // namespace amethyst::io
