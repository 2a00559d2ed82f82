// One state of Lua whose memory is bounded, and how a function in it runs for a client.
//
// A script that wants more memory ends with an error. What runs asks its CommandRunner again and again whether it may
// go on: see CommandRunner::Interrupt. Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/lua/machine.h"
#include "server/lua/sandbox.h"
#include "server/resp/reply.h"

namespace amethyst::server {

struct ScriptJob {
  std::string_view name;  // As errors name it.
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

class Runtime {
 public:
  Runtime(World world, size_t bytes_max);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Calls `function` with `context`; what it pushes is taken off again. The error's text, or empty.
  std::string Protected(lua_CFunction function, void* context);
  // The same for code that comes from clients: `runner` may end it.
  std::string ProtectedRun(lua_CFunction function, void* context, CommandRunner& runner);
  // The registry has the function under that name no more.
  void Forget(std::string function);
  void Collect();
  void CollectIfShort();

  // Runs what the registry has under the name `function`, and says what it returns. True: that is an error which has
  // been counted already.
  bool Run(const std::string& function, const ScriptJob& job, CommandRunner& runner, Reply& reply);

  // From the next allocation on; what is there already stays.
  void SetBytesMax(size_t bytes) { machine_.bytes_max = bytes; }
  [[nodiscard]] lua_State* state() { return lua_.get(); }
  [[nodiscard]] size_t bytes() const { return machine_.bytes; }

 private:
  struct Closer {
    void operator()(lua_State* lua) const { lua_close(lua); }
  };

  const World world_;
  Machine machine_;
  std::unique_ptr<lua_State, Closer> lua_;
  int runs_ = 0;
};

// Within ProtectedRun: the function on top of the stack, which client's code made, is called with the arguments above
// it, as lua_pcall() does; meanwhile its runner is asked whether it may go on.
int CallWatched(lua_State* lua, int arguments, int results, int handler);

}  // namespace amethyst::server
