#include "transactions/transact.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "base/containment.h"
#include "base/error.h"
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
  // By thread. Of the address of a thread's variable GCC 12 makes, with the generator's constants, an offset that no
  // linker takes.
  thread_local base::Random random(std::hash<std::thread::id>{}(std::this_thread::get_id()));
  const uint64_t most = kLeastUs << std::min(conflicts, kDoublingsMax);
  engine.database().environment->clock().Sleep(std::chrono::microseconds(1 + random.Below(most)));
}

Status Transact(const std::shared_ptr<engine::Engine>& engine, const std::shared_ptr<Turns>& turns,
                base::FunctionRef<Status(std::unique_ptr<OptimisticTransaction>)> attempt) {
  std::optional<Turns::Turn> turn;
  for (uint32_t conflicts = 0;;) {
    AMETHYST_ASSIGN(auto begun, base::Contained([&]() -> Result<std::unique_ptr<OptimisticTransaction>> {
                      return std::make_unique<OptimisticTransaction>(engine, TransactionOptions{}, turns);
                    }));
    const Status done = attempt(std::move(begun));
    if (done || done.error().code() != ErrorCode::kConflict) return done;
    ++conflicts;
    if (conflicts < kConflictsBeforeTurn) {
      PauseAfter(*engine, conflicts);
    } else if (!turn && !turns->IsMine()) {
      turn.emplace(*turns, engine->database().environment->clock());
    }
  }
}

}  // namespace amethyst::transactions
