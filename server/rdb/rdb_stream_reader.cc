#include "server/rdb/rdb_stream_reader.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/commands/numbers.h"
#include "server/rdb/listpack.h"
#include "server/rdb/rdb_format.h"

namespace amethyst::server::rdb {

namespace {

// The elements of one node, one after the other.
class Node {
 public:
  Node(const StreamId& id, std::span<const std::string_view> elements, Value* value)
      : id_(id), rest_(elements), value_(value) {}

  [[nodiscard]] bool Read() {
    uint64_t entries = 0;
    uint64_t deleted = 0;
    uint64_t fields = 0;
    if (!TakeCount(&entries) || !TakeCount(&deleted) || !TakeCount(&fields) || fields > rest_.size()) return false;
    fields_ = rest_.first(fields);
    rest_ = rest_.subspan(fields);
    const auto end_of_fields = TakeInteger();
    if (!end_of_fields || *end_of_fields != 0) return false;
    // Each count is below the number of elements, so the sum is exact.
    for (uint64_t left = entries + deleted; left > 0; --left) {
      if (!ReadEntry(&deleted)) return false;
    }
    return rest_.empty() && deleted == 0;
  }

 private:
  std::optional<int64_t> TakeInteger() {
    if (rest_.empty()) return {};
    const auto integer = ReadInteger(rest_.front());
    rest_ = rest_.subspan(1);
    return integer;
  }

  bool TakeCount(uint64_t* count) {
    const auto taken = TakeInteger();
    if (!taken || *taken < 0 || static_cast<uint64_t>(*taken) > rest_.size()) return false;
    *count = static_cast<uint64_t>(*taken);
    return true;
  }

  bool ReadEntry(uint64_t* deleted) {
    const size_t elements_before = rest_.size();
    const auto flags = TakeInteger();
    const auto ms = TakeInteger();
    const auto seq = TakeInteger();
    if (!flags || !ms || !seq || (*flags & ~(kEntryDeleted | kEntrySameFields)) != 0) return false;
    const StreamId id{.ms = id_.ms + static_cast<uint64_t>(*ms), .seq = id_.seq + static_cast<uint64_t>(*seq)};
    const bool has_same_fields = (*flags & kEntrySameFields) != 0;
    uint64_t fields = fields_.size();
    if (!has_same_fields && !TakeCount(&fields)) return false;
    const uint64_t strings = has_same_fields ? fields : 2 * fields;
    if (strings > rest_.size()) return false;
    const bool is_deleted = (*flags & kEntryDeleted) != 0;
    if (!is_deleted && !AddEntry(id, strings, has_same_fields)) return false;
    if (is_deleted && (*deleted)-- == 0) return false;
    rest_ = rest_.subspan(strings);
    const size_t elements = elements_before - rest_.size();
    const auto elements_stated = TakeInteger();
    return elements_stated && static_cast<uint64_t>(*elements_stated) == elements;
  }

  bool AddEntry(const StreamId& id, uint64_t strings, bool has_same_fields) {
    std::vector<StreamEntry>& entries = value_->stream.entries;
    std::vector<std::string_view>& all = value_->strings;
    if (id <= (entries.empty() ? kStreamIdMin : entries.back().id)) return false;
    const size_t first = all.size();
    for (size_t i = 0; i < strings; ++i) {
      if (has_same_fields) all.push_back(fields_[i]);
      all.push_back(rest_[i]);
    }
    // The names of a node's fields stand there once, and are stored with each entry.
    for (size_t i = first; i < all.size(); ++i) value_->stream.bytes += all[i].size();
    if (value_->stream.bytes > kDecompressedBytesMax) return false;
    entries.push_back({.id = id, .first = first, .count = all.size() - first});
    return true;
  }

