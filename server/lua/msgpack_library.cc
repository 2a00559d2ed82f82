#include "server/lua/msgpack_library.h"

#include <bit>
#include <climits>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

constexpr int kLevelsMax = 16;  // Of tables in tables; deeper ones become nil.

bool IsInteger(lua_Number number) {
  constexpr lua_Number kBound = 9223372036854775808.0;  // 2^63.
  return number >= -kBound && number < kBound && std::floor(number) == number;
}

class Packer {
 public:
  explicit Packer(lua_State* lua) : lua_(lua) {}

  // The value on top of the stack, which is taken off.
  void Add(int level);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  // Writes the code, then the number in big-endian order. The number takes `number_bytes`.
  void AddCoded(int code, uint64_t number, size_t number_bytes) {
    bytes_.push_back(static_cast<char>(code));
    for (size_t i = number_bytes; i > 0; --i) bytes_.push_back(static_cast<char>(number >> (8 * (i - 1))));
  }
  void AddInteger(int64_t number);
  void AddNumber(lua_Number number);
  void AddText(std::string_view text);
  void AddTable(int level);
  [[nodiscard]] bool IsArray();
  // The heads of arrays and maps: few are in the code, else 16 or 32 bits.
  void AddHead(int code_of_few, int code16, size_t count) {
    if (count <= 15) return AddCoded(code_of_few | static_cast<int>(count), 0, 0);
    if (count <= UINT16_MAX) return AddCoded(code16, count, 2);
    AddCoded(code16 + 1, count, 4);
  }

  lua_State* const lua_;
  std::string bytes_;
};

void Packer::AddInteger(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  if (number >= -32 && number <= INT8_MAX) return AddCoded(static_cast<int>(number & 0xff), 0, 0);
  if (number >= 0) {
    if (bits <= UINT8_MAX) return AddCoded(0xcc, bits, 1);
    if (bits <= UINT16_MAX) return AddCoded(0xcd, bits, 2);
    if (bits <= UINT32_MAX) return AddCoded(0xce, bits, 4);
    return AddCoded(0xcf, bits, 8);
  }
  if (number >= INT8_MIN) return AddCoded(0xd0, bits, 1);
  if (number >= INT16_MIN) return AddCoded(0xd1, bits, 2);
  if (number >= INT32_MIN) return AddCoded(0xd2, bits, 4);
  AddCoded(0xd3, bits, 8);
}

void Packer::AddNumber(lua_Number number) {
  if (IsInteger(number)) return AddInteger(static_cast<int64_t>(number));
  constexpr lua_Number kFloatMax = 3.4028234663852886e38;
  if (std::isinf(number) || std::abs(number) <= kFloatMax) {
    const auto narrow = static_cast<float>(number);
    if (static_cast<lua_Number>(narrow) == number) return AddCoded(0xca, std::bit_cast<uint32_t>(narrow), 4);
  }
  AddCoded(0xcb, std::bit_cast<uint64_t>(number), 8);
}

void Packer::AddText(std::string_view text) {
  if (text.size() < 32) {
    AddCoded(0xa0 | static_cast<int>(text.size()), 0, 0);
  } else if (text.size() <= UINT8_MAX) {
    AddCoded(0xd9, text.size(), 1);
  } else if (text.size() <= UINT16_MAX) {
    AddCoded(0xda, text.size(), 2);
  } else {
    AddCoded(0xdb, text.size(), 4);
  }
  bytes_.append(text);
}

// Its keys are 1 to their number.
bool Packer::IsArray() {
  lua_Number highest = 0;
  size_t count = 0;
  for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; ++count) {
    lua_pop(lua_, 1);
    const lua_Number key = lua_type(lua_, -1) == LUA_TNUMBER ? lua_tonumber(lua_, -1) : 0;
    if (!(key > 0 && key <= INT_MAX && std::floor(key) == key)) return lua_pop(lua_, 1), false;
    highest = std::max(highest, key);
  }
  return highest == static_cast<lua_Number>(count);
}

