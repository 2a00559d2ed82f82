// The keys of a stream's entries in `data`, and the ids that order them. layout.h lists them.
//
// Consumer groups are stored beside the entries, under the same collection id, so one range delete removes a stream
// with all that belongs to it. Thread safety: pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/keyspace/layout.h"

namespace amethyst::server {

// The id of an entry, which Redis writes as "ms-seq".
struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};
inline constexpr StreamId kStreamIdMin{};
inline constexpr StreamId kStreamIdMax{.ms = UINT64_MAX, .seq = UINT64_MAX};

// The neighbours; nullopt beyond both ends.
[[nodiscard]] std::optional<StreamId> NextStreamId(const StreamId& id);
[[nodiscard]] std::optional<StreamId> PreviousStreamId(const StreamId& id);
[[nodiscard]] std::string FormatStreamId(const StreamId& id);

inline constexpr size_t kStreamIdBytes = 16;
void AppendStreamId(std::string* to, const StreamId& id);
[[nodiscard]] StreamId ReadStreamId(std::string_view from, size_t offset);

[[nodiscard]] std::string EntryKey(uint64_t collection, const StreamId& id);
// Of a key that ends with an id: an entry's, or a pending entry's.
[[nodiscard]] StreamId StreamIdOfKey(std::string_view key);

// What a group, or one consumer of it, is stored under.
struct GroupName {
  uint64_t collection = 0;
  std::string_view group;
};
[[nodiscard]] std::string GroupKey(const GroupName& name);
[[nodiscard]] std::string GroupsPrefix(uint64_t collection);
[[nodiscard]] std::string ConsumersPrefix(const GroupName& name);
[[nodiscard]] std::string PendingPrefix(const GroupName& name);
[[nodiscard]] std::string ConsumerPendingPrefix(const GroupName& name, std::string_view consumer);
// The first key behind all that begin with `prefix`, which has a byte that is not 0xff.
[[nodiscard]] std::string EndOfPrefix(std::string prefix);

}  // namespace amethyst::server
