// What the functions behind Lua know of the machine that runs them: its memory, the script that runs, its dice.
//
// Lua is the C++ build of 5.1: an error is an exception, so destructors run. Nothing here may be called outside a
// protected call, except what says so. Source: the Lua 5.1 reference manual.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/log.h"
#include "server/resp/reply.h"

namespace amethyst::server {

// Runs commands for a script, and decides how long it may run.
class CommandRunner {
 public:
  CommandRunner() = default;
  CommandRunner(const CommandRunner&) = delete;
  CommandRunner& operator=(const CommandRunner&) = delete;
  virtual ~CommandRunner() = default;
  // Its reply, as it goes over the wire, stands in *answer then. False: the command was refused, and *answer is why.
  [[nodiscard]] virtual bool RunCommand(std::span<const std::string_view> words, Reply::Protocol protocol,
                                        std::string* answer) = 0;
  [[nodiscard]] virtual bool Knows(std::span<const std::string_view> words) = 0;
  // redis.log.
  virtual void WriteLog(LogLevel level, std::string_view text) = 0;
  // Called again and again while a script computes. Not empty: the script ends with that error, whose text lives for
  // ever.
  [[nodiscard]] virtual std::string_view Interrupt() = 0;
};

// The generator of drand48, so that a seed draws the same numbers as in Redis.
class Dice {
 public:
  void Seed(uint32_t seed) { state_ = (uint64_t{seed} << 16) | 0x330E; }
  // 31 bits.
  [[nodiscard]] uint32_t Draw();

 private:
  uint64_t state_ = 0x1234ABCD330E;
};

struct RunningScript {
  CommandRunner& runner;
  Reply::Protocol protocol = Reply::Protocol::kResp2;  // Of what commands answer to the script.
  std::string_view ending{};                           // Not empty: the error that it ends with.
};

struct LibraryLoad;  // See function.h.

struct Machine {
  size_t bytes_max;
  size_t bytes = 0;
  RunningScript* script = nullptr;  // Nullptr: none runs.
  LibraryLoad* load = nullptr;      // Nullptr: no library is being loaded.
  Dice dice{};
};

// The allocator of a state, whose context is its Machine: refuses what would be too much.
void* Allocate(void* machine, void* block, size_t old_bytes, size_t new_bytes);
[[nodiscard]] Machine& MachineOf(lua_State* lua);

// Pushes the table that an error is to a script, {err = "ERR text"}. A text that begins with "-" has its own code:
// "-NOSCRIPT none".
void PushError(lua_State* lua, std::string_view text);
// The same, as an error of the function that runs.
int RaiseError(lua_State* lua, std::string_view text);
void PushText(lua_State* lua, std::string_view text);
[[nodiscard]] std::string_view TextAt(lua_State* lua, int index);
// What the table at the index has under that name, pushed. No code of a script runs for it.
void PushField(lua_State* lua, int table, std::string_view name);
// A function of the script's went wrong as it does in Lua: with its place in front of the text.
int RaiseAtPlace(lua_State* lua, std::string_view text);

}  // namespace amethyst::server
