#include "base/fork.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace amethyst::base {
namespace {

// Stored by a child while it has one thread only.
constinit std::atomic<uint32_t> generation{0};

}  // namespace

void AddForkHandlers(const ForkHandlers& handlers) {
  if (pthread_atfork(handlers.before, handlers.in_parent, handlers.in_child) != 0) throw std::bad_alloc();
}

uint64_t ProcessId() { return static_cast<uint64_t>(getpid()); }

uint32_t ForkGeneration() { return generation.load(std::memory_order_relaxed); }

const MadeAtLoad counted_at_load([] {
  AddForkHandlers({.in_child = [] { generation.fetch_add(1, std::memory_order_relaxed); }});
});

}  // namespace amethyst::base
