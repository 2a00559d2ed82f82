#include "transactions/transact.h"

#include <utility>

#include "base/containment.h"
#include "base/error.h"
#include "io/environment.h"
#include "transactions/optimistic_transaction.h"
#include "transactions/turns.h"
#include "transactions/wait_for.h"

namespace amethyst::transactions {

Status Transact(const std::shared_ptr<engine::Engine>& engine, const std::shared_ptr<Turns>& turns,
                base::FunctionRef<Status(std::unique_ptr<OptimisticTransaction>)> attempt) {
  Attempts attempts(turns, TurnOf::kThread);
  for (;;) {
    WaitFor(&attempts, engine->database().environment->clock());
    AMETHYST_ASSIGN(auto begun, base::Contained([&]() -> Result<std::unique_ptr<OptimisticTransaction>> {
                      return std::make_unique<OptimisticTransaction>(engine, TransactionOptions{}, &attempts);
                    }));
    const Status done = attempt(std::move(begun));
    if (done || done.error().code() != ErrorCode::kConflict) return done;
    attempts.NoteConflict();
  }
}

}  // namespace amethyst::transactions
