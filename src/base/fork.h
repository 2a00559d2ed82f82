// What must happen around a fork, so that the child, in which only the forking thread lives on, can use the library.
//
// State of the process that is guarded by a lock takes that lock before a fork and gives it back on both sides: else a
// lock that another thread held stays taken in the child for good. A database, with all its locks and threads, belongs
// to the process that opened it and needs no handlers. Thread safety: any thread at once.
#pragma once

#include <cstdint>

namespace amethyst::base {

struct ForkHandlers {
  void (*before)() = nullptr;     // In the parent. Handlers that were added last come first.
  void (*in_parent)() = nullptr;  // After it. Handlers that were added first come first.
  void (*in_child)() = nullptr;   // As in_parent; no other thread exists.
};

// For good. Throws std::bad_alloc.
void AddForkHandlers(const ForkHandlers& handlers);

// A number that a forked child does not share with its parent. The first call starts the count, so an object that must
// know a fork asks when it is made.
[[nodiscard]] uint32_t ForkGeneration();

}  // namespace amethyst::base
