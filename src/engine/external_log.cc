#include "engine/external_log.h"

namespace amethyst::engine {

void ExternalLog::Begin(bool is_used, const std::optional<AppliedIndex>& durable) {
  is_used_ = is_used;
  if (durable) Release(durable->index);
}

void ExternalLog::Release(uint64_t index) {
  uint64_t before = released_.load(std::memory_order_relaxed);
  while (before < index && !released_.compare_exchange_weak(before, index, std::memory_order_release)) {
  }
}

}  // namespace amethyst::engine
