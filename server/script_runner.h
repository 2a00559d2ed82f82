// Runs the commands of one script or function for the client that has called it.
//
// Once it has run longer than `busy-reply-threshold` it is busy: whenever it is asked whether it may go on, the loop
// looks at the other clients, who are told -BUSY, except for the few commands that may run then. Nothing of the script
// has happened before its commit, so SHUTDOWN NOSAVE takes all of it back.
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
  enum class Kind : uint8_t { kScript, kFunction };
  struct Start {
    std::string_view name;
    Kind kind;
    bool is_read_only;  // It may not call what changes something.
  };
  // The call outlives this, and so does the name.
  ScriptRunner(Call& call, const Start& start);
  ~ScriptRunner() override;
  [[nodiscard]] bool RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol,
                                std::string* answer) override;
  [[nodiscard]] bool Knows(std::span<const std::string_view> words) override;
  void WriteLog(LogLevel level, std::string_view text) override;
  [[nodiscard]] std::string_view Interrupt() override;

  [[nodiscard]] std::string_view name() const { return start_.name; }
  [[nodiscard]] Kind kind() const { return start_.kind; }
  [[nodiscard]] Arguments args() const { return call_.args; }
  [[nodiscard]] const Session& session() const { return call_.session; }
  [[nodiscard]] uint64_t elapsed_ms() const;
  [[nodiscard]] bool is_read_only() const { return start_.is_read_only; }
  [[nodiscard]] bool is_busy() const { return is_busy_; }
  // What the others are told meanwhile.
  [[nodiscard]] std::string_view BusyError() const;

  // It has called a command that writes: from then on it cannot be killed.
  void NoteWrite() { has_written_ = true; }
  [[nodiscard]] bool has_written() const { return has_written_; }
  // It ends when it is asked next.
  void Kill() { is_killed_ = true; }

 private:
  Call& call_;
  Server& server_;
  const Start start_;
  const unsigned database_;
  const uint64_t started_us_;
  bool is_busy_ = false;
  bool has_written_ = false;
  bool is_killed_ = false;
};

// SCRIPT KILL and FUNCTION KILL.
void KillScript(Call& call, ScriptRunner::Kind kind);

// Ends the load of a library that takes longer than the limit; 0: there is none. Its code calls no commands.
class LoadWatch final : public CommandRunner {
 public:
  LoadWatch(Server& server, uint64_t milliseconds_max)
      : server_(server), limit_us_(milliseconds_max * 1000), started_us_(server.MonotonicUs()) {}
  [[nodiscard]] bool RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol,
                                std::string* answer) override;
  [[nodiscard]] bool Knows(std::span<const std::string_view> /*words*/) override { return false; }
  void WriteLog(LogLevel level, std::string_view text) override { server_.log().Write(level, "script", text); }
  [[nodiscard]] std::string_view Interrupt() override;

 private:
  Server& server_;
  const uint64_t limit_us_;
  const uint64_t started_us_;
};

}  // namespace amethyst::server
