// A look of `top` as lines of text, for a screen of a given size or for a pipe. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/top_look.h"

namespace amethyst::cli {

struct TopLine {
  enum class Tone { kPlain, kHeading, kWarning };

  std::string text;
  Tone tone = Tone::kPlain;
};

struct TopSize {
  size_t columns = 80;
  size_t rows = 0;  // 0: as many as it takes; the last events then are kEventsShown.
  bool unicode = false;
};
inline constexpr size_t kEventsShown = 10;

// No line is wider than `columns`, and there are at most `rows`: what comes last, the events, gives way.
[[nodiscard]] std::vector<TopLine> TopLines(const std::string& directory, const Look& look,
                                            const std::optional<Rates>& rates, const TopSize& size);

// The same for a script: one object.
[[nodiscard]] std::string TopJson(const std::string& directory, const Look& look, const std::optional<Rates>& rates);

}  // namespace amethyst::cli
