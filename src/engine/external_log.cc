#include "engine/external_log.h"

#include "base/error.h"

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

Status NoLogToSync() {
  return base::InvalidArgument("with external_log there is no log to sync; DB::Flush makes durable what is released");
}

}  // namespace amethyst::engine
