// The operating system's clock and threads, over its own files or others: what a database runs in unless it is told
// otherwise. Thread safety: any thread at once.
#pragma once

#include <memory>

#include "io/environment.h"
#include "io/file_system.h"

namespace amethyst::io {

// The operating system's; shared by the process.
[[nodiscard]] std::shared_ptr<Environment> DefaultEnvironment();

// The operating system's clock and threads over other files.
[[nodiscard]] std::shared_ptr<Environment> NewEnvironment(std::shared_ptr<FileSystem> files);

}  // namespace amethyst::io
