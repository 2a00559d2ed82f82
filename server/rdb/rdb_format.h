// Numbers of Redis's RDB format that reader and writer share: types of objects and encodings of lengths.
//
//   object   [type u8] and what belongs to it
//   length   00xxxxxx  6 bits                01xxxxxx [u8]  14 bits, big-endian
//            0x80 [u32 big-endian]           0x81 [u64 big-endian]
//            11xxxxxx  no length: a string in the encoding of the lower bits
//   string   [length][bytes], or 0xc0 [i8], 0xc1 [i16], 0xc2 [i32] little-endian, or 0xc3 [length][length][LZF]
//
// Thread safety: constants.
#pragma once

#include <cstdint>

namespace amethyst::server::rdb {

// That of Redis 7.0.
inline constexpr uint16_t kVersion = 10;

enum class ObjectType : uint8_t {
  kString = 0,
  kList = 1,
  kSet = 2,
  kSortedSetText = 3,  // Scores as text.
  kHash = 4,
  kSortedSet = 5,
  kHashZipmap = 9,
  kListZiplist = 10,
  kSetIntset = 11,
  kSortedSetZiplist = 12,
  kHashZiplist = 13,
  kListOfZiplists = 14,
  kStream1 = 15,
  kHashListpack = 16,
  kSortedSetListpack = 17,
  kListOfListpacks = 18,
  kStream2 = 19,
};

// What stands between the values of a file, where an object's type may stand.
enum class Opcode : uint8_t {
  kFunction = 0xf5,
  kModuleData = 0xf7,
  kIdle = 0xf8,       // [length]: seconds.
  kFrequency = 0xf9,  // [u8]
  kField = 0xfa,      // [name string][value string]: about the file.
  kSizes = 0xfb,      // [keys length][keys that expire length]: hints.
  kExpiryMs = 0xfc,   // [u64]: of the next key.
  kExpiryS = 0xfd,    // [u32]: of the next key.
  kDatabase = 0xfe,   // [length]: of what follows.
  kEnd = 0xff,        // From version 5 on a checksum follows, which is 0 where there is none.
};

enum class StringEncoding : uint8_t { kInteger8 = 0, kInteger16 = 1, kInteger32 = 2, kLzf = 3 };

// How a node of a list is kept.
inline constexpr uint64_t kNodePlain = 1;
inline constexpr uint64_t kNodePacked = 2;

// Flags of an entry in a stream's listpack.
inline constexpr int64_t kEntryDeleted = 1;
inline constexpr int64_t kEntrySameFields = 2;

}  // namespace amethyst::server::rdb