  const StreamId id_;
  std::span<const std::string_view> rest_;
  std::span<const std::string_view> fields_;
  Value* value_;
};

bool TakeNode(Input* input, Value* value) {
  std::string_view id;
  std::string_view packed;
  std::vector<std::string_view> elements;
  if (!input->TakeString(&id) || id.size() != kStreamIdBytes || !input->TakeString(&packed)) return false;
  if (!ReadListpack(packed, &value->arena, &elements)) return false;
  return Node(ReadStreamId(id, 0), elements, value).Read();
}

bool TakeState(Input* input, bool is_newer, StreamValue* stream) {
  uint64_t entries = 0;
  if (!input->TakeLength(&entries) || !input->TakeStreamId(&stream->last)) return false;
  if (entries != stream->entries.size()) return false;
  if (!stream->entries.empty() && stream->entries.back().id > stream->last) return false;
  if (!is_newer) return true;
  StreamId first;  // The entries say it as well.
  uint64_t added = 0;
  if (!input->TakeStreamId(&first) || !input->TakeStreamId(&stream->max_deleted) || !input->TakeLength(&added)) {
    return false;
  }
  stream->entries_added = added;
  return added >= entries && stream->max_deleted <= stream->last;
}

bool TakePending(Input* input, StreamGroupValue* group) {
  uint64_t count = 0;
  if (!input->TakeLength(&count)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    StreamPending pending;
    if (!input->TakeRawStreamId(&pending.id) || !input->TakeTime(&pending.delivered_ms)) return false;
    if (!input->TakeLength(&pending.deliveries)) return false;
    if (!group->pending.empty() && pending.id <= group->pending.back().id) return false;
    group->pending.push_back(pending);
  }
  return true;
}

// What a consumer has pending is pending in the group, and of no other consumer.
bool TakeConsumer(Input* input, StreamGroupValue* group) {
  StreamConsumer consumer;
  uint64_t count = 0;
  if (!input->TakeString(&consumer.name) || !input->TakeTime(&consumer.seen_ms) || !input->TakeLength(&count)) {
    return false;
  }
  for (uint64_t i = 0; i < count; ++i) {
    StreamId id;
    if (!input->TakeRawStreamId(&id)) return false;
    const auto at = std::ranges::lower_bound(group->pending, id, {}, &StreamPending::id);
    if (at == group->pending.end() || at->id != id || at->consumer) return false;
    at->consumer = group->consumers.size();
  }
  group->consumers.push_back(consumer);
  return true;
}

template <typename Named>
bool HasSameNames(const std::vector<Named>& all) {
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const Named& each : all) names.push_back(each.name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

bool TakeGroup(Input* input, bool is_newer, StreamGroupValue* group) {
  if (!input->TakeString(&group->name) || !input->TakeStreamId(&group->last_delivered)) return false;
  if (is_newer) {
    uint64_t read = 0;
    if (!input->TakeLength(&read)) return false;
    if (read != UINT64_MAX) group->entries_read = read;
  }
  uint64_t consumers = 0;
  if (!TakePending(input, group) || !input->TakeLength(&consumers)) return false;
  for (uint64_t i = 0; i < consumers; ++i) {
    if (!TakeConsumer(input, group)) return false;
  }
  return !HasSameNames(group->consumers) &&
         std::ranges::all_of(group->pending, [](const StreamPending& each) { return each.consumer.has_value(); });
}

}  // namespace

bool TakeStream(Input* input, bool is_newer, Value* value) {
  uint64_t nodes = 0;
  uint64_t groups = 0;
  if (!input->TakeLength(&nodes)) return false;
  for (uint64_t i = 0; i < nodes; ++i) {
    if (!TakeNode(input, value)) return false;
  }
  StreamValue& stream = value->stream;
  if (!TakeState(input, is_newer, &stream) || !input->TakeLength(&groups)) return false;
  for (uint64_t i = 0; i < groups; ++i) {
    if (!TakeGroup(input, is_newer, &stream.groups.emplace_back())) return false;
  }
  return !HasSameNames(stream.groups);
}

}  // namespace amethyst::server::rdb
