#include "server/keyspace/layout.h"

#include <array>
#include <bit>

#include "base/hash.h"

namespace amethyst::server {

namespace {

constexpr uint8_t kHasExpiry = 1;
constexpr uint8_t kExploded = 2;
constexpr uint8_t kKnownFlags = kHasExpiry | kExploded;
constexpr uint64_t kHashMax = (uint64_t{1} << 48) - 1;
constexpr uint64_t kSign = uint64_t{1} << 63;

// [n]: of a byte that n bytes follow.
constexpr std::array<std::array<uint16_t, 256>, 4> kCrcTables = [] {
  std::array<std::array<uint16_t, 256>, 4> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte << 8;
    for (std::array<uint16_t, 256>& table : tables) {
      for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
      table[byte] = static_cast<uint16_t>(crc);
    }
  }
  return tables;
}();

// Of XMODEM's kind, four bytes at a time.
uint32_t Crc16(std::string_view bytes) {
  uint32_t crc = 0;
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(bytes[at]); };
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    crc = kCrcTables[3][byte(0) ^ (crc >> 8)] ^ kCrcTables[2][byte(1) ^ (crc & 0xff)] ^ kCrcTables[1][byte(2)] ^
          kCrcTables[0][byte(3)];
  }
  for (size_t at = 0; at < bytes.size(); ++at) crc = ((crc << 8) & 0xffff) ^ kCrcTables[0][byte(at) ^ (crc >> 8)];
  return crc;
}

void AppendPlace(std::string* to, std::string_view user_key) {
  AppendBigEndian(to, SlotOf(user_key), 2);
  AppendBigEndian(to, Hash48(user_key), 6);
}

}  // namespace

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kString: return "string";
    case Type::kList: return "list";
    case Type::kSet: return "set";
    case Type::kSortedSet: return "zset";
    case Type::kHash: return "hash";
    case Type::kStream: return "stream";
  }
  return "unknown";
}

std::string EncodeRecord(const Record& record) {
  const bool has_expiry = record.expires_ms != kNoExpiry;
  std::string bytes;
  bytes.reserve(1 + (has_expiry ? 6 : 0) + record.body.size());
  bytes.push_back(static_cast<char>((static_cast<uint8_t>(record.type) << 4) | (has_expiry ? kHasExpiry : 0) |
                                    (record.is_exploded ? kExploded : 0)));
  if (has_expiry) AppendBigEndian(&bytes, record.expires_ms, 6);
  bytes.append(record.body);
  return bytes;
}

std::optional<Record> DecodeRecord(std::string_view bytes) {
  if (bytes.empty()) return {};
  const auto tag = static_cast<uint8_t>(bytes[0]);
  const auto type = static_cast<uint8_t>(tag >> 4);
  if (type > static_cast<uint8_t>(Type::kStream) || (tag & 0xf & ~kKnownFlags) != 0) return {};
  Record record{.type = static_cast<Type>(type), .is_exploded = (tag & kExploded) != 0, .body = bytes.substr(1)};
  if ((tag & kHasExpiry) != 0) {
    if (record.body.size() < 6) return {};
    record.expires_ms = ReadBigEndian(record.body, 0, 6);
    record.body.remove_prefix(6);
  }
  if (record.is_exploded && record.body.size() < 9) return {};
  return record;
}

size_t HeadBytes(std::string_view record) {
  const auto tag = static_cast<uint8_t>(record[0]);
  return (tag & kExploded) != 0 ? record.size() : 1 + ((tag & kHasExpiry) != 0 ? 6 : 0);
}

uint16_t SlotOf(std::string_view user_key) {
  if (const size_t open = user_key.find('{'); open != std::string_view::npos) {
    const size_t close = user_key.find('}', open + 1);
    if (close != std::string_view::npos && close != open + 1) user_key = user_key.substr(open + 1, close - open - 1);
  }
  return static_cast<uint16_t>(Crc16(user_key) & 16383);
}

uint64_t Hash48(std::string_view bytes) { return base::Hash64(bytes) >> 16; }

