// A value that was read from RDB's bytes, whole and checked, before anything is written. Its views point into those
// bytes or into its own arena. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/keyspace/layout.h"
#include "server/keyspace/stream_layout.h"
#include "server/rdb/text_arena.h"

namespace amethyst::server::rdb {

// `count` of the value's strings from `first` on, fields and values by turns.
struct StreamEntry {
  StreamId id;
  size_t first = 0;
  size_t count = 0;
};
struct StreamConsumer {
  std::string_view name;
  TimeMs seen_ms = 0;
};
struct StreamPending {
  StreamId id;
  TimeMs delivered_ms = 0;
  uint64_t deliveries = 0;
  std::optional<size_t> consumer;  // Its place among the consumers; each has one once it is read.
};
struct StreamGroupValue {
  std::string_view name;
  StreamId last_delivered;
  std::optional<uint64_t> entries_read;
  std::vector<StreamConsumer> consumers;
  std::vector<StreamPending> pending;  // In the order of their ids.
};
struct StreamValue {
  std::vector<StreamEntry> entries;  // In the order of their ids.
  size_t bytes = 0;                  // Of their strings.
  StreamId last;
  StreamId max_deleted;
  std::optional<uint64_t> entries_added;  // Streams of Redis before version 7 do not say, nor what groups have read.
  std::vector<StreamGroupValue> groups;
};

struct Value {
  Type type = Type::kString;
  // One; elements; members, none twice; or fields, none twice, and values by turns. Of a stream: of all entries.
  std::vector<std::string_view> strings;
  std::vector<double> scores;  // Of a sorted set's members; no NaN.
  StreamValue stream;
  TextArena arena;
};

}  // namespace amethyst::server::rdb
