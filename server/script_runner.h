// Runs the commands of one script for the client that has sent it.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/lua/machine.h"
#include "server/server.h"

namespace amethyst::server {

// While it is there, no command blocks. SELECT of a script is undone at its end.
class ScriptRunner final : public CommandRunner {
 public:
  // Both outlive this. A script that only reads may not call what changes something.
  ScriptRunner(Server& server, Session& session, bool is_read_only);
  ~ScriptRunner() override;
  [[nodiscard]] bool RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol,
                                std::string* answer) override;
  [[nodiscard]] bool Knows(std::span<const std::string_view> words) override;
  [[nodiscard]] uint64_t NowUs() override { return server_.MonotonicUs(); }

 private:
  Server& server_;
  Session& session_;
  const bool is_read_only_;
  const unsigned database_;
};

}  // namespace amethyst::server
