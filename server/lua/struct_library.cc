#include "server/lua/struct_library.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

constexpr size_t kIntegerBytesMax = 32;
constexpr size_t kAlignmentDefault = 8;
constexpr std::string_view kIntegers = "bBhHlLTiI";

// One piece of a format, with the bytes that stand before it.
struct Item {
  char option;
  size_t bytes;
};

// Reads a format, "<i4s", piece by piece. Its first argument is the format.
class Format {
 public:
  explicit Format(lua_State* lua) : lua_(lua), left_(luaL_checkstring(lua, 1)) {}

  [[nodiscard]] bool at_end() const { return left_.empty(); }
  // The next option, and how many bytes it has by itself.
  Item Take() {
    const char option = left_.front();
    left_.remove_prefix(1);
    return {.option = option, .bytes = BytesOf(option)};
  }
  // How many bytes go before it at that place.
  [[nodiscard]] size_t Gap(const Item& item, size_t place) const {
    if (item.bytes == 0 || item.option == 'c') return 0;
    const size_t step = std::min(item.bytes, alignment_);
    return (step - (place & (step - 1))) & (step - 1);
  }
  // What is no value but tells how values stand.
  void Set(char option);
  [[nodiscard]] bool is_little() const { return is_little_; }

 private:
  size_t BytesOf(char option);
  size_t TakeNumber(size_t otherwise);

  lua_State* const lua_;
  std::string_view left_;
  bool is_little_ = std::endian::native == std::endian::little;
  size_t alignment_ = 1;
};

size_t Format::TakeNumber(size_t otherwise) {
  if (left_.empty() || std::isdigit(static_cast<unsigned char>(left_.front())) == 0) return otherwise;
  int64_t number = 0;
  while (!left_.empty() && std::isdigit(static_cast<unsigned char>(left_.front())) != 0) {
    number = number * 10 + (left_.front() - '0');
    if (number > INT_MAX) luaL_error(lua_, "integral size overflow");
    left_.remove_prefix(1);
  }
  return static_cast<size_t>(number);
}

size_t Format::BytesOf(char option) {
  switch (option) {
    case 'b':
    case 'B':
    case 'x': return 1;
    case 'h':
    case 'H': return sizeof(short);
    case 'l':
    case 'L': return sizeof(long);
    case 'T': return sizeof(size_t);
    case 'f': return sizeof(float);
    case 'd': return sizeof(double);
    case 'c': return TakeNumber(1);
    case 'i':
    case 'I': {
      const size_t bytes = TakeNumber(sizeof(int));
      if (bytes > kIntegerBytesMax) {
        luaL_error(lua_, "integral size %d is larger than limit of %d", static_cast<int>(bytes),
                   static_cast<int>(kIntegerBytesMax));
      }
      return bytes;
    }
    default: return 0;
  }
}

void Format::Set(char option) {
  switch (option) {
    case ' ': return;
    case '>': is_little_ = false; return;
    case '<': is_little_ = true; return;
    case '!': {
      const size_t alignment = TakeNumber(kAlignmentDefault);
      if (!std::has_single_bit(alignment)) {
        luaL_error(lua_, "alignment %d is not a power of 2", static_cast<int>(alignment));
      }
      alignment_ = alignment;
      return;
    }
    default: luaL_argerror(lua_, 1, lua_pushfstring(lua_, "invalid format option '%c'", option));
  }
}

// As the processor converts; what does not fit is the smallest number.
uint64_t ToBits(lua_Number number) {
  constexpr lua_Number kHalf = 9223372036854775808.0;  // 2^63.
  if (number >= kHalf && number < 2 * kHalf) return static_cast<uint64_t>(number);
  if (number >= -kHalf && number < kHalf) return static_cast<uint64_t>(static_cast<int64_t>(number));
  return uint64_t{1} << 63;
}

