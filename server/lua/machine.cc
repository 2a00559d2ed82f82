#include "server/lua/machine.h"

#include <algorithm>
#include <cstdlib>

namespace amethyst::server {

uint32_t Dice::Draw() {
  constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  state_ = (state_ * 0x5DEECE66D + 0xB) & kMask;
  return static_cast<uint32_t>(state_ >> 17);
}

void* Allocate(void* machine, void* block, size_t old_bytes, size_t new_bytes) {
  Machine& own = *static_cast<Machine*>(machine);
  if (new_bytes == 0) {
    std::free(block);
    own.bytes -= old_bytes;
    return nullptr;
  }
  // Lua relies on a block that shrinks to stay.
  const size_t left = own.bytes_max - std::min(own.bytes, own.bytes_max);
  if (new_bytes > old_bytes && new_bytes - old_bytes > left) return nullptr;
  void* const moved = std::realloc(block, new_bytes);
  if (moved == nullptr) return new_bytes <= old_bytes ? block : nullptr;
  own.bytes += new_bytes - old_bytes;
  return moved;
}

Machine& MachineOf(lua_State* lua) {
  void* context = nullptr;
  lua_getallocf(lua, &context);
  return *static_cast<Machine*>(context);
}

void PushText(lua_State* lua, std::string_view text) { lua_pushlstring(lua, text.data(), text.size()); }

std::string_view TextAt(lua_State* lua, int index) {
  size_t size = 0;
  const char* const text = lua_tolstring(lua, index, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

void PushField(lua_State* lua, int table, std::string_view name) {
  lua_pushvalue(lua, table);
  PushText(lua, name);
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
}

void PushError(lua_State* lua, std::string_view text) {
  std::string shown;
  if (!text.starts_with('-')) {
    shown.append("ERR ").append(text);
  } else if (text.find(' ') == std::string_view::npos) {
    shown.append("ERR ").append(text.substr(1));
  } else {
    shown = text.substr(1);
  }
  while (shown.ends_with('\r') || shown.ends_with('\n')) shown.pop_back();
  lua_createtable(lua, 0, 2);
  PushText(lua, shown);
  lua_setfield(lua, -2, "err");
}

int RaiseError(lua_State* lua, std::string_view text) {
  PushError(lua, text);
  return lua_error(lua);
}

int RaiseAtPlace(lua_State* lua, std::string_view text) {
  luaL_where(lua, 1);
  PushText(lua, text);
  lua_concat(lua, 2);
  return lua_error(lua);
}

}  // namespace amethyst::server
