// The packed lists of Redis before version 7, which it still reads: ziplist, zipmap, intset.
//
//   ziplist  [bytes u32][offset of the last entry u32][entries u16] entry* [0xff]
//   entry    [bytes of the entry before: u8, or 0xfe and u32][encoding][data]
//   zipmap   [pairs u8] ([length][field][length][spare u8][value][spare bytes])* [0xff]
//   intset   [width u32: 2, 4 or 8][integers u32] integer*
//
// Each function adds the elements, numbers as their digits. False: these bytes are none. They may be anybody's.
// Thread safety: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "server/rdb/text_arena.h"

namespace amethyst::server::rdb {

[[nodiscard]] bool ReadZiplist(std::string_view bytes, TextArena* arena, std::vector<std::string_view>* elements);
// Fields and values by turns.
[[nodiscard]] bool ReadZipmap(std::string_view bytes, std::vector<std::string_view>* elements);
[[nodiscard]] bool ReadIntset(std::string_view bytes, TextArena* arena, std::vector<std::string_view>* elements);

}  // namespace amethyst::server::rdb
