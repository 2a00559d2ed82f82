// The payload of FUNCTION DUMP: the code of each library, as Redis 7.0 writes it into its files.
//
//   ([245 u8][string: the code])* and the footer of dump_payload.h
//
// Versions before the first release of 7.0 wrote [246 u8][string: name][string: engine][length: 1, or 0][string:
// description, if 1][string: code without its first line], which is read as well. Thread safety: pure functions.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::server::rdb {

void AppendLibrary(std::string* to, std::string_view code);

// The libraries of a payload without its footer. The error is Redis's text, without its code.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> ReadLibraries(std::string_view object);

}  // namespace amethyst::server::rdb
