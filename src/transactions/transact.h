// Running transactions again until they are committed.
//
// Thread safety: any thread at once.
#pragma once

#include <memory>

#include "base/function_ref.h"
#include "engine/engine.h"

namespace amethyst::transactions {

class OptimisticTransaction;
class Turns;

// See DB::Transact. Calls `attempt` with a new transaction each time, until it returns no kConflict.
[[nodiscard]] Status Transact(const std::shared_ptr<engine::Engine>& engine, const std::shared_ptr<Turns>& turns,
                              base::FunctionRef<Status(std::unique_ptr<OptimisticTransaction>)> attempt);

}  // namespace amethyst::transactions
