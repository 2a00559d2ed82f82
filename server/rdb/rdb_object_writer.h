// Writes the parts of RDB's objects as Redis 7.0 does, without compression: long strings stay as they are.
// rdb_format.h has the encodings. Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/keyspace/stream_layout.h"
#include "server/rdb/listpack.h"
#include "server/rdb/rdb_format.h"

namespace amethyst::server::rdb {

void AppendType(std::string* to, ObjectType type);
void AppendLength(std::string* to, uint64_t length);
// A short number as a number.
void AppendString(std::string* to, std::string_view string);
void AppendDouble(std::string* to, double value);
void AppendStreamIdLengths(std::string* to, const StreamId& id);
// The string of a set that has integers alone.
[[nodiscard]] std::string EncodeIntset(std::vector<int64_t> integers);

// A list, in listpacks of 8 KiB or of one larger element.
class ListWriter {
 public:
  void Append(std::string_view element);
  // The nodes with their number.
  void AppendTo(std::string* to);

 private:
  void EndNode();

  uint64_t count_ = 0;
  std::string nodes_;
  ListpackWriter node_;
};

// The entries of a stream. Entries of one node share a listpack, until it has 4 KiB.
class StreamEntriesWriter {
 public:
  // Fields and values by turns. The views are not kept.
  void Append(const StreamId& id, uint64_t node, const std::vector<std::string_view>& strings);
  // The nodes with their number.
  void AppendTo(std::string* to);

 private:
  void EndNode();

  uint64_t count_ = 0;
  std::string nodes_;
  uint64_t node_ = 0;  // As the stream numbers it.
  StreamId first_;
  std::vector<std::string> fields_;
  uint64_t entries_count_ = 0;
  ListpackWriter entries_;
};

}  // namespace amethyst::server::rdb
