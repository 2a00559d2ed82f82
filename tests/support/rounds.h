// How many rounds a test makes that repeats itself with other seeds: all of them in a build without a sanitizer. A
// sanitizer takes ten times as long, and looks at what the code does rather than at what comes of it: a quarter will
// do. Thread safety: pure functions.
#pragma once

#include <cstdint>

#include "base/sanitizer.h"

namespace amethyst::support {

[[nodiscard]] constexpr uint64_t Rounds(uint64_t all) {
  return AMETHYST_ADDRESS_SANITIZER || AMETHYST_THREAD_SANITIZER ? (all + 3) / 4 : all;
}

}  // namespace amethyst::support
