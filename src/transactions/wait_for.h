// Waiting by a clock. Thread safety: a pure function.
#pragma once

#include "amethyst/attempts.h"
#include "io/environment.h"

namespace amethyst::transactions {

// Returns once `attempts` may go on.
inline void WaitFor(Attempts* attempts, io::Clock& clock) {
  for (auto wait = attempts->Wait(); wait.count() > 0; wait = attempts->Wait()) clock.Sleep(wait);
}

}  // namespace amethyst::transactions
