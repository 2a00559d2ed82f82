#include "server/rdb/rdb_object_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/coding.h"
#include "server/commands/numbers.h"
#include "server/rdb/packed_integer.h"

namespace amethyst::server::rdb {

namespace {

constexpr size_t kListNodeBytesMax = 8 << 10;
constexpr size_t kStreamNodeBytesMax = 4 << 10;
constexpr size_t kElementBytesOverhead = 8;  // A guess that is never too small for head and length of an element.
constexpr size_t kIntegerTextMax = 11;       // No longer text is tried, as in Redis.

}  // namespace

void AppendType(std::string* to, ObjectType type) { to->push_back(static_cast<char>(type)); }

void AppendLength(std::string* to, uint64_t length) {
  if (length < 64) {
    to->push_back(static_cast<char>(length));
  } else if (length < 16384) {
    AppendBigEndian(to, 0x4000 | length, 2);
  } else {
    const int bytes = length <= UINT32_MAX ? 4 : 8;
    to->push_back(static_cast<char>(bytes == 4 ? 0x80 : 0x81));
    AppendBigEndian(to, length, bytes);
  }
}

void AppendString(std::string* to, std::string_view string) {
  const auto number = string.size() <= kIntegerTextMax ? ReadInteger(string) : std::nullopt;
  if (!number || !FitsInBits(*number, 32)) {
    AppendLength(to, string.size());
    to->append(string);
    return;
  }
  const auto append = [&](StringEncoding encoding, size_t bytes) {
    to->push_back(static_cast<char>(0xc0 | static_cast<unsigned>(encoding)));
    AppendPackedInteger(to, *number, bytes);
  };
  if (FitsInBits(*number, 8)) return append(StringEncoding::kInteger8, 1);
  if (FitsInBits(*number, 16)) return append(StringEncoding::kInteger16, 2);
  append(StringEncoding::kInteger32, 4);
}

void AppendDouble(std::string* to, double value) { base::AppendFixed(to, std::bit_cast<uint64_t>(value)); }

void AppendStreamIdLengths(std::string* to, const StreamId& id) {
  AppendLength(to, id.ms);
  AppendLength(to, id.seq);
}

std::string EncodeIntset(std::vector<int64_t> integers) {
  std::ranges::sort(integers);
  const auto fits = [&](int bits) {
    return integers.empty() || (FitsInBits(integers.front(), bits) && FitsInBits(integers.back(), bits));
  };
  const uint32_t width = fits(16) ? 2 : fits(32) ? 4 : 8;
  std::string encoded;
  base::AppendFixed(&encoded, width);
  base::AppendFixed(&encoded, static_cast<uint32_t>(integers.size()));
  for (const int64_t integer : integers) AppendPackedInteger(&encoded, integer, width);
  return encoded;
}

void ListWriter::Append(std::string_view element) {
  if (node_.count() > 0 && node_.bytes() + element.size() + kElementBytesOverhead > kListNodeBytesMax) EndNode();
  node_.Append(element);
}

void ListWriter::EndNode() {
  if (node_.count() == 0) return;
  AppendLength(&nodes_, kNodePacked);
  AppendString(&nodes_, std::exchange(node_, {}).Encode());
  ++count_;
}

void ListWriter::AppendTo(std::string* to) {
  EndNode();
  AppendLength(to, count_);
  to->append(nodes_);
}

void StreamEntriesWriter::Append(const StreamId& id, uint64_t node, const std::vector<std::string_view>& strings) {
  if (entries_count_ > 0 && (node != node_ || entries_.bytes() >= kStreamNodeBytesMax)) EndNode();
  if (entries_count_ == 0) {
    node_ = node;
    first_ = id;
    fields_.clear();
    for (size_t i = 0; i < strings.size(); i += 2) fields_.emplace_back(strings[i]);
  }
  bool has_same_fields = strings.size() == 2 * fields_.size();
  for (size_t i = 0; has_same_fields && i < fields_.size(); ++i) has_same_fields = strings[2 * i] == fields_[i];
  const size_t before = entries_.count();
  entries_.AppendInteger(has_same_fields ? kEntrySameFields : 0);
  entries_.AppendInteger(static_cast<int64_t>(id.ms - first_.ms));
  entries_.AppendInteger(static_cast<int64_t>(id.seq - first_.seq));
  if (!has_same_fields) entries_.AppendInteger(static_cast<int64_t>(strings.size() / 2));
  for (size_t i = has_same_fields ? 1 : 0; i < strings.size(); i += has_same_fields ? 2 : 1) {
    entries_.Append(strings[i]);
  }
  entries_.AppendInteger(static_cast<int64_t>(entries_.count() - before));
  ++entries_count_;
}

void StreamEntriesWriter::EndNode() {
  if (entries_count_ == 0) return;
  ListpackWriter node;
  node.AppendInteger(static_cast<int64_t>(std::exchange(entries_count_, 0)));
  node.AppendInteger(0);
  node.AppendInteger(static_cast<int64_t>(fields_.size()));
  for (const std::string& field : fields_) node.Append(field);
  node.AppendInteger(0);
  node.AppendAllOf(std::exchange(entries_, {}));
  std::string id;
  AppendStreamId(&id, first_);
  AppendString(&nodes_, id);
  AppendString(&nodes_, node.Encode());
  ++count_;
}

void StreamEntriesWriter::AppendTo(std::string* to) {
  EndNode();
  AppendLength(to, count_);
  to->append(nodes_);
}

}  // namespace amethyst::server::rdb
