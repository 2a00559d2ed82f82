// What `inspect` shows of a database and of each kind of file, as text or as one JSON object.
//
// Each returns kError, after showing what there is, if something is damaged. Thread safety: one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/json.h"
#include "inspect/family_figures.h"

namespace amethyst::cli {

[[nodiscard]] Result<ExitCode> ShowTree(const Invocation& invocation);
[[nodiscard]] Result<ExitCode> ShowTable(const Invocation& invocation, const std::string& path);
[[nodiscard]] Result<ExitCode> ShowLog(const Invocation& invocation, const std::string& path);
[[nodiscard]] Result<ExitCode> ShowManifest(const Invocation& invocation, const std::string& path);
[[nodiscard]] Result<ExitCode> ShowCurrent(const Invocation& invocation, const std::string& path);

// The entries of the file that the command names, one a line.
[[nodiscard]] Result<ExitCode> ShowEntries(const Invocation& invocation);

// That none of them has the name.
[[nodiscard]] std::string NoFamilyText(std::span<const inspect::FamilyFigures> families, std::string_view name);
// What a family has in tables, as `inspect` and `stats` tell it.
[[nodiscard]] Json FamilyJson(const inspect::FamilyFigures& family);

enum class FileKind { kTable, kLog, kManifest, kCurrent };
// By its name, else by its first and last bytes.
[[nodiscard]] Result<FileKind> KindOf(io::FileSystem& files, const std::string& path);

}  // namespace amethyst::cli
