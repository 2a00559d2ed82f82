// The live view of `top` on a terminal, with ncurses. Thread safety: one thread, once at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "amethyst/error.h"
#include "cli/top_lines.h"

namespace amethyst::cli {

struct TopScreen {
  std::chrono::milliseconds interval{1000};
  bool colors = true;
  const std::atomic<bool>& interrupted;
  // Looks, and makes lines for that size.
  std::function<Result<std::vector<TopLine>>(size_t columns, size_t rows)> look;
};

// Draws until `q`, an interrupt, or an error of `look`, which it returns. kNotSupported: the terminal cannot show it.
[[nodiscard]] Status RunTopScreen(const TopScreen& screen);

}  // namespace amethyst::cli