uint64_t PlaceOf(std::string_view user_key) { return (uint64_t{SlotOf(user_key)} << 48) | Hash48(user_key); }

std::string KeysKey(uint16_t db, std::string_view user_key) {
  std::string key;
  key.reserve(kKeyPrefixBytes + user_key.size());
  AppendBigEndian(&key, db, 2);
  AppendPlace(&key, user_key);
  key.append(user_key);
  return key;
}

std::string KeysPlace(uint16_t db, uint64_t place) {
  std::string key;
  AppendBigEndian(&key, db, 2);
  AppendBigEndian(&key, place, 8);
  return key;
}

std::string KeysEnd(uint16_t db) {
  std::string key;
  AppendBigEndian(&key, uint64_t{db} + 1, 2);
  return key;
}

std::string_view UserKeyOf(std::string_view keys_key) { return keys_key.substr(kKeyPrefixBytes); }
uint64_t PlaceOfKeysKey(std::string_view keys_key) { return ReadBigEndian(keys_key, 2, 8); }
uint16_t DatabaseOfKeysKey(std::string_view keys_key) { return static_cast<uint16_t>(ReadBigEndian(keys_key, 0, 2)); }

std::string TtlKey(TimeMs expires_ms, std::string_view keys_key) {
  std::string key;
  key.reserve(6 + keys_key.size());
  AppendBigEndian(&key, expires_ms, 6);
  key.append(keys_key);
  return key;
}

std::string TtlEnd(TimeMs expires_ms) {
  std::string key;
  AppendBigEndian(&key, expires_ms + 1, 6);
  return key;
}

TimeMs ExpiryOfTtlKey(std::string_view ttl_key) { return ReadBigEndian(ttl_key, 0, 6); }
std::string_view KeysKeyOfTtlKey(std::string_view ttl_key) { return ttl_key.substr(6); }

std::string IdPrefix(uint64_t id) {
  std::string key;
  AppendBigEndian(&key, id, 8);
  return key;
}

std::string MemberKey(uint64_t id, std::string_view member) {
  std::string key;
  key.reserve(kMemberPrefixBytes + member.size());
  AppendBigEndian(&key, id, 8);
  AppendBigEndian(&key, Hash48(member), 6);
  key.append(member);
  return key;
}

std::string MemberPlace(uint64_t id, uint64_t hash) {
  if (hash > kHashMax) return IdPrefix(id + 1);
  std::string key;
  AppendBigEndian(&key, id, 8);
  AppendBigEndian(&key, hash, 6);
  return key;
}

std::string_view MemberOf(std::string_view member_key) { return member_key.substr(kMemberPrefixBytes); }
uint64_t HashOfMemberKey(std::string_view member_key) { return ReadBigEndian(member_key, 8, 6); }

std::string PositionKey(uint64_t id, uint64_t position) {
  std::string key;
  AppendBigEndian(&key, id, 8);
  AppendBigEndian(&key, position, 8);
  return key;
}

uint64_t PositionOf(std::string_view position_key) { return ReadBigEndian(position_key, 8, 8); }

std::string ScoreKey(uint64_t id, double score, std::string_view member) {
  std::string key;
  key.reserve(kScorePrefixBytes + member.size());
  AppendBigEndian(&key, id, 8);
  AppendBigEndian(&key, SortableDouble(score), 8);
  key.append(member);
  return key;
}

double ScoreOf(std::string_view score_key) { return DoubleOfSortable(ReadBigEndian(score_key, 8, 8)); }
std::string_view MemberOfScoreKey(std::string_view score_key) { return score_key.substr(kScorePrefixBytes); }

std::string LibraryKey(std::string_view library) { return "f" + std::string(library); }
std::string LibraryKeysEnd() { return "g"; }
std::string_view LibraryOfKey(std::string_view library_key) { return library_key.substr(1); }

uint64_t SortableDouble(double value) {
  const auto bits = std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

double DoubleOfSortable(uint64_t sortable) {
  return std::bit_cast<double>((sortable & kSign) != 0 ? sortable & ~kSign : ~sortable);
}

}  // namespace amethyst::server
