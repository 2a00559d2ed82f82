// Reads of the disk that must not hold up the loop.
//
// A command reads from memory alone at first. Where that is not enough, it has done nothing yet (keyspace/access.h):
// its session is put aside, what was missing is read on another thread, which leaves it in the engine's cache, and the
// command runs again. Commands of other sessions run meanwhile; the session's own wait behind it.
// Thread safety: one thread, the loop's.
#pragma once

#include <functional>

namespace amethyst::server {

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Calls `read` on another thread, then `done` on the loop's.
  virtual void Fetch(std::function<void()> read, std::function<void()> done) = 0;
};

}  // namespace amethyst::server
