// Whose turn it is, where somebody has met conflicts again and again. Thread safety: any thread at once.
#pragma once

#include <atomic>

#include "io/environment.h"

namespace amethyst::transactions {

// Lets one Transact call go ahead of the others of its database: they wait before they commit.
//
// That is for fairness alone. So nobody waits for long: a thread that has a turn may itself wait for another.
class Turns {
 public:
  // Waits until nobody else has the turn, and has it while it lives; or goes without. Of one thread they nest, of
  // several databases.
  class Turn {
   public:
    Turn(Turns& turns, io::Clock& clock);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    [[nodiscard]] bool Has(const Turns& turns) const { return &turns_ == &turns; }
    [[nodiscard]] const Turn* outer() const { return outer_; }

   private:
    Turns& turns_;
    const Turn* const outer_;  // Of this thread.
    bool has_it_ = false;
  };
  // Whether this thread has it.
  [[nodiscard]] bool IsMine() const;
  // Waits until nobody has it, unless that is this thread.
  void LetPass(io::Clock& clock) const;

 private:
  std::atomic<bool> taken_{false};
};

}  // namespace amethyst::transactions
