#include "transactions/turns.h"

#include <chrono>

namespace amethyst::transactions {

namespace {

constexpr int kWaitsMax = 100;
constexpr std::chrono::milliseconds kWait{1};

thread_local const Turns::Turn* innermost_turn = nullptr;

}  // namespace

bool Turns::IsMine() const {
  for (const Turn* turn = innermost_turn; turn != nullptr; turn = turn->outer()) {
    if (turn->Has(*this)) return true;
  }
  return false;
}

Turns::Turn::Turn(Turns& turns, io::Clock& clock) : turns_(turns), outer_(innermost_turn) {
  for (int waits = 0; turns_.taken_.exchange(true); ++waits) {
    if (waits == kWaitsMax) return;
    clock.Sleep(kWait);
  }
  has_it_ = true;
  innermost_turn = this;
}

Turns::Turn::~Turn() {
  if (!has_it_) return;
  innermost_turn = outer_;
  turns_.taken_.store(false);
}

void Turns::LetPass(io::Clock& clock) const {
  for (int waits = 0; waits < kWaitsMax && taken_.load() && !IsMine(); ++waits) clock.Sleep(kWait);
}

}  // namespace amethyst::transactions
