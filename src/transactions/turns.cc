#include "transactions/turns.h"

#include <algorithm>
#include <functional>
#include <thread>

#include "base/random.h"

namespace amethyst::transactions {

std::chrono::microseconds RandomPause(uint32_t conflicts) {
  constexpr uint64_t kLeastUs = 16;
  constexpr uint32_t kDoublingsMax = 8;
  // By thread. Of the address of a thread's variable GCC 12 makes, with the generator's constants, an offset that no
  // linker takes.
  thread_local base::Random random(std::hash<std::thread::id>{}(std::this_thread::get_id()));
  const uint64_t most = kLeastUs << std::min(conflicts, kDoublingsMax);
  return std::chrono::microseconds(1 + random.Below(most));
}

}  // namespace amethyst::transactions