void Packer::AddTable(int level) {
  luaL_checkstack(lua_, 3, "in function mp_encode_lua_table_as_map");
  if (IsArray()) {
    const size_t count = lua_objlen(lua_, -1);
    AddHead(0x90, 0xdc, count);
    for (size_t i = 1; i <= count; ++i) {
      lua_rawgeti(lua_, -1, static_cast<int>(i));
      Add(level + 1);
    }
    return;
  }
  size_t count = 0;
  for (lua_pushnil(lua_); lua_next(lua_, -2) != 0; lua_pop(lua_, 1)) ++count;
  AddHead(0x80, 0xde, count);
  lua_pushnil(lua_);
  while (lua_next(lua_, -2) != 0) {
    lua_pushvalue(lua_, -2);
    Add(level + 1);
    Add(level + 1);
  }
}

void Packer::Add(int level) {
  if (bytes_.size() > MachineOf(lua_).bytes_max) luaL_error(lua_, "not enough memory");
  switch (lua_type(lua_, -1)) {
    case LUA_TSTRING: AddText(TextAt(lua_, -1)); break;
    case LUA_TBOOLEAN: AddCoded(lua_toboolean(lua_, -1) != 0 ? 0xc3 : 0xc2, 0, 0); break;
    case LUA_TNUMBER: AddNumber(lua_tonumber(lua_, -1)); break;
    case LUA_TTABLE:
      if (level < kLevelsMax) {
        AddTable(level);
        break;
      }
      [[fallthrough]];
    default: AddCoded(0xc0, 0, 0);
  }
  lua_pop(lua_, 1);
}

int Pack(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  luaL_checkstack(lua, 1, "in function mp_check");
  Packer packer(lua);
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(lua, i);
    packer.Add(0);
  }
  PushText(lua, packer.bytes());
  return 1;
}

class MessageReader {
 public:
  MessageReader(lua_State* lua, std::string_view bytes) : lua_(lua), left_(bytes) {}

  // Pushes the next value.
  void Push();
  [[nodiscard]] size_t left() const { return left_.size(); }