void AddInteger(std::string* bytes, const Item& item, bool is_little, lua_Number number) {
  uint64_t value = ToBits(number);
  std::string encoded(item.bytes, '\0');
  for (char& byte : encoded) {
    byte = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  if (!is_little) std::ranges::reverse(encoded);
  bytes->append(encoded);
}

template <typename Float>
void AddFloat(std::string* bytes, bool is_little, Float number) {
  std::string encoded(reinterpret_cast<const char*>(&number), sizeof(Float));
  if (is_little != (std::endian::native == std::endian::little)) std::ranges::reverse(encoded);
  bytes->append(encoded);
}

template <typename Float>
void PushFloat(lua_State* lua, std::string_view bytes, bool is_little) {
  std::string encoded(bytes.substr(0, sizeof(Float)));
  if (is_little != (std::endian::native == std::endian::little)) std::ranges::reverse(encoded);
  Float number = 0;
  std::memcpy(&number, encoded.data(), sizeof(Float));
  lua_pushnumber(lua, number);
}

int64_t SignExtended(uint64_t value, size_t bytes) {
  if (bytes == 0 || bytes >= sizeof(value)) return static_cast<int64_t>(value);
  const uint64_t sign = uint64_t{1} << (8 * bytes - 1);
  return static_cast<int64_t>((value ^ sign) - sign);
}

void PushInteger(lua_State* lua, const Item& item, std::string_view bytes, bool is_little) {
  uint64_t value = 0;
  for (size_t i = 0; i < item.bytes; ++i) {
    value = (value << 8) | static_cast<uint8_t>(bytes[is_little ? item.bytes - 1 - i : i]);
  }
  const bool is_signed = std::islower(static_cast<unsigned char>(item.option)) != 0;
  lua_pushnumber(lua,
                 is_signed ? static_cast<lua_Number>(SignExtended(value, item.bytes)) : static_cast<lua_Number>(value));
}

// The bytes of a text, of which there must be enough.
std::string_view TextFor(lua_State* lua, const Item& item, int arg) {
  luaL_checkstring(lua, arg);
  const std::string_view text = TextAt(lua, arg);
  const size_t bytes = item.bytes == 0 ? text.size() : item.bytes;
  luaL_argcheck(lua, text.size() >= bytes, arg + 1, "string too short");
  return text.substr(0, bytes);
}

// False: the option takes no argument.
bool PackValue(lua_State* lua, Format& format, const Item& item, int arg, std::string* bytes) {
  if (kIntegers.find(item.option) != std::string_view::npos) {
    AddInteger(bytes, item, format.is_little(), luaL_checknumber(lua, arg));
  } else if (item.option == 'f') {
    AddFloat(bytes, format.is_little(), static_cast<float>(luaL_checknumber(lua, arg)));
  } else if (item.option == 'd') {
    AddFloat(bytes, format.is_little(), luaL_checknumber(lua, arg));
  } else if (item.option == 'c' || item.option == 's') {
    bytes->append(TextFor(lua, item, arg));
    if (item.option == 's') bytes->push_back('\0');
  } else if (item.option == 'x') {
    bytes->push_back('\0');
    return false;
  } else {
    format.Set(item.option);
    return false;
  }
  return true;
}

int Pack(lua_State* lua) {
  Format format(lua);
  std::string bytes;
  int arg = 2;
  while (!format.at_end()) {
    const Item item = format.Take();
    bytes.append(format.Gap(item, bytes.size()), '\0');
    if (PackValue(lua, format, item, arg, &bytes)) ++arg;
    if (bytes.size() > MachineOf(lua).bytes_max) return luaL_error(lua, "not enough memory");
  }
  PushText(lua, bytes);
  return 1;
}

// Reads the values of a text behind one another.
class Unpacker {
 public:
  Unpacker(lua_State* lua, std::string_view data, size_t place) : lua_(lua), data_(data), place_(place) {}

  void Read(Format& format, Item item) {
    place_ += format.Gap(item, place_);
    Need(item.bytes);
    luaL_checkstack(lua_, 2, "too many results");
    if (kIntegers.find(item.option) != std::string_view::npos) {
      PushInteger(lua_, item, data_.substr(place_), format.is_little());
      ++count_;
    } else if (item.option == 'f' || item.option == 'd') {
      if (item.option == 'f') PushFloat<float>(lua_, data_.substr(place_), format.is_little());
      if (item.option == 'd') PushFloat<double>(lua_, data_.substr(place_), format.is_little());
      ++count_;
    } else if (item.option == 'c') {
      if (item.bytes == 0) item.bytes = TakeSize();
      PushText(lua_, data_.substr(place_, item.bytes));
      ++count_;
    } else if (item.option == 's') {
      const size_t end = data_.find('\0', place_);
      if (end == std::string_view::npos) luaL_error(lua_, "unfinished string in data");
      PushText(lua_, data_.substr(place_, end - place_));
      item.bytes = end + 1 - place_;
      ++count_;
    } else if (item.option != 'x') {
      format.Set(item.option);
    }
    place_ += item.bytes;
  }
  // The values, and the place behind them.
  int Finish() {
    lua_pushinteger(lua_, static_cast<lua_Integer>(place_ + 1));
    return count_ + 1;
  }

 private:
  void Need(size_t bytes) {
    luaL_argcheck(lua_, bytes <= data_.size() && place_ <= data_.size() - bytes, 2, "data string too short");
  }
  // "c0": the number before it says how many bytes there are.
  size_t TakeSize() {
    if (count_ == 0 || lua_isnumber(lua_, -1) == 0) luaL_error(lua_, "format 'c0' needs a previous size");
    const lua_Number given = lua_tonumber(lua_, -1);
    const size_t bytes = given >= 0 && given <= INT_MAX ? static_cast<size_t>(given) : data_.size() + 1;
    lua_pop(lua_, 1);
    --count_;
    Need(bytes);
    return bytes;
  }

  lua_State* const lua_;
  const std::string_view data_;
  size_t place_;
  int count_ = 0;
};

int Unpack(lua_State* lua) {
  Format format(lua);
  luaL_checkstring(lua, 2);
  const lua_Integer begin = luaL_optinteger(lua, 3, 1);
  luaL_argcheck(lua, begin != 0, 3, "offset must be 1 or greater");
  // One that is negative is behind all data.
  Unpacker unpacker(lua, TextAt(lua, 2), static_cast<size_t>(begin) - 1);
  while (!format.at_end()) {
    const Item item = format.Take();
    unpacker.Read(format, item);
  }
  return unpacker.Finish();
}

int Size(lua_State* lua) {
  Format format(lua);
  size_t bytes = 0;
  while (!format.at_end()) {
    const Item item = format.Take();
    bytes += format.Gap(item, bytes);
    if (item.option == 's') return luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (item.option == 'c' && item.bytes == 0) return luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    if (std::isalnum(static_cast<unsigned char>(item.option)) == 0) format.Set(item.option);
    bytes += item.bytes;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(bytes));
  return 1;
}

}  // namespace

int OpenStructLibrary(lua_State* lua) {
  lua_newtable(lua);
  constexpr std::pair<const char*, lua_CFunction> kFunctions[] = {{"pack", Pack}, {"unpack", Unpack}, {"size", Size}};
  for (const auto& [name, function] : kFunctions) {
    lua_pushcfunction(lua, function);
    lua_setfield(lua, -2, name);
  }
  return 1;
}

}  // namespace amethyst::server
