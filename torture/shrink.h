// Cutting a failing list down to the part that fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace amethyst::torture {

// A part of `items`, in their order, that still fails, and that no piece can be left out of without passing (unless
// `tries_max` calls of `fails` were not enough). `items` fail. After Zeller and Hildebrandt's delta debugging.
template <typename T>
[[nodiscard]] std::vector<T> Shrink(std::vector<T> items, const std::function<bool(const std::vector<T>&)>& fails,
                                    uint64_t tries_max = 2000) {
  for (size_t piece = std::max<size_t>(items.size() / 2, 1);;) {
    bool shorter = false;
    for (size_t begin = 0; begin < items.size();) {
      if (tries_max-- == 0) return items;
      std::vector<T> without = items;
      const size_t end = std::min(begin + piece, items.size());
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(begin),
                    without.begin() + static_cast<std::ptrdiff_t>(end));
      if (fails(without)) {
        items = std::move(without);
        shorter = true;
      } else {
        begin = end;
      }
    }
    if (piece == 1 && !shorter) return items;
    if (!shorter) piece /= 2;
    piece = std::clamp<size_t>(piece, 1, std::max<size_t>(items.size(), 1));
  }
}

}  // namespace amethyst::torture
