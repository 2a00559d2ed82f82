#include "amethyst/attempts.h"

#include <utility>

#include "transactions/turns.h"

namespace amethyst {

namespace {

constexpr uint32_t kConflictsBeforeTurn = 8;
constexpr uint32_t kWaitsMax = 100;
constexpr std::chrono::milliseconds kWait{1};

// An address for each thread.
const void* ThisThread() {
  thread_local const char mark = 0;
  return &mark;
}

}  // namespace

Attempts::Attempts(std::shared_ptr<transactions::Turns> turns, TurnOf of)
    : turns_(std::move(turns)), holder_(of == TurnOf::kThread ? ThisThread() : this) {}

Attempts::Attempts(std::shared_ptr<transactions::Turns> turns, const void* holder)
    : turns_(std::move(turns)), holder_(holder) {}

Attempts::~Attempts() {
  if (has_turn_) turns_->GiveBack();
}

void Attempts::NoteConflict() {
  ++conflicts_;
  pauses_ = conflicts_ < kConflictsBeforeTurn;
}

std::chrono::microseconds Attempts::Wait() {
  if (std::exchange(pauses_, false)) return transactions::RandomPause(conflicts_);
  if (MayGoOn() || waits_ == kWaitsMax) {
    waits_ = 0;
    return {};
  }
  ++waits_;
  return kWait;
}

bool Attempts::MayGoOn() {
  if (has_turn_) return true;
  if (conflicts_ >= kConflictsBeforeTurn) has_turn_ = turns_->TryTake(holder_);
  return has_turn_ || !turns_->IsAnothers(holder_);
}

}  // namespace amethyst
