#include "server/rdb/restore.h"

#include <algorithm>
#include <span>
#include <string>

#include "base/assert.h"
#include "server/keyspace/stored_key.h"
#include "server/types/hash.h"
#include "server/types/list.h"
#include "server/types/set.h"
#include "server/types/sorted_set.h"
#include "server/types/stream.h"
#include "server/types/stream_group.h"

namespace amethyst::server::rdb {

namespace {

void RestoreGroup(Stream& stream, const StreamGroupValue& value, bool says_entries_read) {
  StreamGroup group(stream, value.name);
  group.Create(value.last_delivered,
               says_entries_read ? value.entries_read : EntriesAddedUpTo(stream.state(), value.last_delivered));
  for (const StreamConsumer& consumer : value.consumers) group.AddConsumer(consumer.name, consumer.seen_ms);
  for (const StreamPending& pending : value.pending) {
    group.PutPending(pending.id, {.consumer = std::string(value.consumers[*pending.consumer].name),
                                  .delivered_ms = pending.delivered_ms,
                                  .deliveries = pending.deliveries});
  }
  group.Finish();
}

bool HasLongNames(const StreamValue& value) {
  for (const StreamGroupValue& group : value.groups) {
    size_t longest = 0;
    for (const StreamConsumer& consumer : group.consumers) longest = std::max(longest, consumer.name.size());
    if (group.name.size() + longest > kNameBytesMax) return true;
  }
  return false;
}

void RestoreStream(Stream& stream, const Value& value, const Config::Values& limits) {
  const StreamValue& from = value.stream;
  if (HasLongNames(from)) {
    return stream.access().Fail(
        Error(ErrorCode::kInvalidArgument, "group and consumer are longer than 65,472 bytes together"));
  }
  stream.Create();
  const std::span<const std::string_view> strings(value.strings);
  for (const StreamEntry& entry : from.entries) {
    stream.Append(entry.id, strings.subspan(entry.first, entry.count), limits.stream_node_max_entries);
  }
  stream.SetLast(from.last, from.entries_added, from.max_deleted);
  for (const StreamGroupValue& group : from.groups) RestoreGroup(stream, group, from.entries_added.has_value());
  stream.Finish();
}

}  // namespace

void RestoreSlice(Access& access, std::string_view user_key, const Value& value, Slice slice, const Config& config) {
  const Config::Values& limits = config.values();
  const size_t end = slice.first + slice.count;
  switch (value.type) {
    case Type::kList: {
      StoredKey key(access, user_key);
      List list(key, config);
      for (size_t i = slice.first; i < end; ++i) list.Push(ListEnd::kTail, value.strings[i]);
      list.Save();
      return access.SignalReady(user_key);
    }
    case Type::kSet: {
      Set set(access, user_key, limits);
      for (size_t i = slice.first; i < end; ++i) set.Add(value.strings[i]);
      return set.Finish();
    }
    case Type::kSortedSet: {
      StoredKey key(access, user_key);
      SortedSet set(key, limits.sorted_set);
      for (size_t i = slice.first; i < end; ++i) set.Put(value.strings[i], value.scores[i], std::nullopt);
      set.Save();
      return access.SignalReady(user_key);
    }
    case Type::kHash: {
      Hash hash(access, user_key, limits);
      for (size_t i = slice.first; i < end; i += 2) hash.Set(value.strings[i], value.strings[i + 1]);
      return hash.Finish();
    }
    case Type::kString:
    case Type::kStream: AMETHYST_ASSERT(false);
  }
}

void RestoreValue(Access& access, std::string_view user_key, const Value& value, const Config& config) {
  if (value.type == Type::kString) {
    return StoredKey(access, user_key).Put({.type = Type::kString, .body = value.strings[0]});
  }
  if (value.type == Type::kStream) {
    Stream stream(access, user_key);
    return RestoreStream(stream, value, config.values());
  }
  RestoreSlice(access, user_key, value, {.first = 0, .count = value.strings.size()}, config);
}

}  // namespace amethyst::server::rdb
