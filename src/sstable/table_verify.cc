#include "sstable/table_verify.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "base/hash.h"
#include "sstable/header.h"

namespace amethyst::sstable {
namespace {

// Adds a child's counts to its parent's.
void Accumulate(IndexEntry* sum, const IndexEntry& child) {
  sum->entries += child.entries;
  sum->live += child.live;
  sum->summary = (std::max(sum->summary, child.summary) & ~uint64_t{0xff}) | (child.summary & 0xff);
}

}  // namespace

Status TableVerifier::Wrong(uint64_t offset, std::string_view what) const {
  return base::Corruption("{}: block at {}: {}", tree_.file().path(), offset, what);
}

Status TableVerifier::Follow(const BlockHandle& handle) {
  if (handle.offset != end_) return Wrong(handle.offset, fmt::format("expected to begin at {}", end_));
  char checksum[8];
  AMETHYST_TRY(io::ReadExactly(tree_.file().file(), handle.end() - sizeof checksum, checksum));
  digest_.Add(base::LoadFixed<uint64_t>(checksum));
  end_ = handle.end();
  return {};
}

Result<std::string> TableVerifier::ReadPart(const BlockHandle& handle) const {
  std::string raw;
  if (handle.stored_bytes == 0) return raw;
  AMETHYST_TRY(tree_.file().Read(handle, [&](size_t bytes) {
    raw.resize(bytes);
    return raw.data();
  }));
  raw.resize(handle.raw_bytes);
  return raw;
}

Status TableVerifier::CheckEntry(const Block& block, uint32_t i, uint64_t offset) {
  std::string key = block.key(i);
  const key::Tag tag = block.tag(i);
  const int order = last_key_.has_value() ? order_.Compare(*last_key_, key) : -1;
  if (order > 0) return Wrong(offset, fmt::format("key {} is before the last", i));
  if (order == 0 && tag >= last_tag_) return Wrong(offset, fmt::format("version {} is newer than the last", i));
  if (i == 0 && (continues_ != (order == 0) || block.continued() != continues_)) {
    return Wrong(offset, "the block before says otherwise whether its last key goes on here");
  }
  if (order != 0) {
    const uint64_t hash = base::Hash64(key);
    if (!filter_.MayContain(hash)) return Wrong(offset, fmt::format("the filter excludes key {}", i));
    sketch_.Add(hash);
  }
  ++found_.entries;
  found_.deletes += key::IsLive(tag.kind()) ? 0 : 1;
  found_.raw_bytes += key.size() + block.value(i).size();
  found_.smallest_sequence = std::min(found_.smallest_sequence, tag.sequence());
  found_.largest_sequence = std::max(found_.largest_sequence, tag.sequence());
  if (!last_key_.has_value()) found_.smallest = key;
  last_key_ = std::move(key);
  last_tag_ = tag;
  return {};
}

Status TableVerifier::CheckChild(const IndexPage& parent, uint32_t child, const IndexEntry& found,
                                 uint64_t dead_from_ms) const {
  const IndexEntry entry = parent.entry(child);
  const uint64_t offset = entry.handle.offset;
  if (entry.entries != found.entries || entry.live != found.live || entry.max_sequence() != found.max_sequence() ||
      entry.continues() != found.continues()) {
    return Wrong(offset, fmt::format("the index says {} entries, {} live, up to sequence {}; found {}, {}, {}",
                                     entry.entries, entry.live, key::Raw(entry.max_sequence()), found.entries,
                                     found.live, key::Raw(found.max_sequence())));
  }
  if (parent.DeadFromMs(child) < dead_from_ms) {
    return Wrong(offset, fmt::format("the index says that all is dead from {} on, found {}", parent.DeadFromMs(child),
                                     dead_from_ms));
  }
  const int order = order_.Compare(*last_key_, parent.separator(child));
  if (entry.inclusive() ? order > 0 : order >= 0) return Wrong(offset, "the last key is behind the separator");
  return {};
}

Status TableVerifier::CheckBlock(const IndexPage& parent, uint32_t child) {
  const IndexEntry entry = parent.entry(child);
  const uint64_t offset = entry.handle.offset;
  if (child > 0 && order_.Compare(parent.separator(child - 1), parent.separator(child)) > 0) {
    return Wrong(offset, "the separator is before the last");
  }
  std::string stored(entry.handle.stored_bytes + kTrailerBytes, '\0');
  AMETHYST_TRY(io::ReadExactly(tree_.file().file(), offset, stored));
  AMETHYST_ASSIGN(const Block* const block, tree_.DecodeBlock(entry, stored, &block_memory_));
  AMETHYST_TRY(Follow(entry.handle));
  key::Expiries expiries;
  for (uint32_t i = 0; i < block->count(); ++i) {
    AMETHYST_TRY(CheckEntry(*block, i, offset));
    if (key::MayExpire(block->tag(i).kind())) expiries.Add(block->tag(i).kind(), block->value(i));
    // What is here must be found from above.
    if (i == 0 && child > 0 && !block->continued() && parent.Find(*last_key_, order_) != child) {
      return Wrong(offset, "the first key is not behind the last separator");
    }
  }
  continues_ = block->continues();
  ++data_blocks_;
  found_.expiries.Add(expiries);
  const uint64_t flags = continues_ ? IndexEntry::kContinues : 0;
  const IndexEntry found{.handle = entry.handle,
                         .entries = block->count(),
                         .live = block->live(),
                         .summary = (key::Raw(block->max_sequence()) << 8) | flags};
  return CheckChild(parent, child, found, DeadFromMs(expiries, found.live));
}

Status TableVerifier::CheckPage(const IndexPage& parent, uint32_t child) {
  AMETHYST_ASSIGN(const IndexPage* const page, tree_.ReadPage(parent.entry(child).handle, &page_memory_));
  IndexEntry sum;
  uint64_t dead_from_ms = 0;
  for (uint32_t i = 0; i < page->count(); ++i) {
    AMETHYST_TRY(CheckBlock(*page, i));
    Accumulate(&sum, page->entry(i));
    dead_from_ms = std::max(dead_from_ms, page->DeadFromMs(i));
  }
  return CheckChild(parent, child, sum, dead_from_ms);
}

Status TableVerifier::CheckTail() {
  const Footer& footer = reader_.footer();
  if (footer.filter.stored_bytes != 0) AMETHYST_TRY(Follow(footer.filter));
  AMETHYST_TRY(Follow(footer.sketch));
  AMETHYST_TRY(Follow(footer.properties));
  AMETHYST_TRY(Follow(footer.top_index));
  AMETHYST_ASSIGN(const std::string sketch, ReadPart(footer.sketch));
  std::string expected;
  sketch_.AppendTo(&expected);
  if (sketch != expected) return Wrong(footer.sketch.offset, "the key sketch is not that of the keys");
  AMETHYST_TRY(ReadPart(footer.properties));
  AMETHYST_TRY(ReadPart(footer.top_index));
  if (end_ + kFooterBytes != tree_.file().bytes()) return Wrong(end_, "the footer does not follow");
  if (footer.DigestOver(digest_) != footer.digest) {
    return Wrong(end_, fmt::format("digest expected {:016x} found {:016x}", footer.DigestOver(digest_), footer.digest));
  }
  return {};
}

Status TableVerifier::CheckTotals() const {
  TableInfo expected = reader_.info();
  TableInfo found = found_;
  if (order_.Less(found.smallest, expected.smallest) || order_.Less(expected.largest, *last_key_)) {
    return Wrong(reader_.footer().properties.offset, "the bounds are not around the keys");
  }
  found.smallest = expected.smallest;
  found.largest = expected.largest;
  found.uid = expected.uid;
  found.file_bytes = expected.file_bytes;
  found.digest = expected.digest;
  found.oldest_delete_time_s = expected.oldest_delete_time_s;
  found.sequence_base = expected.sequence_base;
  const Properties& properties = reader_.properties();
  if (found != expected || properties.data_blocks != data_blocks_ || properties.index_pages != tree_.top().count()) {
    return Wrong(reader_.footer().properties.offset, "the properties are not those of the entries");
  }
  // The entries of a table of range tombstones are puts.
  if (expected.deletes == 0 && expected.oldest_delete_time_s != 0 && !properties.tombstone_span) {
    return Wrong(reader_.footer().properties.offset, "there is a time of the oldest delete, but no delete");
  }
  return {};
}

Status TableVerifier::CheckHeader() {
  char bytes[kHeaderBytes];
  AMETHYST_TRY(io::ReadExactly(tree_.file().file(), 0, bytes));
  const auto header = Header::FromBytes({bytes, sizeof bytes});
  if (!header || header->table_uid != reader_.footer().uid) return Wrong(0, "the header is not that of the table");
  digest_.Add(StoredChecksum({bytes, sizeof bytes}));
  end_ = kHeaderBytes;
  return {};
}

Status TableVerifier::Run() {
  AMETHYST_ASSIGN(filter_bytes_, ReadPart(reader_.footer().filter));
  if (!filter_bytes_.empty()) {
    const auto filter = filter::BloomFilterView::FromBytes(filter_bytes_);
    if (!filter) return tree_.file().At(reader_.footer().filter.offset, filter.error());
    filter_ = *filter;
  }
  AMETHYST_TRY(CheckHeader());
  found_.smallest_sequence = key::kSequenceMax;
  const IndexPage& top = tree_.top();
  for (uint32_t page = 0; page < top.count(); ++page) AMETHYST_TRY(CheckPage(top, page));
  if (continues_) return Wrong(end_, "the last key goes on behind the last block");
  for (uint32_t page = 0; page < top.count(); ++page) AMETHYST_TRY(Follow(top.entry(page).handle));
  AMETHYST_TRY(CheckTail());
  return CheckTotals();
}

Status TableReader::Verify() const { return TableVerifier(*this).Run(); }

}  // namespace amethyst::sstable
