#include "server/lua/reply_to_lua.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

class Pusher {
 public:
  Pusher(lua_State* lua, std::string_view reply) : lua_(lua), left_(reply) {}

  void Push();

 private:
  // Up to the line's end, which is skipped.
  std::string_view TakeLine() {
    const std::string_view line = left_.substr(0, left_.find('\r'));
    left_.remove_prefix(std::min(line.size() + 2, left_.size()));
    return line;
  }
  std::string_view TakeBytes(int64_t count) {
    const std::string_view bytes = left_.substr(0, static_cast<size_t>(count));
    left_.remove_prefix(std::min(bytes.size() + 2, left_.size()));
    return bytes;
  }
  static int64_t Number(std::string_view text) {
    int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  void PushOf(char type, std::string_view line);
  void PushNamed(const char* name, std::string_view text);
  void PushCommandError(std::string_view text);
  void PushBulk(int64_t bytes);
  void PushVerbatim(int64_t bytes);
  void PushArray(int64_t count);
  void PushMap(int64_t count);
  void PushSet(int64_t count);
  void PushDouble(std::string_view text);

  lua_State* const lua_;
  std::string_view left_;
};

void Pusher::PushNamed(const char* name, std::string_view text) {
  lua_createtable(lua_, 0, 1);
  PushText(lua_, text);
  lua_setfield(lua_, -2, name);
}

// It has been counted where the command ran.
void Pusher::PushCommandError(std::string_view text) {
  PushError(lua_, "-" + std::string(text));
  lua_pushboolean(lua_, 1);
  lua_setfield(lua_, -2, "ignore_error_stats_update");
}

void Pusher::PushBulk(int64_t bytes) {
  if (bytes < 0) return lua_pushboolean(lua_, 0);
  PushText(lua_, TakeBytes(bytes));
}

void Pusher::PushVerbatim(int64_t bytes) {
  constexpr size_t kFormatBytes = 3;
  const std::string_view text = TakeBytes(bytes);
  lua_createtable(lua_, 0, 1);
  lua_createtable(lua_, 0, 2);
  PushText(lua_, text.substr(std::min(kFormatBytes + 1, text.size())));
  lua_setfield(lua_, -2, "string");
  PushText(lua_, text.substr(0, kFormatBytes));
  lua_setfield(lua_, -2, "format");
  lua_setfield(lua_, -2, "verbatim_string");
}

void Pusher::PushArray(int64_t count) {
  if (count < 0) return lua_pushboolean(lua_, 0);
  lua_createtable(lua_, static_cast<int>(count), 0);
  for (int i = 1; i <= count; ++i) {
    Push();
    lua_rawseti(lua_, -2, i);
  }
}

void Pusher::PushMap(int64_t count) {
  lua_createtable(lua_, 0, 1);
  lua_createtable(lua_, 0, static_cast<int>(count));
  for (int64_t i = 0; i < count; ++i) {
    Push();
    Push();
    lua_rawset(lua_, -3);
  }
  lua_setfield(lua_, -2, "map");
}

void Pusher::PushSet(int64_t count) {
  lua_createtable(lua_, 0, 1);
  lua_createtable(lua_, 0, static_cast<int>(count));
  for (int64_t i = 0; i < count; ++i) {
    Push();
    lua_pushboolean(lua_, 1);
    lua_rawset(lua_, -3);
  }
  lua_setfield(lua_, -2, "set");
}

void Pusher::PushDouble(std::string_view text) {
  lua_createtable(lua_, 0, 1);
  lua_pushnumber(lua_, std::strtod(std::string(text).c_str(), nullptr));
  lua_setfield(lua_, -2, "double");
}

void Pusher::PushOf(char type, std::string_view line) {
  switch (type) {
    case ':': return lua_pushnumber(lua_, static_cast<lua_Number>(Number(line)));
    case '+': return PushNamed("ok", line);
    case '-': return PushCommandError(line);
    case '$': return PushBulk(Number(line));
    case '=': return PushVerbatim(Number(line));
    case '*':
    case '>': return PushArray(Number(line));
    case '%': return PushMap(Number(line));
    case '~': return PushSet(Number(line));
    case '#': return lua_pushboolean(lua_, line == "t" ? 1 : 0);
    case ',': return PushDouble(line);
    case '(': return PushNamed("big_number", line);
    default: return lua_pushnil(lua_);
  }
}

void Pusher::Push() {
  constexpr int kSlots = 5;
  luaL_checkstack(lua_, kSlots, "a reply of too many levels");
  const char type = left_.empty() ? '_' : left_.front();
  left_.remove_prefix(left_.empty() ? 0 : 1);
  PushOf(type, TakeLine());
}

}  // namespace

void PushReply(lua_State* lua, std::string_view reply) { Pusher(lua, reply).Push(); }

}  // namespace amethyst::server
