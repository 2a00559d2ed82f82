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
  struct Caller {
    unsigned database;
    std::string peer;  // Of a command that a script calls: "lua".
  };
  // Shows them who ran that: `+1700000000.000000 [0 127.0.0.1:50000] "get" "a"`.
  void Show(const Caller& caller, uint64_t time_us, Arguments args);

 private:
  std::set<Session*> sessions_;
};

}  // namespace amethyst::server
