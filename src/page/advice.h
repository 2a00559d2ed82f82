// One sentence for the person who looks at a database: what most wants doing, or that nothing does.
// Thread safety: pure functions and plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "figures/figures.h"

namespace amethyst::page {

// What the sentence is drawn from.
struct Situation {
  bool has_writer = true;
  const figures::Figures* figures = nullptr;  // nullptr: no writer has published any.
  double level0_filled = 0;                   // Of the fullest family: 1 calls for a merge.
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t dead_entries = 0;  // Deletes, and what has expired.
  // Of lookups in the cache since the last look; nullopt: there were too few to tell.
  std::optional<double> cache_hits{};
};

struct Advice {
  enum class Tone : uint8_t { kGood, kNote, kBad };

  Tone tone = Tone::kGood;
  std::string text;
};

[[nodiscard]] Advice AdviceFor(const Situation& situation);

}  // namespace amethyst::page
