// Whether what clients saw of one key can be explained by operations that took effect one after the other, each at some
// moment between its call and its answer.
//
// The search of Wing and Gong (Testing and Verifying Concurrent Objects, 1993) with Lowe's memory (Testing for
// linearizability, 2017): a set of operations that led to a content is not tried twice.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "torture/server/key_model.h"

namespace amethyst::torture {

struct KeyOperation {
  KeyCall call;
  uint64_t called = 0;    // Moments are counted up; no two operations share one.
  uint64_t answered = 0;  // After `called`.
  std::string answer{};
};

// Empty: there is such an order. Else the operations at which the search got no further, in the order of their calls.
[[nodiscard]] std::string WhyNotLinearizable(const std::vector<KeyOperation>& operations);

}  // namespace amethyst::torture
