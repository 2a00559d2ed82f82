// Reads blocks that LevelDB has compressed with Snappy; nothing here writes any. Thread safety: pure function.
#pragma once

#include <string>
#include <string_view>

namespace amethyst::compat {

// False: the bytes are not what Snappy makes, or would be more than `bytes_max`.
[[nodiscard]] bool Unsnap(std::string_view compressed, size_t bytes_max, std::string* raw);

}  // namespace amethyst::compat
