// What must happen around a fork, so that the child, in which only the forking thread lives on, can use the library.
//
// State of the process that is guarded by a lock takes that lock before a fork and gives it back on both sides: else a
// lock that another thread held stays taken in the child for good. A database, with all its locks and threads, belongs
// to the process that opened it and needs no handlers. All that is made once for the process is a constant, or made
// when the library is loaded (MadeAtLoad): in the child of a fork that came while another thread made it, it would stay
// half made, and a call that needs it would wait for good.
//
// Handlers take their locks in the order in which their code was loaded, which no rank can follow. So they take the
// native mutexes, and none of these locks is ever taken under another of them. Thread safety: any thread at once.
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

// A number that a forked child does not share with its parent.
[[nodiscard]] uint32_t ForkGeneration();
// Of the calling process, by which the system and its users know it.
[[nodiscard]] uint64_t ProcessId();

// Calls `get`, a function that makes something once, while the program or the library is loaded: one at the scope of a
// namespace beside each such function.
struct MadeAtLoad {
  template <typename Get>
  explicit MadeAtLoad(Get get) {
    static_cast<void>(get());
  }
};

}  // namespace amethyst::base
