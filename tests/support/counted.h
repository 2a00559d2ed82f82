// The bytewise order under another name, which counts its comparisons: an iterator can hardly pass an entry without
// comparing its key. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "amethyst/comparator.h"

namespace amethyst::support {

class Counted final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    ++comparisons;
    return a.compare(b);
  }
  std::string_view Name() const override { return "test.counted"; }
  mutable uint64_t comparisons = 0;
};

}  // namespace amethyst::support
