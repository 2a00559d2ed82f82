#include "sstable/table_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "amethyst/options.h"
#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "compress/codec.h"
#include "sstable/block.h"
#include "sstable/header.h"
#include "sstable/properties.h"
#include "sstable/table_file.h"

namespace amethyst::sstable {
namespace {

// What is written to the file at once.
constexpr size_t kAppendBytes = size_t{1} << 20;
// And what a small block more takes.
constexpr size_t kBufferBytes = kAppendBytes + kAppendBytes / 8;

}  // namespace

TableWriter::TableWriter(std::unique_ptr<io::WritableFile> file, const TableOptions& options,
                         uint64_t oldest_delete_time_s)
    : file_(std::move(file)),
      options_(options),
      oldest_delete_time_s_(oldest_delete_time_s),
      block_(options.order),
      index_(options.order),
      filter_(options.filter_false_positive_rate) {
  AMETHYST_ASSERT(file_ != nullptr && file_->size() == 0);
  AMETHYST_ASSERT(options.block_bytes > 0);
  info_.uid = base::NewUid();
  info_.smallest_sequence = key::kSequenceMax;
  info_.clean_through = options.clean_through;
  info_.written_s = options.written_s;
  buffer_.reserve(kBufferBytes);
  std::string header;
  Header{.database_uid = options.database_uid, .table_uid = info_.uid}.AppendTo(&header);
  digest_.Add(StoredChecksum(header));
  buffer_ += header;
}

TableWriter::~TableWriter() = default;

uint64_t TableWriter::EstimatedBytes() const {
  return offset() + block_.EstimatedBytes() + index_.EstimatedBytes() + filter_.FinishedBytes() + kFooterBytes;
}

Status TableWriter::Add(const key::Entry& entry, bool is_last) {
  AMETHYST_DCHECK(!finished_);
  if (uint64_t{entry.key_bytes} + entry.value_bytes > kRawBytesMax - (uint64_t{1} << 20)) {
    return base::InvalidArgument("an entry of {} + {} bytes is too large for a table", entry.key_bytes,
                                 entry.value_bytes);
  }
  const bool same_key = !block_.empty() && block_.last_key() == entry.key();
  if (!block_.empty()) {
    AMETHYST_DCHECK(same_key ? block_.last_tag() > entry.tag : options_.order.Less(block_.last_key(), entry.key()));
    const bool full = block_.EstimatedBytes() + BlockBuilder::EntryBytes(entry) > options_.block_bytes;
    if (full || entry.value_bytes >= kOwnBlockValueBytes || own_block_) AMETHYST_TRY(CutBlock(&entry));
  } else {
    AMETHYST_TRY(EndBlock(&entry));
  }
  if (!same_key) AddKey(entry.key());
  info_.raw_bytes += uint64_t{entry.key_bytes} + entry.value_bytes;
  own_block_ = entry.value_bytes >= kOwnBlockValueBytes;
  if (own_block_ && is_last && entry.value_bytes >= kAppendBytes) return AddAtOnce(entry);
  block_.Add(entry);
  return {};
}

Status TableWriter::AddAtOnce(const key::Entry& entry) {
  const bool is_copied = !key::IsPlain(entry.tag.kind()) || compress::MayPay(options_.compression, entry.value());
  is_copied ? block_.Add(entry) : block_.AddAlone(entry);
  AMETHYST_ASSIGN(taken_over_, WriteOut(false));
  taken_over_last_key_ = entry.key();
  block_.Reset();
  own_block_ = false;
  return {};
}

Result<bool> TableWriter::AddStored(std::span<const key::Entry> entries, std::string_view stored) {
  AMETHYST_DCHECK(!finished_ && !entries.empty() && stored.size() > kTrailerBytes);
  const std::string_view trailer = stored.substr(stored.size() - kTrailerBytes);
  stored.remove_suffix(kTrailerBytes);
  const auto codec = static_cast<Compression>(trailer[0]);
  const auto raw_bytes = base::LoadFixed<uint32_t>(trailer.data() + 1);
  const auto is_small = [this](size_t bytes) { return bytes < options_.block_bytes / 2; };
  const bool suits = codec == options_.compression && !is_small(raw_bytes) &&
                     (raw_bytes <= 2 * options_.block_bytes || entries.size() == 1) &&
                     (block_.empty() || !is_small(block_.EstimatedBytes()));
  if (!suits) return false;
  AMETHYST_TRY(EndBlock(&entries.front()));
  AMETHYST_ASSIGN(const BlockHandle handle, WriteStored(stored, codec, raw_bytes));
  ++data_blocks_;
  taken_over_ = {.handle = handle,
                 .entries = static_cast<uint32_t>(entries.size()),
                 .live = static_cast<uint32_t>(entries.size())};
  taken_over_last_key_ = entries.back().key();
  for (const key::Entry& entry : entries) {
    AMETHYST_DCHECK(key::IsPlain(entry.tag.kind()));
    AddKey(entry.key());
    info_.raw_bytes += uint64_t{entry.key_bytes} + entry.value_bytes;
    info_.smallest_sequence = std::min(info_.smallest_sequence, entry.tag.sequence());
    taken_over_->max_sequence = std::max(taken_over_->max_sequence, entry.tag.sequence());
  }
  info_.entries += entries.size();
  info_.largest_sequence = std::max(info_.largest_sequence, taken_over_->max_sequence);
  return true;
}

void TableWriter::AddKey(std::string_view key) {
  const uint64_t hash = base::Hash64(key);
  filter_.Add(hash);
  sketch_.Add(hash);
}

Status TableWriter::EndBlock(const key::Entry* next) {
  if (!block_.empty()) return CutBlock(next);
  if (!taken_over_) {
    info_.smallest = next->key();  // Nothing has come before.
    return {};
  }
  AMETHYST_DCHECK(next == nullptr || options_.order.Less(taken_over_last_key_, next->key()));
  AddToIndex(*std::exchange(taken_over_, std::nullopt), taken_over_last_key_, next);
  return {};
}

Status TableWriter::CutBlock(const key::Entry* next) {
  AMETHYST_ASSIGN(const Written written, WriteOut(next != nullptr && block_.last_key() == next->key()));
  AddToIndex(written, block_.last_key(), next);
  block_.Reset();
  return {};
}

Result<TableWriter::Written> TableWriter::WriteOut(bool continues) {
  const std::string_view raw = block_.Finish(
      static_cast<uint8_t>((continued_ ? block_format::kContinued : 0) | (continues ? block_format::kContinues : 0)));
  continued_ = continues;
  const std::string_view apart = block_.value_apart();
  AMETHYST_ASSIGN(const BlockHandle handle,
                  apart.empty()
                      ? WriteBlock(raw, options_.compression)
                      : AppendStored(raw, apart, Compression::kNone, static_cast<uint32_t>(raw.size() + apart.size())));
  ++data_blocks_;
  info_.entries += block_.count();
  info_.deletes += block_.count() - block_.live();
  info_.expiries.Add(block_.expiries());
  info_.smallest_sequence = std::min(info_.smallest_sequence, block_.min_sequence());
  info_.largest_sequence = std::max(info_.largest_sequence, block_.max_sequence());
  return Written{.handle = handle,
                 .entries = block_.count(),
                 .live = block_.live(),
                 .max_sequence = block_.max_sequence(),
                 .expiries = block_.expiries()};
}

// Keys are less than the separator, or equal to it if the next block goes on with the key or there is none.
void TableWriter::AddToIndex(const Written& block, std::string_view last_key, const key::Entry* next) {
  const bool continues = next != nullptr && last_key == next->key();
  const bool inclusive = continues || next == nullptr;
  const uint8_t flags =
      static_cast<uint8_t>((inclusive ? IndexEntry::kInclusive : 0) | (continues ? IndexEntry::kContinues : 0));
  if (next == nullptr) info_.largest = key::LargestBound(last_key, surroundings_.limits, options_.order);
  const std::string separator = next == nullptr ? info_.largest
                                : continues     ? std::string(last_key)
                                                : options_.order.Separator(last_key, next->key());
  index_.AddBlock(separator,
                  {.handle = block.handle,
                   .entries = block.entries,
                   .live = block.live,
                   .summary = (key::Raw(block.max_sequence) << 8) | flags},
                  DeadFromMs(block.expiries, block.live));
}

Result<BlockHandle> TableWriter::WriteBlock(std::string_view raw, Compression codec) {
  const size_t begin = buffer_.size();
  const Compression used = compress::AppendCompressed(codec, raw, &buffer_);
  const auto raw_bytes = static_cast<uint32_t>(raw.size());
  return used == Compression::kNone ? WriteStored(raw, used, raw_bytes) : EndStored(begin, used, raw_bytes);
}

Result<BlockHandle> TableWriter::WriteStored(std::string_view stored, Compression codec, uint32_t raw_bytes) {
  if (stored.size() >= kAppendBytes) return AppendStored(stored, {}, codec, raw_bytes);
  const size_t begin = buffer_.size();
  buffer_ += stored;
  return EndStored(begin, codec, raw_bytes);
}

Result<BlockHandle> TableWriter::EndStored(size_t begin, Compression codec, uint32_t raw_bytes) {
  const BlockHandle handle{.offset = appended_ + begin,
                           .stored_bytes = static_cast<uint32_t>(buffer_.size() - begin),
                           .raw_bytes = raw_bytes};
  AppendTrailerHead(codec, raw_bytes);
  AppendChecksum(base::Hash64(std::string_view(buffer_).substr(begin)), handle.offset);
  if (buffer_.size() >= kAppendBytes) AMETHYST_TRY(AppendBuffer());
  return handle;
}

Result<BlockHandle> TableWriter::AppendStored(std::string_view stored, std::string_view behind, Compression codec,
                                              uint32_t raw_bytes) {
  AMETHYST_TRY(AppendBuffer());
  const BlockHandle handle{.offset = appended_,
                           .stored_bytes = static_cast<uint32_t>(stored.size() + behind.size()),
                           .raw_bytes = raw_bytes};
  for (const std::string_view part : {stored, behind}) AMETHYST_TRY(file_->Append(part));
  appended_ += handle.stored_bytes;
  AppendTrailerHead(codec, raw_bytes);
  const std::array pieces{stored, behind, std::string_view(buffer_)};
  size_t next = 0;
  const auto next_piece = [&] {
    while (next < pieces.size() && pieces[next].empty()) ++next;
    return next == pieces.size() ? std::string_view() : pieces[next++];
  };
  AppendChecksum(base::Hash64OfPieces(next_piece), handle.offset);
  return handle;
}

void TableWriter::AppendTrailerHead(Compression codec, uint32_t raw_bytes) {
  buffer_ += static_cast<char>(codec);
  base::AppendFixed(&buffer_, raw_bytes);
}

void TableWriter::AppendChecksum(uint64_t hash, uint64_t offset) {
  const uint64_t checksum = base::MixLocation(hash, {.owner = info_.uid, .offset = offset});
  base::AppendFixed(&buffer_, checksum);
  digest_.Add(checksum);
}

Status TableWriter::AppendBuffer() {
  AMETHYST_TRY(file_->Append(buffer_));
  appended_ += buffer_.size();
  base::Release(&buffer_, 2 * kBufferBytes);
  buffer_.reserve(kBufferBytes);
  return {};
}

Status TableWriter::WriteTail() {
  AMETHYST_TRY(index_.WritePages([this](std::string_view raw) { return WriteBlock(raw, options_.compression); }));
  Footer footer;
  footer.uid = info_.uid;
  if (const std::string filter = filter_.Finish(); !filter.empty()) {
    AMETHYST_ASSIGN(footer.filter, WriteBlock(filter, Compression::kNone));
  }
  std::string part;
  sketch_.AppendTo(&part);
  AMETHYST_ASSIGN(footer.sketch, WriteBlock(part, Compression::kNone));

  if (info_.deletes > 0 || options_.tombstone_span) info_.oldest_delete_time_s = oldest_delete_time_s_;
  part.clear();
  Properties{.info = info_,
             .order_name = std::string(options_.order.comparator()->Name()),
             .data_blocks = data_blocks_,
             .index_pages = index_.page_count(),
             .block_bytes = options_.block_bytes,
             .codec = static_cast<uint64_t>(options_.compression),
             .lineage = std::move(surroundings_.lineage),
             .family = options_.family,
             .family_name = options_.family_name,
             .tombstone_span = options_.tombstone_span,
             .external = std::move(surroundings_.external)}
      .AppendTo(&part);
  AMETHYST_ASSIGN(footer.properties, WriteBlock(part, Compression::kNone));
  AMETHYST_ASSIGN(footer.top_index, WriteBlock(index_.FinishTop(), options_.compression));
  part.clear();
  footer.AppendTo(&part, digest_, offset());
  buffer_ += part;
  info_.digest = footer.digest;
  return AppendBuffer();
}

Result<TableInfo> TableWriter::Finish() {
  AMETHYST_ASSERT(!finished_ && entries() > 0);
  finished_ = true;
  AMETHYST_TRY(EndBlock(nullptr));
  info_.smallest = key::SmallestBound(info_.smallest, surroundings_.limits, options_.order);
  AMETHYST_TRY(WriteTail());
  info_.file_bytes = appended_;
  AMETHYST_TRY(file_->Sync());
  AMETHYST_TRY(file_->Close());
  return info_;
}

}  // namespace amethyst::sstable
