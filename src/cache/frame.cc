#include "cache/frame.h"

namespace amethyst::cache {

bool Frame::TryPin() {
  uint32_t references = state_.references.load(std::memory_order_relaxed);
  while (references > 0) {
    if (state_.references.compare_exchange_weak(references, references + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void Frame::Free() { state_.owner->Free(this); }

}  // namespace amethyst::cache
