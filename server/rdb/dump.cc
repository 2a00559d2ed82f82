#include "server/rdb/dump.h"

#include <string_view>
#include <vector>

#include "base/coding.h"
#include "server/commands/numbers.h"
#include "server/rdb/rdb_object_writer.h"
#include "server/resp/reply.h"
#include "server/types/hash.h"
#include "server/types/list.h"
#include "server/types/set.h"
#include "server/types/sorted_set.h"
#include "server/types/stream.h"
#include "server/types/stream_group.h"

namespace amethyst::server::rdb {

namespace {

std::string DumpHash(const Hash& hash) {
  std::string object;
  if (hash.is_exploded()) {
    AppendType(&object, ObjectType::kHash);
    AppendLength(&object, hash.count());
    for (MemberWalk walk(hash); walk.Valid(); walk.Next()) {
      AppendString(&object, walk.member().name);
      AppendString(&object, walk.member().value);
    }
    return object;
  }
  ListpackWriter packed;
  for (MemberWalk walk(hash); walk.Valid(); walk.Next()) {
    packed.Append(walk.member().name);
    packed.Append(walk.member().value);
  }
  AppendType(&object, ObjectType::kHashListpack);
  AppendString(&object, packed.Encode());
  return object;
}

std::string DumpSet(const Set& set) {
  std::string object;
  if (!set.is_exploded() && HasOnlyIntegers(set.inline_members())) {
    std::vector<int64_t> integers;
    for (MemberWalk walk(set); walk.Valid(); walk.Next()) {
      integers.push_back(ReadInteger(walk.member().name).value_or(0));
    }
    AppendType(&object, ObjectType::kSetIntset);
    AppendString(&object, EncodeIntset(std::move(integers)));
    return object;
  }
  AppendType(&object, ObjectType::kSet);
  AppendLength(&object, set.count());
  for (MemberWalk walk(set); walk.Valid(); walk.Next()) AppendString(&object, walk.member().name);
  return object;
}

std::string DumpList(const List& list) {
  ListWriter writer;
  for (List::Walk walk(list, 0, list.size()); walk.Valid(); walk.Next()) writer.Append(walk.element());
  std::string object;
  AppendType(&object, ObjectType::kListOfListpacks);
  writer.AppendTo(&object);
  return object;
}

// Redis writes the highest score first where the set is no listpack, so that reading adds at the front.
std::string DumpSortedSet(const SortedSet& set) {
  std::string object;
  if (set.is_exploded()) {
    AppendType(&object, ObjectType::kSortedSet);
    AppendLength(&object, set.size());
    for (SortedSet::Walk walk(set, SortedSet::Range{}, true); walk.Valid(); walk.Next()) {
      AppendString(&object, walk.member());
      AppendDouble(&object, walk.score());
    }
    return object;
  }
  ListpackWriter packed;
  for (SortedSet::Walk walk(set, SortedSet::Range{}); walk.Valid(); walk.Next()) {
    packed.Append(walk.member());
    packed.Append(FormatDouble(walk.score()));
  }
  AppendType(&object, ObjectType::kSortedSetListpack);
  AppendString(&object, packed.Encode());
  return object;
}

void AppendGroup(StreamGroup& group, std::string* object) {
  const GroupState& state = group.state();
  AppendString(object, group.name().group);
  AppendStreamIdLengths(object, state.last_delivered);
  AppendLength(object, state.entries_read.value_or(UINT64_MAX));
  AppendLength(object, state.pending);
  for (PendingWalk walk(group, std::nullopt); walk.Valid(); walk.Next()) {
    AppendStreamId(object, walk.id());
    base::AppendFixed(object, walk.pending().delivered_ms);
    AppendLength(object, walk.pending().deliveries);
  }
  AppendLength(object, state.consumers);
  for (ConsumerWalk walk(group); walk.Valid(); walk.Next()) {
    AppendString(object, walk.name());
    base::AppendFixed(object, walk.state().seen_ms);
    AppendLength(object, walk.state().pending);
    for (PendingWalk pending(group, walk.name()); pending.Valid(); pending.Next()) {
      AppendStreamId(object, pending.id());
    }
  }
}

std::string DumpStream(Stream& stream) {
  StreamEntriesWriter writer;
  for (StreamWalk walk(stream, kStreamIdMin, kStreamIdMax); walk.Valid(); walk.Next()) {
    std::vector<std::string_view> strings(walk.fields().strings);
    std::string_view encoded = walk.fields().encoded;
    for (std::string_view& string : strings) {
      if (!base::ReadLengthPrefixed(&encoded, &string)) break;  // The walk has looked at them.
    }
    writer.Append(walk.id(), walk.fields().node, strings);
  }
  const StreamState& state = stream.state();
  std::string object;
  AppendType(&object, ObjectType::kStream2);
  writer.AppendTo(&object);
  AppendLength(&object, state.count);
  for (const StreamId& id : {state.last, state.first, state.max_deleted}) AppendStreamIdLengths(&object, id);
  AppendLength(&object, state.entries_added);
  AppendLength(&object, state.groups);
  for (GroupWalk walk(stream); walk.Valid(); walk.Next()) {
    StreamGroup group(stream, walk.name());
    AppendGroup(group, &object);
  }
  return object;
}

}  // namespace

std::string DumpObject(StoredKey& key, const Config& config) {
  const Config::Values& limits = config.values();
  switch (key.type()) {
    case Type::kString: {
      std::string object;
      AppendType(&object, ObjectType::kString);
      AppendString(&object, key.body());
      return object;
    }
    case Type::kList: return DumpList(List(key, config));
    case Type::kSet: return DumpSet(Set(key.access(), key.name(), limits));
    case Type::kSortedSet: return DumpSortedSet(SortedSet(key, limits.sorted_set));
    case Type::kHash: return DumpHash(Hash(key.access(), key.name(), limits));
    case Type::kStream: {
      Stream stream(key.access(), key.name());
      return DumpStream(stream);
    }
  }
  return {};
}

}  // namespace amethyst::server::rdb
