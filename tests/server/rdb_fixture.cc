#include "server/rdb_fixture.h"

#include <charconv>

namespace amethyst::server::rdb {

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

const std::vector<GoldenDump>& GoldenDumps() {
  static const auto* const dumps = new std::vector<GoldenDump>{
      {"Text", "000568656c6c6f0a006372df766534200a", {"set k hello"}},
      {"Integer8", "00c0fb0a0049c4c6f4d7263f68", {"set k -5"}},
      {"Integer16", "00c12c010a00954261f265825c10", {"set k 300"}},
      {"Integer32", "00c2701101000a0001a408fe953095a5", {"set k 70000"}},
      {"LongInteger", "000b31323334353637383930310a00304e52d727176510", {"set k 12345678901"}},
      {"Compressed", "00c3094040016161e033000161610a00c3659612ce1cc46c", {"set k " + std::string(64, 'a')}, false},
      {"HashListpack",
       "101d1d00000006008161020101826262038378797a04816302f290eefe04ff0a0093aac5a77d433f5b",
       {"hset k a 1 bb xyz c -70000"}},
      {"Hash", "04010161c0010a0040911a90cb078b45", {"hset k a 1"}, true, {{"hash-max-listpack-entries", "0"}}},
      {"SortedSetListpack",
       "111c1c0000000600816102010181620283322e350481630283696e6604ff0a006b1ddedce8e2c399",
       {"zadd k 1 a 2.5 b inf c"}},
      {"SortedSet",
       "0502016200000000000004400161000000000000f03f0a00f46eb73919767291",
       {"zadd k 1 a 2.5 b"},
       true,
       {{"zset-max-listpack-entries", "0"}}},
      {"List",
       "120102181800000005008161020501dfff02f10010038362636404ff0a006c06e6d222ee7eef",
       {"rpush k a 5 -1 4096 bcd"}},
      {"Intset", "0b14040000000300000090eefeff01000000020000000a005d9df7da2f43d06b", {"sadd k 1 2 -70000"}},
      {"Set", "020101780a00ffe880ba760c2f09", {"sadd k x"}},
      {"StreamWithDeletedEntry",
       "130110000000000000000100000000000000014043430000001900020101010201816602816702000102010001000181760207010501030"
       "1"
       "010100018177020801050100010201dfff020101856f746865720601010601ff0203000101020103000a0048ec3da94f0a5bdc",
       {"xadd k 1-1 f v g 7", "xadd k 2-1 f w g 8", "xadd k 3-0 other 1", "xdel k 2-1"},
       false},
      {"StreamWithGroups",
       "1301100000000000000005000000000000000128280000000f0002010001010181660200010201000100018176020401020100010101817"
       "7"
       "020401ff0205020501000002020167000081ffffffffffffffff0000046c617465050281ffffffffffffffff00000a00e6ae49a66da8367"
       "8",
       {"xadd k 5-1 f v", "xadd k 5-2 f w", "xgroup create k g 0", "xgroup create k late 5-2"}},
  };
  return *dumps;
}

}  // namespace amethyst::server::rdb
