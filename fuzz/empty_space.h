// The keyspace of a server in memory, for inputs that come one after the other. Thread safety: one thread.
#pragma once

#include <utility>

#include "amethyst/components.h"
#include "base/assert.h"
#include "server/keyspace/access.h"
#include "server/keyspace/space.h"

namespace amethyst::server {

// One database for all inputs, emptied for each.
inline Space& EmptySpace() {
  static Space* const space = [] {
    Components components;
    components.environment = NewInMemoryEnvironment();
    auto opened = Space::Open("db", {}, std::move(components));
    AMETHYST_ASSERT(opened);
    return opened->release();
  }();
  Access access(*space);
  access.Begin(0, 0);
  access.FlushAll();
  AMETHYST_ASSERT(access.Commit());
  return *space;
}

}  // namespace amethyst::server
