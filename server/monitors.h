// MONITOR: the clients that are shown each command. Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "server/commands/command.h"

namespace amethyst::server {

class Monitors {
 public:
  void Add(Session& session);
  void Remove(Session& session);
  [[nodiscard]] bool empty() const { return sessions_.empty(); }
  // Who ran a command: a client's address, or "lua".
  struct Source {
    uint64_t time_us;
    unsigned database;
    std::string_view peer;
  };
  // Shows them the command: `+1700000000.000000 [0 127.0.0.1:50000] "get" "a"`.
  void Show(const Source& source, Arguments args);

 private:
  std::set<Session*> sessions_;
};

}  // namespace amethyst::server
