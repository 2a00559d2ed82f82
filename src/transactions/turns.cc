#include "transactions/turns.h"

#include "base/wait.h"

namespace amethyst::transactions {

namespace {

thread_local const Turns* turn_of_this_thread = nullptr;

}  // namespace

bool Turns::IsMine() const { return turn_of_this_thread == this; }

Turns::Turn::Turn(Turns& turns) : turns_(turns) {
  while (turns_.taken_.exchange(1) != 0) base::WaitWhile(turns_.taken_, 1);
  turn_of_this_thread = &turns_;
}

Turns::Turn::~Turn() {
  turn_of_this_thread = nullptr;
  turns_.taken_.store(0);
  base::WakeAll(turns_.taken_);
}

void Turns::LetPass() const {
  while (!IsMine() && taken_.load() != 0) base::WaitWhile(taken_, 1);
}

}  // namespace amethyst::transactions
