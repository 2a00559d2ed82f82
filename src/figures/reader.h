// Reads a file of figures beside its writer, without a lock. Thread safety: any thread at once.
#pragma once

#include <string>

#include "amethyst/error.h"
#include "figures/layout.h"
#include "io/file_system.h"

namespace amethyst::figures {

// As they were at one moment. The file may hold anything: kCorruption says what is wrong with it, kNotSupported that it
// is of another version; kIo: there is none, or it cannot be read.
[[nodiscard]] Result<Contents> Read(io::FileSystem& files, const std::string& path);

}  // namespace amethyst::figures
