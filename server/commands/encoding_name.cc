#include "server/commands/encoding_name.h"

#include "server/commands/numbers.h"
#include "server/types/set.h"

namespace amethyst::server {

namespace {
constexpr size_t kEmbeddedStringMax = 44;

bool IsIntegerSet(const Record& record) {
  InlineMembers members(false);
  return !record.is_exploded && members.Decode(record.body) && HasOnlyIntegers(members);
}

}  // namespace

std::string_view EncodingName(const Record& record) {
  switch (record.type) {
    case Type::kString:
      if (ReadInteger(record.body)) return "int";
      return record.body.size() <= kEmbeddedStringMax ? "embstr" : "raw";
    case Type::kList: return "quicklist";
    case Type::kSet: return IsIntegerSet(record) ? "intset" : "hashtable";
    case Type::kSortedSet: return record.is_exploded ? "skiplist" : "listpack";
    case Type::kHash: return record.is_exploded ? "hashtable" : "listpack";
    case Type::kStream: return "stream";
  }
  return "unknown";
}

}  // namespace amethyst::server
