#include "server/rdb/rdb_object_reader.h"

#include <algorithm>
#include <cmath>

#include "server/commands/numbers.h"
#include "server/rdb/listpack.h"
#include "server/rdb/rdb_format.h"
#include "server/rdb/rdb_input.h"
#include "server/rdb/rdb_stream_reader.h"
#include "server/rdb/ziplist.h"

namespace amethyst::server::rdb {

namespace {

using Strings = std::vector<std::string_view>;

bool TakeStrings(Input* input, uint64_t strings_each, Strings* strings) {
  uint64_t count = 0;
  if (!input->TakeLength(&count) || !input->MayHold(count, strings_each)) return false;
  for (uint64_t i = 0; i < count * strings_each; ++i) {
    if (!input->TakeString(&strings->emplace_back())) return false;
  }
  return true;
}

// Members, each with its score in the one form or the other.
bool TakeScored(Input* input, bool is_text, Value* value) {
  uint64_t count = 0;
  if (!input->TakeLength(&count)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    std::string_view member;
    double score = 0;
    if (!input->TakeString(&member)) return false;
    if (!(is_text ? input->TakeTextDouble(&score) : input->TakeDouble(&score))) return false;
    value->strings.push_back(member);
    value->scores.push_back(score);
  }
  return true;
}

bool ReadPacked(ObjectType type, std::string_view packed, Value* value) {
  switch (type) {
    case ObjectType::kHashZipmap: return ReadZipmap(packed, &value->strings);
    case ObjectType::kSetIntset: return ReadIntset(packed, &value->arena, &value->strings);
    case ObjectType::kListZiplist:
    case ObjectType::kSortedSetZiplist:
    case ObjectType::kHashZiplist:
    case ObjectType::kListOfZiplists: return ReadZiplist(packed, &value->arena, &value->strings);
    default: return ReadListpack(packed, &value->arena, &value->strings);
  }
}

bool TakePacked(Input* input, ObjectType type, Value* value) {
  std::string_view packed;
  return input->TakeString(&packed) && ReadPacked(type, packed, value);
}

// A list of packed lists, or of single elements. No node is empty.
bool TakeNodes(Input* input, ObjectType type, Value* value) {
  uint64_t nodes = 0;
  if (!input->TakeLength(&nodes)) return false;
  for (uint64_t i = 0; i < nodes; ++i) {
    uint64_t kind = kNodePacked;
    if (type == ObjectType::kListOfListpacks && !input->TakeLength(&kind)) return false;
    const size_t before = value->strings.size();
    if (kind == kNodePlain) {
      if (!input->TakeString(&value->strings.emplace_back())) return false;
    } else if (kind != kNodePacked || !TakePacked(input, type, value) || value->strings.size() == before) {
      return false;
    }
  }
  return true;
}

// Members and scores by turns become members, with their scores beside them.
bool SplitScores(Value* value) {
  if (value->strings.size() % 2 != 0) return false;
  Strings members;
  for (size_t i = 0; i < value->strings.size(); i += 2) {
    const auto score = ReadDouble(value->strings[i + 1]);
    if (!score) return false;
    members.push_back(value->strings[i]);
    value->scores.push_back(*score);
  }
  value->strings = std::move(members);
  return true;
}

// Of every string of that many.
bool HasDuplicates(const Strings& strings, size_t step) {
  Strings names;
  for (size_t i = 0; i < strings.size(); i += step) names.push_back(strings[i]);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

bool KeepsRules(const Value& value) {
  const Strings& strings = value.strings;
  if (value.type == Type::kString || value.type == Type::kStream) return true;
  if (strings.empty()) return false;
  if (value.type == Type::kList) return true;
  if (value.type == Type::kHash) return strings.size() % 2 == 0 && !HasDuplicates(strings, 2);
  return std::ranges::none_of(value.scores, [](double score) { return std::isnan(score); }) &&
         !HasDuplicates(strings, 1);
}

bool TakeObject(Input* input, ObjectType type, Value* value) {
  switch (type) {
    case ObjectType::kString: value->type = Type::kString; return input->TakeString(&value->strings.emplace_back());
    case ObjectType::kList: value->type = Type::kList; return TakeStrings(input, 1, &value->strings);
    case ObjectType::kListZiplist: value->type = Type::kList; return TakePacked(input, type, value);
    case ObjectType::kListOfZiplists:
    case ObjectType::kListOfListpacks: value->type = Type::kList; return TakeNodes(input, type, value);
    case ObjectType::kSet: value->type = Type::kSet; return TakeStrings(input, 1, &value->strings);
    case ObjectType::kSetIntset: value->type = Type::kSet; return TakePacked(input, type, value);
    case ObjectType::kHash: value->type = Type::kHash; return TakeStrings(input, 2, &value->strings);
    case ObjectType::kHashZipmap:
    case ObjectType::kHashZiplist:
    case ObjectType::kHashListpack: value->type = Type::kHash; return TakePacked(input, type, value);
    case ObjectType::kSortedSetText:
    case ObjectType::kSortedSet:
      value->type = Type::kSortedSet;
      return TakeScored(input, type == ObjectType::kSortedSetText, value);
    case ObjectType::kSortedSetZiplist:
    case ObjectType::kSortedSetListpack:
      value->type = Type::kSortedSet;
      return TakePacked(input, type, value) && SplitScores(value);
    case ObjectType::kStream1:
    case ObjectType::kStream2:
      value->type = Type::kStream;
      return TakeStream(input, type == ObjectType::kStream2, value);
  }
  return false;  // Of a module, or unknown.
}

}  // namespace

bool TakeValue(Input* input, ObjectType type, Value* value) {
  return TakeObject(input, type, value) && KeepsRules(*value);
}

std::optional<Value> ReadObject(std::string_view bytes) {
  std::optional<Value> value(std::in_place);
  Input input(bytes, &value->arena);
  uint8_t type = 0;
  if (!input.TakeByte(&type) || !TakeValue(&input, static_cast<ObjectType>(type), &*value) || !input.empty()) return {};
  return value;
}

}  // namespace amethyst::server::rdb
