// A listpack, the packed list of Redis 7: strings and numbers one behind the other.
//
//   [bytes u32][elements u16] entry* [0xff]
//   entry  [head and data][length of these, readable from its end]
//
//   head      0xxxxxxx  a number from 0 to 127        10xxxxxx  a string of up to 63 bytes
//             110xxxxx  a signed number of 13 bits    1110xxxx  a string of up to 4,095 bytes
//             0xf0      a string, its length is a u32
//             0xf1 to 0xf4  a signed number of 2, 3, 4, 8 bytes
//
// Integers are little-endian, except those that begin in a head. 65,535 elements means that many or more. The bytes
// that are read may be anybody's. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/rdb/text_arena.h"

namespace amethyst::server::rdb {

// Adds the elements, numbers as their digits. False: these bytes are none.
[[nodiscard]] bool ReadListpack(std::string_view bytes, TextArena* arena, std::vector<std::string_view>* elements);

class ListpackWriter {
 public:
  // A string that is a number as ReadInteger has it becomes one.
  void Append(std::string_view element);
  void AppendInteger(int64_t number);
  void AppendAllOf(const ListpackWriter& other);

  [[nodiscard]] size_t count() const { return count_; }
  // Of the whole listpack.
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] std::string Encode() const;

 private:
  void AppendLengthFrom(size_t begin);

  size_t count_ = 0;
  std::string entries_;
};

}  // namespace amethyst::server::rdb
