#include "transactions/transact.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/random.h"
#include "io/environment.h"
#include "transactions/optimistic_transaction.h"
#include "transactions/turns.h"

namespace amethyst::transactions {

namespace {

constexpr uint32_t kConflictsBeforeTurn = 8;

}  // namespace

// Random, so that those who met part.
void PauseAfter(engine::Engine& engine, uint32_t conflicts) {
  constexpr uint64_t kLeastUs = 16;
  constexpr uint32_t kDoublingsMax = 8;
  thread_local base::Random random(reinterpret_cast<uintptr_t>(&random));
  const uint64_t most = kLeastUs << std::min(conflicts, kDoublingsMax);
  engine.database().environment->clock().Sleep(std::chrono::microseconds(1 + random.Below(most)));
}

Status Transact(const std::shared_ptr<engine::Engine>& engine, Turns& turns,
                base::FunctionRef<Status(std::unique_ptr<OptimisticTransaction>)> attempt) {
  std::optional<Turns::Turn> turn;
  for (uint32_t conflicts = 0;;) {
    const Status done = attempt(std::make_unique<OptimisticTransaction>(engine, TransactionOptions{}, &turns));
    if (done || done.error().code() != ErrorCode::kConflict) return done;
    ++conflicts;
    if (conflicts < kConflictsBeforeTurn) {
      PauseAfter(*engine, conflicts);
    } else if (!turn && !turns.IsMine()) {
      turn.emplace(turns);
    }
  }
}

}  // namespace amethyst::transactions
