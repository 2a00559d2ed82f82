// The bytes of the keyspace in the engine: keys and values of the five families.
//
//   keys   [db u16][slot u16][hash u48][user key]         -> [tag u8][expiry u48, if tag.E][body]
//   data   [id u64][hash u48][field or member]            -> a hash's value; a set's nothing; a sorted set's score
//          [id u64][position u64]                         -> a list's element
//          [id u64]'e'[ms u64][seq u64]                   -> a stream's entry
//          [id u64]'g'[group]                             -> a consumer group: last delivered id, entries read, counts
//          [id u64]'c'[length u16][group][consumer]       -> a consumer: when it was seen, how many are pending
//          [id u64]'p'[length u16][group][ms u64][seq u64] -> a pending entry: its consumer, when, how often
//          [id u64]'q'[length u16][group][length u16][consumer][ms u64][seq u64] -> nothing
//   order  [id u64][score u64][member]                    -> nothing
//   ttl    [expiry u48][db u16][slot u16][hash u48][user key] -> nothing
//   sys    'd'[database u8] -> the db u16 that it is; 'i' -> the next id; 'x'[id u64] -> its key in `keys`;
//          'f'[library] -> the code of a library of functions
//
// Integers are big-endian, so that bytewise order is the order of the numbers. Hash order makes the cursor of SCAN a
// position that needs no memory in the server: it is slot and hash of the last key. The tag is the type in the upper
// four bits and the flags below. An id belongs to one collection for ever. The
// keys of streams are in stream_layout.h.
// Thread safety: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace amethyst::server {

enum class Type : uint8_t { kString = 0, kList = 1, kSet = 2, kSortedSet = 3, kHash = 4, kStream = 5 };
[[nodiscard]] std::string_view TypeName(Type type);

// Milliseconds since 1970.
using TimeMs = uint64_t;
inline constexpr TimeMs kNoExpiry = UINT64_MAX;
inline constexpr TimeMs kExpiryMax = (TimeMs{1} << 48) - 1;  // In the year 10889.

// The longest user key, field and member: they are parts of the engine's keys.
inline constexpr size_t kNameBytesMax = (64 << 10) - 64;

// One key's value in `keys`.
struct Record {
  Type type = Type::kString;
  // The elements are entries of their own in `data`, under the id in the body. Else they are in the body.
  bool is_exploded = false;
  TimeMs expires_ms = kNoExpiry;
  std::string_view body;
};
[[nodiscard]] std::string EncodeRecord(const Record& record);
// nullopt: these bytes are no record. The body points into them.
[[nodiscard]] std::optional<Record> DecodeRecord(std::string_view bytes);
// Of a record: how many of its bytes say all but the value that it holds.
[[nodiscard]] size_t HeadBytes(std::string_view record);

// CRC16 (XMODEM) of the key, or of the part between its first braces, as in Redis Cluster: 0 to 16383.
[[nodiscard]] uint16_t SlotOf(std::string_view user_key);
// The upper 48 bits of XXH3.
[[nodiscard]] uint64_t Hash48(std::string_view bytes);

// Slot and hash in one number of 62 bits, in the order of `keys`.
[[nodiscard]] uint64_t PlaceOf(std::string_view user_key);

inline constexpr size_t kKeyPrefixBytes = 10;
[[nodiscard]] std::string KeysKey(uint16_t db, std::string_view user_key);
// Where keys of that database and place begin.
[[nodiscard]] std::string KeysPlace(uint16_t db, uint64_t place);
// The first key behind that database. There are fewer than 65,535.
[[nodiscard]] std::string KeysEnd(uint16_t db);
[[nodiscard]] std::string_view UserKeyOf(std::string_view keys_key);
[[nodiscard]] uint64_t PlaceOfKeysKey(std::string_view keys_key);
[[nodiscard]] uint16_t DatabaseOfKeysKey(std::string_view keys_key);

[[nodiscard]] std::string TtlKey(TimeMs expires_ms, std::string_view keys_key);
[[nodiscard]] std::string TtlEnd(TimeMs expires_ms);  // Behind all that expire by then.
[[nodiscard]] TimeMs ExpiryOfTtlKey(std::string_view ttl_key);
[[nodiscard]] std::string_view KeysKeyOfTtlKey(std::string_view ttl_key);

// Keys of `data` and `order`.
[[nodiscard]] std::string IdPrefix(uint64_t id);  // And of id + 1: the end of what is the id's.
inline constexpr size_t kMemberPrefixBytes = 14;
[[nodiscard]] std::string MemberKey(uint64_t id, std::string_view member);
// Where members of that hash begin; behind all of the id's for a number that no hash reaches.
[[nodiscard]] std::string MemberPlace(uint64_t id, uint64_t hash);
[[nodiscard]] std::string_view MemberOf(std::string_view member_key);
[[nodiscard]] uint64_t HashOfMemberKey(std::string_view member_key);
[[nodiscard]] std::string PositionKey(uint64_t id, uint64_t position);
[[nodiscard]] uint64_t PositionOf(std::string_view position_key);
inline constexpr size_t kScorePrefixBytes = 16;
[[nodiscard]] std::string ScoreKey(uint64_t id, double score, std::string_view member);
[[nodiscard]] double ScoreOf(std::string_view score_key);
[[nodiscard]] std::string_view MemberOfScoreKey(std::string_view score_key);

// Keys of `sys` for libraries of functions.
[[nodiscard]] std::string LibraryKey(std::string_view library);
[[nodiscard]] std::string LibraryKeysEnd();
[[nodiscard]] std::string_view LibraryOfKey(std::string_view library_key);

// Doubles as integers in the same order; -0 is 0. Not of NaN.
[[nodiscard]] uint64_t SortableDouble(double value);
[[nodiscard]] double DoubleOfSortable(uint64_t sortable);

// The lowest `bytes` of a number, 1 to 8. Inline, since every key is made of them.
inline void AppendBigEndian(std::string* to, uint64_t value, int bytes) {
  const uint64_t swapped = std::byteswap(value << (64 - 8 * bytes));
  to->append(reinterpret_cast<const char*>(&swapped), static_cast<size_t>(bytes));
}
[[nodiscard]] inline uint64_t ReadBigEndian(std::string_view from, size_t offset, int bytes) {
  uint64_t swapped = 0;
  std::memcpy(&swapped, from.data() + offset, static_cast<size_t>(bytes));
  return std::byteswap(swapped) >> (64 - 8 * bytes);
}

}  // namespace amethyst::server
