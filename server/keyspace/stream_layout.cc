#include "server/keyspace/stream_layout.h"

#include <fmt/format.h>

namespace amethyst::server {

namespace {

constexpr char kEntry = 'e';
constexpr char kGroup = 'g';
constexpr char kConsumer = 'c';
constexpr char kPending = 'p';
constexpr char kConsumerPending = 'q';

// A name that is too long for two bytes of length is too long for the engine as well, which refuses the key.
void AppendName(std::string* to, std::string_view name) {
  AppendBigEndian(to, name.size(), 2);
  to->append(name);
}

std::string Prefix(uint64_t collection, char kind) {
  std::string prefix = IdPrefix(collection);
  prefix.push_back(kind);
  return prefix;
}

std::string NamedPrefix(const GroupName& name, char kind) {
  std::string prefix = Prefix(name.collection, kind);
  AppendName(&prefix, name.group);
  return prefix;
}

}  // namespace

std::optional<StreamId> NextStreamId(const StreamId& id) {
  if (id.seq != UINT64_MAX) return StreamId{.ms = id.ms, .seq = id.seq + 1};
  if (id.ms != UINT64_MAX) return StreamId{.ms = id.ms + 1, .seq = 0};
  return {};
}

std::optional<StreamId> PreviousStreamId(const StreamId& id) {
  if (id.seq != 0) return StreamId{.ms = id.ms, .seq = id.seq - 1};
  if (id.ms != 0) return StreamId{.ms = id.ms - 1, .seq = UINT64_MAX};
  return {};
}

std::string FormatStreamId(const StreamId& id) { return fmt::format("{}-{}", id.ms, id.seq); }

void AppendStreamId(std::string* to, const StreamId& id) {
  AppendBigEndian(to, id.ms, 8);
  AppendBigEndian(to, id.seq, 8);
}

StreamId ReadStreamId(std::string_view from, size_t offset) {
  return {.ms = ReadBigEndian(from, offset, 8), .seq = ReadBigEndian(from, offset + 8, 8)};
}

std::string EntryKey(uint64_t collection, const StreamId& id) {
  std::string key = Prefix(collection, kEntry);
  AppendStreamId(&key, id);
  return key;
}

StreamId StreamIdOfKey(std::string_view key) {
  return key.size() < kStreamIdBytes ? kStreamIdMin : ReadStreamId(key, key.size() - kStreamIdBytes);
}

std::string GroupsPrefix(uint64_t collection) { return Prefix(collection, kGroup); }
std::string GroupKey(const GroupName& name) { return GroupsPrefix(name.collection).append(name.group); }
std::string ConsumersPrefix(const GroupName& name) { return NamedPrefix(name, kConsumer); }
std::string PendingPrefix(const GroupName& name) { return NamedPrefix(name, kPending); }

std::string ConsumerPendingPrefix(const GroupName& name, std::string_view consumer) {
  std::string prefix = NamedPrefix(name, kConsumerPending);
  AppendName(&prefix, consumer);
  return prefix;
}

std::string EndOfPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace amethyst::server
