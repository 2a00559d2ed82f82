// An order of keys in which nothing holds that holds of the bytewise order: by their bytes, from the last one on.
//
// Tests compare millions of keys by it under sanitizers, so it makes no strings. Thread safety: stateless.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "amethyst/amethyst.h"

namespace amethyst::support {

class Backwards final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    const char* x = a.data() + a.size();
    const char* y = b.data() + b.size();
    for (size_t common = std::min(a.size(), b.size()); common > 0; --common) {
      if (*--x != *--y) return static_cast<unsigned char>(*x) < static_cast<unsigned char>(*y) ? -1 : 1;
    }
    if (a.size() == b.size()) return 0;
    return a.size() < b.size() ? -1 : 1;
  }
  std::string_view Name() const override { return "test.backwards"; }
};

}  // namespace amethyst::support
