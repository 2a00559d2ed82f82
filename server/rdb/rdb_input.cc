#include "server/rdb/rdb_input.h"

#include <bit>
#include <limits>

#include "base/coding.h"
#include "server/commands/numbers.h"
#include "server/rdb/lzf.h"
#include "server/rdb/packed_integer.h"
#include "server/rdb/rdb_format.h"

namespace amethyst::server::rdb {

bool Input::TakeBytes(uint64_t count, std::string_view* bytes) {
  if (count > rest_.size()) {
    missing_bytes_ = count - rest_.size();
    return false;
  }
  *bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return true;
}

bool Input::MayHold(uint64_t count, uint64_t bytes_each) {
  if (count <= rest_.size() / bytes_each) return true;
  missing_bytes_ = count - rest_.size() / bytes_each;
  return false;
}

bool Input::TakeByte(uint8_t* byte) {
  std::string_view bytes;
  if (!TakeBytes(1, &bytes)) return false;
  *byte = static_cast<uint8_t>(bytes[0]);
  return true;
}

bool Input::TakeAnyLength(Length* length) {
  uint8_t first = 0;
  std::string_view bytes;
  if (!TakeByte(&first)) return false;
  switch (first >> 6) {
    case 0: *length = {.value = first}; return true;
    case 1:
      if (!TakeBytes(1, &bytes)) return false;
      *length = {.value = (first & 0x3fu) << 8 | static_cast<unsigned char>(bytes[0])};
      return true;
    case 3: *length = {.value = first & 0x3fu, .is_encoding = true}; return true;
    default:
      if (first > 0x81 || !TakeBytes(first == 0x80 ? 4 : 8, &bytes)) return false;
      *length = {.value = ReadBigEndian(bytes, 0, static_cast<int>(bytes.size()))};
      return true;
  }
}

bool Input::TakeLength(uint64_t* length) {
  Length taken;
  if (!TakeAnyLength(&taken) || taken.is_encoding) return false;
  *length = taken.value;
  return true;
}

bool Input::TakeString(std::string_view* string) {
  Length length;
  if (!TakeAnyLength(&length)) return false;
  return length.is_encoding ? TakeEncoded(length.value, string) : TakeBytes(length.value, string);
}

bool Input::TakeEncoded(uint64_t encoding, std::string_view* string) {
  size_t bytes = 0;
  switch (static_cast<StringEncoding>(encoding)) {
    case StringEncoding::kInteger8: bytes = 1; break;
    case StringEncoding::kInteger16: bytes = 2; break;
    case StringEncoding::kInteger32: bytes = 4; break;
    case StringEncoding::kLzf: return TakeCompressed(string);
    default: return false;
  }
  std::string_view packed;
  if (!TakeBytes(bytes, &packed)) return false;
  *string = arena_->Digits(ReadPackedInteger(packed));
  return true;
}

bool Input::TakeCompressed(std::string_view* string) {
  uint64_t compressed_bytes = 0;
  uint64_t bytes = 0;
  std::string_view compressed;
  if (!TakeLength(&compressed_bytes) || !TakeLength(&bytes) || !TakeBytes(compressed_bytes, &compressed)) return false;
  if (bytes > compressed.size() * kLzfRatioMax || bytes > decompressed_bytes_left_) return false;
  decompressed_bytes_left_ -= bytes;
  const std::span<char> to = arena_->Allocate(bytes);
  *string = {to.data(), to.size()};
  return DecompressLzf(compressed, to);
}

bool Input::TakeDouble(double* value) {
  uint64_t bits = 0;
  if (!TakeTime(&bits)) return false;
  *value = std::bit_cast<double>(bits);
  return true;
}

bool Input::TakeTextDouble(double* value) {
  constexpr uint8_t kLengthMax = 252;
  uint8_t length = 0;
  if (!TakeByte(&length)) return false;
  if (length > kLengthMax) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    *value = length == 255 ? -kInfinity : kInfinity;
    return length != 253;  // No number.
  }
  std::string_view text;
  const auto read = TakeBytes(length, &text) ? ReadDouble(text) : std::nullopt;
  *value = read.value_or(0);
  return read.has_value();
}

bool Input::TakeTime(TimeMs* time) {
  std::string_view bytes;
  if (!TakeBytes(sizeof(TimeMs), &bytes)) return false;
  *time = base::LoadFixed<uint64_t>(bytes.data());
  return true;
}

bool Input::TakeStreamId(StreamId* id) { return TakeLength(&id->ms) && TakeLength(&id->seq); }

bool Input::TakeRawStreamId(StreamId* id) {
  std::string_view bytes;
  if (!TakeBytes(kStreamIdBytes, &bytes)) return false;
  *id = ReadStreamId(bytes, 0);
  return true;
}

}  // namespace amethyst::server::rdb
