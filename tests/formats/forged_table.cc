#include "formats/forged_table.h"

#include <string_view>

#include "base/assert.h"
#include "base/coding.h"
#include "compress/codec.h"
#include "filter/bloom_filter.h"
#include "filter/key_sketch.h"
#include "key/entry.h"
#include "key/order.h"
#include "sstable/block_builder.h"
#include "sstable/footer.h"
#include "sstable/format.h"
#include "sstable/header.h"
#include "sstable/properties.h"
#include "sstable/table_file.h"

namespace amethyst::formats {
namespace {

using sstable::BlockBuilder;
using sstable::BlockHandle;
using sstable::IndexEntry;
using sstable::TableInfo;

constexpr size_t kFooterFlagsAt = 108;
constexpr size_t kFooterChecksumAt = 112;
constexpr size_t kBlockFlagsAt = 16;
constexpr size_t kBlockColumnsAt = 19;

// A file that grows by one part after the other.
class Parts {
 public:
  Parts(const base::Uid& database_uid, const base::Uid& table_uid) : uid_(table_uid) {
    sstable::Header{.database_uid = database_uid, .table_uid = table_uid}.AppendTo(&bytes_);
    digest_.Add(sstable::StoredChecksum(bytes_));
  }

  BlockHandle Append(std::string_view raw, std::optional<uint8_t> codec = std::nullopt) {
    base::Buffer packed;
    if (codec) AMETHYST_ASSERT(compress::AppendCompressed(Compression::kZstd, raw, &packed) == Compression::kZstd);
    std::string stored(codec ? std::string_view(packed) : raw);
    const BlockHandle handle{.offset = bytes_.size(),
                             .stored_bytes = static_cast<uint32_t>(stored.size()),
                             .raw_bytes = static_cast<uint32_t>(raw.size())};
    stored += static_cast<char>(codec.value_or(0));
    base::AppendFixed(&stored, handle.raw_bytes);
    base::AppendFixed(&stored, base::Checksum(stored, {.owner = uid_, .offset = handle.offset}));
    digest_.Add(sstable::StoredChecksum(stored));
    bytes_ += stored;
    return handle;
  }

  [[nodiscard]] std::string Finish(sstable::Footer footer, uint32_t flags, uint64_t* digest) && {
    const uint64_t offset = bytes_.size();
    std::string end;
    footer.AppendTo(&end, digest_, offset);
    base::StoreFixed(end.data() + kFooterFlagsAt, flags);
    const std::string_view checked = std::string_view(end).substr(0, kFooterChecksumAt);
    base::StoreFixed(end.data() + kFooterChecksumAt, base::Checksum(checked, {.owner = uid_, .offset = offset}));
    *digest = footer.digest;
    return bytes_ + end;
  }

 private:
  base::Uid uid_;
  std::string bytes_;
  sstable::Digest digest_;
};

void AddColumn(std::string* raw, const ForgedColumn& column) {
  char& columns = (*raw)[kBlockColumnsAt];
  std::string directory{static_cast<char>(column.id), static_cast<char>(column.required), 0, 0};
  base::AppendFixed(&directory, static_cast<uint32_t>(column.content.size()));
  const auto behind = static_cast<uint8_t>(columns) * sstable::block_format::kColumnBytes;
  raw->insert(sstable::block_format::kBlockHeaderBytes + behind, directory);
  ++(*raw)[kBlockColumnsAt];
  *raw += column.content;
}

std::string DataBlock(const TableForm& form, key::SequenceNumber first) {
  BlockBuilder block{key::Order()};
  const auto entries = TableEntries();
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool is_last = i + 1 == entries.size();
    const auto kind = static_cast<key::EntryKind>(is_last ? form.last_kind : 1);
    block.Add(key::Entry(entries[i].first, key::Tag(first + i, kind), entries[i].second));
  }
  std::string raw(block.Finish(0));
  raw[kBlockFlagsAt] = static_cast<char>(raw[kBlockFlagsAt] | form.block_flags);
  if (form.block_column) AddColumn(&raw, *form.block_column);
  return raw;
}

// A page of one child.
std::string IndexOver(const IndexEntry& child, std::string_view separator, const std::optional<ForgedColumn>& column) {
  BlockBuilder page{key::Order()};
  page.Add(key::Entry(separator, key::Tag(key::SequenceNumber{}, key::EntryKind::kPut),
                      {reinterpret_cast<const char*>(&child), sizeof child}));
  std::string raw(page.Finish(0));
  if (column) AddColumn(&raw, *column);
  return raw;
}

std::string RangeTombstones(key::SequenceNumber sequence) {
  BlockBuilder block{key::Order()};
  block.Add(key::Entry("new03", key::Tag(sequence, static_cast<key::EntryKind>(3)), "new07"));
  return std::string(block.Finish(0));
}

std::string PropertiesOf(const TableInfo& info, const std::string& more) {
  std::string bytes;
  sstable::Properties{.info = info,
                      .order_name = std::string(BytewiseComparator()->Name()),
                      .data_blocks = 1,
                      .index_pages = 1,
                      .block_bytes = 4096,
                      .codec = 1,
                      .lineage = {}}
      .AppendTo(&bytes);
  return bytes + more;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> TableEntries() {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const char n : std::string_view("0123456789")) {
    entries.emplace_back(std::string("new0") + n, std::string(100, 'v') + n);
  }
  return entries;
}

std::string ForgeTable(const TableForm& form, const base::Uid& database_uid, TableInfo* info) {
  Parts parts(database_uid, info->uid);
  IndexEntry child{.handle = parts.Append(DataBlock(form, info->smallest_sequence), form.codec),
                   .entries = static_cast<uint32_t>(info->entries),
                   .live = static_cast<uint32_t>(info->entries),
                   .summary = (key::Raw(info->largest_sequence) << 8) | IndexEntry::kInclusive | form.summary_flags};
  child.handle = parts.Append(IndexOver(child, info->largest, form.page_column));
  filter::BloomFilterBuilder filter(0.01);
  filter::KeySketch sketch;
  for (const auto& [key, value] : TableEntries()) {
    filter.Add(base::Hash64(key));
    sketch.Add(base::Hash64(key));
  }
  std::string filter_bytes = filter.Finish();
  if (form.filter_kind) filter_bytes[0] = static_cast<char>(*form.filter_kind);
  std::string sketch_bytes;
  sketch.AppendTo(&sketch_bytes);
  sstable::Footer footer;
  footer.uid = info->uid;
  footer.filter = parts.Append(filter_bytes);
  if (form.range_tombstones) footer.range_tombstones = parts.Append(RangeTombstones(info->largest_sequence));
  footer.sketch = parts.Append(sketch_bytes);
  footer.properties = parts.Append(PropertiesOf(*info, form.properties));
  footer.top_index = parts.Append(IndexOver(child, info->largest, std::nullopt));
  std::string bytes = std::move(parts).Finish(footer, form.footer_flags, &info->digest);
  info->file_bytes = bytes.size();
  return bytes;
}

}  // namespace amethyst::formats
