// The largest collections, found by looking at a few of them at a time: each that is not inline has an entry of its own
// in `sys`, and the engine estimates how much lies under its id. Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/keyspace/space.h"

namespace amethyst::server {

class BigKeys {
 public:
  static constexpr size_t kKept = 8;
  struct Found {
    std::string keys_key;  // In `keys`.
    uint64_t bytes = 0;
  };

  // Looks at the next collections, `most` of them at the most. After the last collection it begins again: those that
  // are gone are forgotten then.
  void Look(Space& space, size_t most);
  // The largest first; of the last whole round, and what this one has found so far.
  [[nodiscard]] std::vector<Found> Largest() const;

 private:
  std::string next_;          // In `sys`, where to go on.
  std::vector<Found> round_;  // The largest first.
  std::vector<Found> before_;
};

}  // namespace amethyst::server
