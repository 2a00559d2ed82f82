// What `inspect` shows of a database and of each kind of file, as text or as one JSON object.
//
// Each returns kError, after showing what there is, if something is damaged. Thread safety: one thread.
#pragma once

#include <string>

#include "cli/command.h"

namespace amethyst::cli {

[[nodiscard]] Result<ExitCode> ShowTree(const Invocation& invocation);
[[nodiscard]] Result<ExitCode> ShowTable(const Invocation& invocation, const std::string& path);
[[nodiscard]] Result<ExitCode> ShowLog(const Invocation& invocation, const std::string& path);
[[nodiscard]] Result<ExitCode> ShowManifest(const Invocation& invocation, const std::string& path);
[[nodiscard]] Result<ExitCode> ShowCurrent(const Invocation& invocation, const std::string& path);

enum class FileKind { kTable, kLog, kManifest, kCurrent };
// By its name, else by its first and last bytes.
[[nodiscard]] Result<FileKind> KindOf(io::FileSystem& files, const std::string& path);

}  // namespace amethyst::cli
