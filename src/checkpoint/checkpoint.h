// DB::Checkpoint: a copy of an open database, as of one moment, that shares its tables where it can.
//
// What belongs to it is what the state says that the engine captured, never what a directory lists: tables by their
// numbers, and one manifest with the state. There is no log, since what was in memory is in tables by then: a
// follower's are written right into the copy.
// Thread safety: any thread.
#pragma once

#include <string>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "engine/engine.h"

namespace amethyst::checkpoint {

// Errors: as DB::Checkpoint.
[[nodiscard]] Status MakeCheckpoint(engine::Engine& engine, const std::string& path);

// Runs `work` on the state of the database as of one moment, whose tables stay meanwhile; then lets go of it. `place`:
// where a follower puts what it has in memory.
[[nodiscard]] Status WithCapture(engine::Engine& engine, const engine::FlushPlace& place,
                                 base::FunctionRef<Status(const engine::Capture&)> work);

}  // namespace amethyst::checkpoint
