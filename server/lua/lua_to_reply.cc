#include "server/lua/lua_to_reply.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

// As C text, which ends at a zero byte.
std::string LineAt(lua_State* lua, int index) {
  std::string line(lua_tostring(lua, index));
  std::ranges::replace_if(line, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

// As the processor converts; all that does not fit becomes the smallest.
int64_t ToInteger(double number) {
  constexpr double kBound = 9223372036854775808.0;  // 2^63.
  return number >= -kBound && number < kBound ? static_cast<int64_t>(number) : INT64_MIN;
}

class Speaker {
 public:
  Speaker(lua_State* lua, Reply::Protocol script_protocol, Reply& reply)
      : lua_(lua), script_protocol_(script_protocol), reply_(reply), begin_(reply.Mark()) {}

  // Each takes the value off the top of the stack.
  void Say();
  [[nodiscard]] bool has_counted_error() const { return has_counted_error_; }

 private:
  void SayBoolean();
  // Of the table on top. True: it had the field, and has been said; it is still there.
  bool SayNamed();
  bool SayVerbatim();
  bool SayMap();
  bool SaySet();
  void SayArray();
  // Pushes the table's field; false: it is of another type, and nothing is pushed.
  bool PushIf(const char* name, int type) {
    PushField(lua_, -1, name);
    if (lua_type(lua_, -1) == type) return true;
    lua_pop(lua_, 1);
    return false;
  }
  size_t CountPairs() {
    size_t count = 0;
    for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) ++count;
    return count;
  }

  lua_State* const lua_;
  const Reply::Protocol script_protocol_;
  Reply& reply_;
  const size_t begin_;
  bool has_counted_error_ = false;
};

void Speaker::SayBoolean() {
  const bool value = lua_toboolean(lua_, -1) != 0;
  if (script_protocol_ == Reply::Protocol::kResp3) return reply_.Boolean(value);
  if (value) return reply_.Integer(1);
  reply_.Null();
}

bool Speaker::SayVerbatim() {
  constexpr size_t kFormatBytes = 3;
  if (!PushIf("verbatim_string", LUA_TTABLE)) return false;
  bool is_said = false;
  if (PushIf("format", LUA_TSTRING)) {
    std::string format(TextAt(lua_, -1));
    lua_pop(lua_, 1);
    if (PushIf("string", LUA_TSTRING)) {
      format.resize(kFormatBytes, ' ');
      reply_.Verbatim(format, TextAt(lua_, -1));
      lua_pop(lua_, 1);
      is_said = true;
    }
  }
  lua_pop(lua_, 1);
  return is_said;
}

bool Speaker::SayMap() {
  if (!PushIf("map", LUA_TTABLE)) return false;
  reply_.Map(CountPairs());
  lua_pushnil(lua_);
  while (lua_next(lua_, -2) != 0) {
    lua_pushvalue(lua_, -2);
    Say();
    Say();
  }
  lua_pop(lua_, 1);
  return true;
}

bool Speaker::SaySet() {
  if (!PushIf("set", LUA_TTABLE)) return false;
  reply_.Set(CountPairs());
  lua_pushnil(lua_);
  while (lua_next(lua_, -2) != 0) {
    lua_pop(lua_, 1);
    lua_pushvalue(lua_, -1);
    Say();
  }
  lua_pop(lua_, 1);
  return true;
}

bool Speaker::SayNamed() {
  if (PushIf("err", LUA_TSTRING)) {
    SayError(lua_tostring(lua_, -1), reply_);
    lua_pop(lua_, 1);
    PushField(lua_, -1, "ignore_error_stats_update");
    has_counted_error_ = lua_toboolean(lua_, -1) != 0;
  } else if (PushIf("ok", LUA_TSTRING)) {
    reply_.Simple(LineAt(lua_, -1));
  } else if (PushIf("double", LUA_TNUMBER)) {
    reply_.Double(lua_tonumber(lua_, -1));
  } else if (PushIf("big_number", LUA_TSTRING)) {
    reply_.BigNumber(LineAt(lua_, -1));
  } else {
    return SayVerbatim() || SayMap() || SaySet();
  }
  lua_pop(lua_, 1);
  return true;
}

void Speaker::SayArray() {
  int count = 0;
  for (;; ++count) {
    lua_rawgeti(lua_, -1, count + 1);
    const bool is_end = lua_isnil(lua_, -1);
    lua_pop(lua_, 1);
    if (is_end) break;
  }
  reply_.Array(static_cast<size_t>(count));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(lua_, -1, i);
    Say();
  }
}

void Speaker::Say() {
  constexpr int kSlots = 4;
  if (lua_checkstack(lua_, kSlots) == 0) {
    reply_.Error("ERR reached lua stack limit");
  } else if (reply_.Mark() - begin_ > kScriptReplyBytesMax) {
    luaL_error(lua_, "the reply is too large");
  } else if (const int type = lua_type(lua_, -1); type == LUA_TSTRING) {
    reply_.Bulk(TextAt(lua_, -1));
  } else if (type == LUA_TBOOLEAN) {
    SayBoolean();
  } else if (type == LUA_TNUMBER) {
    reply_.Integer(ToInteger(lua_tonumber(lua_, -1)));
  } else if (type != LUA_TTABLE) {
    reply_.Null();
  } else if (!SayNamed()) {
    SayArray();
  }
  lua_pop(lua_, 1);
}

}  // namespace

bool SayValue(lua_State* lua, Reply::Protocol script_protocol, Reply& reply) {
  Speaker speaker(lua, script_protocol, reply);
  lua_pushvalue(lua, -1);
  speaker.Say();
  return speaker.has_counted_error();
}

void SayError(std::string_view text, Reply& reply) {
  constexpr std::string_view kBreaks = "\r\n";
  const size_t begin = std::min(text.find_first_not_of(kBreaks), text.size());
  reply.Error(text.substr(begin, text.find_last_not_of(kBreaks) + 1 - begin));
}

}  // namespace amethyst::server
