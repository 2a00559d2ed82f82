// Whose turn it is, where somebody has met conflicts again and again. Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace amethyst::transactions {

// Lets one Transact call go ahead of the others of its database: they wait before they commit.
class Turns {
 public:
  // Waits until nobody else has the turn, and has it while it lives.
  class Turn {
   public:
    explicit Turn(Turns& turns);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Turns& turns_;
  };
  // Whether this thread has it.
  [[nodiscard]] bool IsMine() const;
  // Waits until nobody has it, unless that is this thread.
  void LetPass() const;

 private:
  std::atomic<uint32_t> taken_{0};
};

}  // namespace amethyst::transactions
