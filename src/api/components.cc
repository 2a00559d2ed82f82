#include "amethyst/components.h"

#include "cache/memory_budget.h"

namespace amethyst {

std::shared_ptr<cache::MemoryBudget> NewMemoryBudget(size_t bytes) {
  return std::make_shared<cache::MemoryBudget>(bytes, CachePolicy::kScanResistant);
}

}  // namespace amethyst
