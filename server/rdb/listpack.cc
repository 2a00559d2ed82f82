#include "server/rdb/listpack.h"

#include <algorithm>
#include <optional>

#include "base/coding.h"
#include "server/commands/numbers.h"
#include "server/rdb/packed_integer.h"

namespace amethyst::server::rdb {

namespace {

constexpr size_t kHeadBytes = 6;
constexpr size_t kCountMax = UINT16_MAX;
constexpr unsigned char kString32 = 0xf0;
constexpr unsigned char kInteger16 = 0xf1;
constexpr unsigned char kInteger24 = 0xf2;
constexpr unsigned char kInteger32 = 0xf3;
constexpr unsigned char kInteger64 = 0xf4;
constexpr char kEnd = '\xff';

// Seven bits in each byte, the highest first; all but the first byte have the upper bit. Redis takes a byte more for
// the greatest length of two, three and four bytes.
std::string EncodeBackwardLength(size_t length) {
  size_t bytes = 1;
  if (length > 127) bytes = length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5;
  std::string encoded;
  for (size_t i = 0; i < bytes; ++i) {
    const size_t bits = length >> 7 * (bytes - 1 - i) & 0x7f;
    encoded.push_back(static_cast<char>(bits | (i > 0 ? 0x80 : 0)));
  }
  return encoded;
}

struct Extent {
  size_t head = 0;
  size_t data = 0;  // Of a string, or of a number behind its head.
  bool is_number = false;
  std::optional<int64_t> value{};  // A number within the head.
  [[nodiscard]] size_t bytes() const { return head + data; }
};

// Of bytes that are not empty. The data may lie beyond them.
std::optional<Extent> ExtentOf(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const unsigned second = bytes.size() > 1 ? static_cast<unsigned char>(bytes[1]) : 0;
  if (first < 0x80) return Extent{.head = 1, .is_number = true, .value = first};
  if (first < 0xc0) return Extent{.head = 1, .data = first & 0x3fu};
  if (first < 0xe0) {
    const int64_t value = (first & 0x1fu) << 8 | second;
    return Extent{.head = 2, .is_number = true, .value = value < 4096 ? value : value - 8192};
  }
  if (first < 0xf0) return Extent{.head = 2, .data = (first & 0x0fu) << 8 | second};
  switch (first) {
    case kString32:
      if (bytes.size() < 5) return {};
      return Extent{.head = 5, .data = base::LoadFixed<uint32_t>(bytes.data() + 1)};
    case kInteger16: return Extent{.head = 1, .data = 2, .is_number = true};
    case kInteger24: return Extent{.head = 1, .data = 3, .is_number = true};
    case kInteger32: return Extent{.head = 1, .data = 4, .is_number = true};
    case kInteger64: return Extent{.head = 1, .data = 8, .is_number = true};
    default: return {};
  }
}

bool TakeElement(std::string_view* rest, TextArena* arena, std::string_view* element) {
  const auto extent = ExtentOf(*rest);
  if (!extent || extent->bytes() > rest->size()) return false;
  const std::string_view data = rest->substr(extent->head, extent->data);
  if (extent->is_number) {
    *element = arena->Digits(extent->value ? *extent->value : ReadPackedInteger(data));
  } else {
    *element = data;
  }
  rest->remove_prefix(extent->bytes());
  const std::string length = EncodeBackwardLength(extent->bytes());
  if (!rest->starts_with(length)) return false;
  rest->remove_prefix(length.size());
  return true;
}

}  // namespace

bool ReadListpack(std::string_view bytes, TextArena* arena, std::vector<std::string_view>* elements) {
  uint32_t bytes_stated = 0;
  uint16_t count_stated = 0;
  std::string_view rest = bytes;
  if (!base::ReadFixed(&rest, &bytes_stated) || !base::ReadFixed(&rest, &count_stated)) return false;
  if (bytes_stated != bytes.size()) return false;
  size_t count = 0;
  for (; !rest.empty() && rest[0] != kEnd; ++count) {
    std::string_view element;
    if (!TakeElement(&rest, arena, &element)) return false;
    elements->push_back(element);
  }
  return rest.size() == 1 && std::min(count, kCountMax) == count_stated;
}

void ListpackWriter::Append(std::string_view element) {
  if (const auto number = ReadInteger(element)) return AppendInteger(*number);
  const size_t begin = entries_.size();
  const size_t size = element.size();
  if (size < 64) {
    entries_.push_back(static_cast<char>(0x80 | size));
  } else if (size < 4096) {
    entries_.push_back(static_cast<char>(0xe0 | size >> 8));
    entries_.push_back(static_cast<char>(size));
  } else {
    entries_.push_back(static_cast<char>(kString32));
    base::AppendFixed(&entries_, static_cast<uint32_t>(size));
  }
  entries_.append(element);
  AppendLengthFrom(begin);
}

void ListpackWriter::AppendInteger(int64_t number) {
  const size_t begin = entries_.size();
  const auto append = [&](unsigned char head, size_t bytes) {
    entries_.push_back(static_cast<char>(head));
    AppendPackedInteger(&entries_, number, bytes);
  };
  if (number >= 0 && number < 128) {
    entries_.push_back(static_cast<char>(number));
  } else if (FitsInBits(number, 13)) {
    entries_.push_back(static_cast<char>(0xc0 | (number >> 8 & 0x1f)));
    entries_.push_back(static_cast<char>(number));
  } else if (FitsInBits(number, 16)) {
    append(kInteger16, 2);
  } else if (FitsInBits(number, 24)) {
    append(kInteger24, 3);
  } else if (FitsInBits(number, 32)) {
    append(kInteger32, 4);
  } else {
    append(kInteger64, 8);
  }
  AppendLengthFrom(begin);
}

void ListpackWriter::AppendAllOf(const ListpackWriter& other) {
  entries_ += other.entries_;
  count_ += other.count_;
}

void ListpackWriter::AppendLengthFrom(size_t begin) {
  entries_ += EncodeBackwardLength(entries_.size() - begin);
  ++count_;
}

size_t ListpackWriter::bytes() const { return kHeadBytes + entries_.size() + 1; }

std::string ListpackWriter::Encode() const {
  std::string encoded;
  encoded.reserve(bytes());
  base::AppendFixed(&encoded, static_cast<uint32_t>(bytes()));
  base::AppendFixed(&encoded, static_cast<uint16_t>(std::min(count_, kCountMax)));
  encoded += entries_;
  encoded.push_back(kEnd);
  return encoded;
}

}  // namespace amethyst::server::rdb
