// What a session has asked for with CLIENT TRACKING. See tracking.h.
// Thread safety: as plain data.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace amethyst::server {

struct TrackingMode {
  bool is_on = false;
  bool broadcasts = false;
  bool opts_in = false;
  bool opts_out = false;
  bool skips_own = false;    // NOLOOP.
  uint64_t redirect = 0;     // The session that is told instead; 0: this one.
  bool has_caching = false;  // CLIENT CACHING was given, for the next command or transaction.
  bool is_broken = false;    // The session that it redirects to has gone.
  std::set<std::string> prefixes{};
};

}  // namespace amethyst::server
