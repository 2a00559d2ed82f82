// The pieces of a picture in a terminal: bars, and keys cut to a width. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace amethyst::cli {

// A bar of `columns` columns, filled from the left to that share of it; anything above 0 shows, and 1 is the most.
[[nodiscard]] std::string Bar(double share, size_t columns, bool unicode);

// Readable, in at most `columns` bytes; "..." stands for what is cut off.
[[nodiscard]] std::string Fit(std::string_view key, size_t columns);

}  // namespace amethyst::cli
