// The file of settings: read at the start, and written again by CONFIG REWRITE.
//
// A line is a name and a value, as in redis.conf; `include PATH` reads another file in its place. A rewrite keeps
// comments, empty lines, the order and each line whose value is the same still; what was set meanwhile and has no line
// comes at the end. Thread safety: one thread, the server's loop.
#pragma once

#include <string>
#include <string_view>

#include "io/file_system.h"
#include "server/config.h"

namespace amethyst::server {

// An error of Config::Set without the words that are made for those who have sent a CONFIG SET.
[[nodiscard]] std::string WithoutCommand(std::string message);
// Later lines win. kInvalidArgument: the first bad line by its number, and how to correct it.
[[nodiscard]] Status ReadConfigFile(io::FileSystem& files, const std::string& path, Config* config);
// The text of the file so that it means the settings as they are now.
[[nodiscard]] std::string RewrittenConfig(std::string_view text, const Config& config);
// Replaces config.file() as a whole. The new file is its owner's alone where the process's mask says so.
[[nodiscard]] Status RewriteConfigFile(io::FileSystem& files, const Config& config);

}  // namespace amethyst::server
