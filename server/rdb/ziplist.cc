#include "server/rdb/ziplist.h"

#include <algorithm>
#include <optional>

#include "base/coding.h"
#include "server/rdb/packed_integer.h"

namespace amethyst::server::rdb {

namespace {

constexpr char kEnd = '\xff';
constexpr unsigned char kLongLength = 0xfe;
constexpr size_t kCountMax = UINT16_MAX;

bool TakeBytes(std::string_view* rest, size_t bytes, std::string_view* taken) {
  if (bytes > rest->size()) return false;
  *taken = rest->substr(0, bytes);
  rest->remove_prefix(bytes);
  return true;
}

// One byte, or the mark of a long one and four. Of bytes that are not empty.
bool TakeLength(std::string_view* rest, uint32_t* length) {
  const auto first = static_cast<unsigned char>(rest->front());
  rest->remove_prefix(1);
  *length = first;
  return first < kLongLength || (first == kLongLength && base::ReadFixed(rest, length));
}

bool TakeString(std::string_view* rest, std::string_view* element) {
  const auto first = static_cast<unsigned char>(rest->front());
  std::string_view head;
  switch (first >> 6) {
    case 0: return TakeBytes(rest, 1, &head) && TakeBytes(rest, first & 0x3f, element);
    case 1: {
      if (!TakeBytes(rest, 2, &head)) return false;
      return TakeBytes(rest, (first & 0x3fu) << 8 | static_cast<unsigned char>(head[1]), element);
    }
    default: {  // The length is big-endian here alone.
      if (first != 0x80 || !TakeBytes(rest, 5, &head)) return false;
      size_t length = 0;
      for (const char byte : head.substr(1)) length = length << 8 | static_cast<unsigned char>(byte);
      return TakeBytes(rest, length, element);
    }
  }
}

// The bytes behind the head of a number.
std::optional<size_t> BytesOfNumber(unsigned char head) {
  switch (head) {
    case 0xc0: return 2;
    case 0xd0: return 4;
    case 0xe0: return 8;
    case 0xf0: return 3;
    case 0xfe: return 1;
    default: return {};
  }
}

bool TakeElement(std::string_view* rest, TextArena* arena, std::string_view* element) {
  if (rest->empty()) return false;
  const auto first = static_cast<unsigned char>(rest->front());
  if (first < 0xc0) return TakeString(rest, element);
  rest->remove_prefix(1);
  if (first > 0xf0 && first < 0xfe) {  // From 0 to 12 in the head itself.
    *element = arena->Digits((first & 0x0f) - 1);
    return true;
  }
  const auto bytes = BytesOfNumber(first);
  std::string_view data;
  if (!bytes || !TakeBytes(rest, *bytes, &data)) return false;
  *element = arena->Digits(ReadPackedInteger(data));
  return true;
}

bool TakePrefixed(std::string_view* rest, std::string_view* text, bool has_spare) {
  uint32_t length = 0;
  std::string_view spare_bytes;
  if (rest->empty() || !TakeLength(rest, &length)) return false;
  std::string_view spare;
  if (has_spare && !TakeBytes(rest, 1, &spare)) return false;
  const size_t unused = has_spare ? static_cast<unsigned char>(spare[0]) : 0;
  return TakeBytes(rest, length, text) && TakeBytes(rest, unused, &spare_bytes);
}

}  // namespace

bool ReadZiplist(std::string_view bytes, TextArena* arena, std::vector<std::string_view>* elements) {
  uint32_t bytes_stated = 0;
  uint32_t last_stated = 0;
  uint16_t count_stated = 0;
  std::string_view rest = bytes;
  if (!base::ReadFixed(&rest, &bytes_stated) || !base::ReadFixed(&rest, &last_stated)) return false;
  if (!base::ReadFixed(&rest, &count_stated) || bytes_stated != bytes.size()) return false;
  size_t count = 0;
  size_t bytes_before = 0;
  size_t last = bytes.size() - rest.size();
  for (; !rest.empty() && rest[0] != kEnd; ++count) {
    last = bytes.size() - rest.size();
    uint32_t before_stated = 0;
    std::string_view element;
    if (!TakeLength(&rest, &before_stated) || before_stated != bytes_before) return false;
    if (!TakeElement(&rest, arena, &element)) return false;
    elements->push_back(element);
    bytes_before = bytes.size() - rest.size() - last;
  }
  return rest.size() == 1 && last == last_stated && std::min(count, kCountMax) == count_stated;
}

// 254 pairs means that many or more.
bool ReadZipmap(std::string_view bytes, std::vector<std::string_view>* elements) {
  constexpr size_t kPairsMax = 254;
  if (bytes.empty()) return false;
  const auto pairs_stated = static_cast<unsigned char>(bytes[0]);
  std::string_view rest = bytes.substr(1);
  size_t pairs = 0;
  for (; !rest.empty() && rest[0] != kEnd; ++pairs) {
    std::string_view field;
    std::string_view value;
    if (!TakePrefixed(&rest, &field, false) || !TakePrefixed(&rest, &value, true)) return false;
    elements->push_back(field);
    elements->push_back(value);
  }
  return rest.size() == 1 && (pairs_stated >= kPairsMax || pairs == pairs_stated);
}

bool ReadIntset(std::string_view bytes, TextArena* arena, std::vector<std::string_view>* elements) {
  uint32_t width = 0;
  uint32_t count = 0;
  if (!base::ReadFixed(&bytes, &width) || !base::ReadFixed(&bytes, &count)) return false;
  if ((width != 2 && width != 4 && width != 8) || bytes.size() != uint64_t{width} * count) return false;
  std::optional<int64_t> last;
  for (; !bytes.empty(); bytes.remove_prefix(width)) {
    const int64_t number = ReadPackedInteger(bytes.substr(0, width));
    if (last && number <= *last) return false;
    last = number;
    elements->push_back(arena->Digits(number));
  }
  return true;
}

}  // namespace amethyst::server::rdb