 private:
  std::string_view Take(size_t count) {
    if (count > left_.size()) luaL_error(lua_, "Missing bytes in input.");
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  uint64_t TakeNumber(size_t bytes) {
    uint64_t number = 0;
    for (const char byte : Take(bytes)) number = (number << 8) | static_cast<uint8_t>(byte);
    return number;
  }
  void PushArray(size_t count);
  void PushMap(size_t count);
  void PushNumber(uint8_t code);
  // Where the code holds a small value itself.
  void PushSmall(uint8_t code);

  lua_State* const lua_;
  std::string_view left_;
};

void MessageReader::PushArray(size_t count) {
  lua_newtable(lua_);
  luaL_checkstack(lua_, 1, "in function mp_decode_to_lua_array");
  for (size_t i = 1; i <= count; ++i) {
    Push();
    lua_rawseti(lua_, -2, static_cast<int>(i));
  }
}

void MessageReader::PushMap(size_t count) {
  lua_newtable(lua_);
  for (size_t i = 0; i < count; ++i) {
    Push();
    Push();
    lua_settable(lua_, -3);
  }
}

void MessageReader::PushNumber(uint8_t code) {
  switch (code) {
    case 0xca: return lua_pushnumber(lua_, std::bit_cast<float>(static_cast<uint32_t>(TakeNumber(4))));
    case 0xcb: return lua_pushnumber(lua_, std::bit_cast<double>(TakeNumber(8)));
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: return lua_pushnumber(lua_, static_cast<lua_Number>(TakeNumber(size_t{1} << (code - 0xcc))));
    case 0xd0: return lua_pushnumber(lua_, static_cast<int8_t>(TakeNumber(1)));
    case 0xd1: return lua_pushnumber(lua_, static_cast<int16_t>(TakeNumber(2)));
    case 0xd2: return lua_pushnumber(lua_, static_cast<int32_t>(TakeNumber(4)));
    default: return lua_pushnumber(lua_, static_cast<lua_Number>(static_cast<int64_t>(TakeNumber(8))));
  }
}

void MessageReader::PushSmall(uint8_t code) {
  if (code < 0x80) return lua_pushnumber(lua_, code);
  if (code >= 0xe0) return lua_pushnumber(lua_, static_cast<int8_t>(code));
  if (code < 0x90) return PushMap(code & 0xf);
  if (code < 0xa0) return PushArray(code & 0xf);
  if (code < 0xc0) return PushText(lua_, Take(code & 0x1f));
  luaL_error(lua_, "Bad data format in input.");
}

void MessageReader::Push() {
  luaL_checkstack(lua_, 1, "too many return values at once; use unpack_one or unpack_limit instead.");
  const auto code = static_cast<uint8_t>(Take(1).front());
  switch (code) {
    case 0xc0: return lua_pushnil(lua_);
    case 0xc2:
    case 0xc3: return lua_pushboolean(lua_, code == 0xc3 ? 1 : 0);
    case 0xd9:
    case 0xda:
    case 0xdb: return PushText(lua_, Take(TakeNumber(size_t{1} << (code - 0xd9))));
    case 0xdc: return PushArray(TakeNumber(2));
    case 0xdd: return PushArray(TakeNumber(4));
    case 0xde: return PushMap(TakeNumber(2));
    case 0xdf: return PushMap(TakeNumber(4));
    default: return code >= 0xca && code <= 0xd3 ? PushNumber(code) : PushSmall(code);
  }
}

// `limit` 0: all there is, without the place behind it.
int UnpackFrom(lua_State* lua, lua_Integer limit, lua_Integer offset) {
  luaL_checkstring(lua, 1);
  const std::string_view text = TextAt(lua, 1);
  if (offset < 0 || limit < 0) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.", static_cast<int>(offset),
                      static_cast<int>(text.size()));
  }
  if (static_cast<size_t>(offset) > text.size()) {
    return luaL_error(lua, "Start offset %d greater than input length %d.", static_cast<int>(offset),
                      static_cast<int>(text.size()));
  }
  const bool is_all = limit == 0 && offset == 0;
  MessageReader reader(lua, text.substr(static_cast<size_t>(offset)));
  int count = 0;
  for (; reader.left() > 0 && (is_all || count < limit); ++count) reader.Push();
  if (is_all) return count;
  luaL_checkstack(lua, 1, "in function mp_unpack_full");
  lua_pushinteger(lua, reader.left() == 0 ? -1 : static_cast<lua_Integer>(text.size() - reader.left()));
  lua_insert(lua, 2);
  return count + 1;
}

int Unpack(lua_State* lua) {
  lua_settop(lua, 1);
  return UnpackFrom(lua, 0, 0);
}

int UnpackOne(lua_State* lua) {
  const lua_Integer offset = luaL_optinteger(lua, 2, 0);
  lua_settop(lua, 1);
  return UnpackFrom(lua, 1, offset);
}

int UnpackLimit(lua_State* lua) {
  const lua_Integer limit = luaL_checkinteger(lua, 2);
  const lua_Integer offset = luaL_optinteger(lua, 3, 0);
  lua_settop(lua, 1);
  return UnpackFrom(lua, limit, offset);
}

}  // namespace

int OpenMessagePackLibrary(lua_State* lua) {
  lua_newtable(lua);
  constexpr std::pair<const char*, lua_CFunction> kFunctions[] = {
      {"pack", Pack}, {"unpack", Unpack}, {"unpack_one", UnpackOne}, {"unpack_limit", UnpackLimit}};
  for (const auto& [name, function] : kFunctions) {
    lua_pushcfunction(lua, function);
    lua_setfield(lua, -2, name);
  }
  lua_pushliteral(lua, "cmsgpack");
  lua_setfield(lua, -2, "_NAME");
  lua_pushliteral(lua, "lua-cmsgpack 0.4.0");
  lua_setfield(lua, -2, "_VERSION");
  return 1;
}

}  // namespace amethyst::server
