#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace amethyst::base {

void AssertionFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "amethyst: %s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace amethyst::base
