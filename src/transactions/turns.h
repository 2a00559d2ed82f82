// Whose turn it is, where somebody has met conflicts again and again: the others of the database let it go ahead.
// See amethyst/attempts.h. Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace amethyst::transactions {

class Turns {
 public:
  using Holder = const void*;  // An address that nobody else has meanwhile.

  // False: somebody has it.
  [[nodiscard]] bool TryTake(Holder who) {
    Holder nobody = nullptr;
    return holder_.compare_exchange_strong(nobody, who);
  }
  void GiveBack() { holder_.store(nullptr); }
  [[nodiscard]] bool IsAnothers(Holder who) const {
    const Holder holder = holder_.load();
    return holder != nullptr && holder != who;
  }

 private:
  std::atomic<Holder> holder_{nullptr};  // Set by TryTake, for IsAnothers. It guards nothing.
};

// The pause after that number of conflicts. It grows with each conflict. It is random, so that two transactions that
// met do not meet again.
[[nodiscard]] std::chrono::microseconds RandomPause(uint32_t conflicts);

}  // namespace amethyst::transactions
