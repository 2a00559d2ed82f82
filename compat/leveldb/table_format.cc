#include "compat/leveldb/table_format.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

#include "compat/leveldb/coding.h"
#include "compat/leveldb/convert.h"
#include "compat/leveldb/crc32c.h"
#include "compat/leveldb/snappy.h"

namespace amethyst::compat {

namespace {

using leveldb::Status;

constexpr std::string_view kMagic = "\x57\xfb\x80\x8b\x24\x75\x47\xdb";
constexpr std::string_view kEarlierMagic = "AMTABLE1";
constexpr size_t kRawBytesMax = size_t{1} << 30;  // Of a compressed block: no builder makes larger ones.

uint64_t EarlierChecksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Status ReadBytes(const leveldb::RandomAccessFile& file, uint64_t offset, size_t bytes, TableBlock* block,
                 leveldb::Slice* read) {
  block->buffer.reset(new char[bytes]);
  Status status = file.Read(offset, bytes, read, block->buffer.get());
  if (status.ok() && read->size() != bytes) status = Status::Corruption("truncated block read");
  return status;
}

// What is behind the entries: the offsets of restarts, and how many these are.
Status SetRestarts(std::string_view bytes, TableBlock* block) {
  if (bytes.size() < sizeof(uint32_t)) return Status::Corruption("bad block contents");
  const size_t room = bytes.size() - sizeof(uint32_t);
  block->restart_count = LoadFixed<uint32_t>(bytes.data() + room);
  if (block->restart_count > room / sizeof(uint32_t)) return Status::Corruption("bad block contents");
  block->entries = bytes.substr(0, room - block->restart_count * sizeof(uint32_t));
  block->restarts = bytes.data() + block->entries.size();
  return {};
}

Status CheckEarlier(std::string_view* bytes) {
  if (bytes->size() < sizeof(uint64_t)) return Status::Corruption("truncated block read");
  const size_t checked = bytes->size() - sizeof(uint64_t);
  if (LoadFixed<uint64_t>(bytes->data() + checked) != EarlierChecksum(bytes->substr(0, checked))) {
    return Status::Corruption("block checksum mismatch");
  }
  bytes->remove_suffix(sizeof(uint64_t));
  return {};
}

// Leaves the block itself, uncompressed.
Status CheckTrailer(std::string_view* bytes, std::string* raw) {
  const size_t checked = bytes->size() - sizeof(uint32_t);
  if (LoadFixed<uint32_t>(bytes->data() + checked) != MaskedCrc32c(bytes->substr(0, checked))) {
    return Status::Corruption("block checksum mismatch");
  }
  const auto codec = static_cast<leveldb::CompressionType>((*bytes)[checked - 1]);
  bytes->remove_suffix(kBlockTrailerBytes);
  if (codec == leveldb::kNoCompression) return {};
  if (codec != leveldb::kSnappyCompression) return Status::Corruption("bad block type");
  if (!Unsnap(*bytes, kRawBytesMax, raw)) return Status::Corruption("corrupted compressed block contents");
  *bytes = *raw;
  return {};
}

}  // namespace

std::string EncodePlace(const BlockPlace& place) {
  std::string bytes;
  AppendVarint(&bytes, place.offset);
  AppendVarint(&bytes, place.bytes);
  return bytes;
}

bool DecodePlace(TableFormat format, std::string_view* from, BlockPlace* place) {
  if (format == TableFormat::kEarlier) {
    return ReadFixed(from, &place->offset) && ReadFixed(from, &place->bytes);
  }
  return ReadVarint64(from, &place->offset) && ReadVarint64(from, &place->bytes);
}

std::string EncodeTableFooter(const BlockPlace& metaindex, const BlockPlace& index) {
  std::string footer = EncodePlace(metaindex) + EncodePlace(index);
  footer.resize(kTableFooterBytes - kMagic.size());
  return footer.append(kMagic);
}

Status DecodeTableFooter(std::string_view tail, TableFooter* footer) {
  const bool is_earlier = tail.ends_with(kEarlierMagic);
  footer->format = is_earlier ? TableFormat::kEarlier : TableFormat::kLevelDb;
  footer->bytes = is_earlier ? kEarlierFooterBytes : kTableFooterBytes;
  if (tail.size() < footer->bytes) return Status::Corruption("file is too short to be an sstable");
  tail.remove_prefix(tail.size() - footer->bytes);
  if (is_earlier) {
    constexpr size_t kPlaceBytes = 2 * sizeof(uint64_t);
    if (LoadFixed<uint64_t>(tail.data() + kPlaceBytes) != EarlierChecksum(tail.substr(0, kPlaceBytes))) {
      return Status::Corruption("bad sstable footer: checksum mismatch");
    }
  } else if (!tail.ends_with(kMagic)) {
    return Status::Corruption("not an sstable (bad magic number)");
  }
  BlockPlace metaindex;
  const bool is_good = (is_earlier || DecodePlace(footer->format, &tail, &metaindex)) &&
                       DecodePlace(footer->format, &tail, &footer->index);
  footer->data_end = is_earlier ? footer->index.offset : metaindex.offset;
  return is_good ? Status() : Status::Corruption("bad block handle");
}

Status LoadTableBlock(const leveldb::RandomAccessFile& file, TableFormat format, const BlockPlace& place, uint64_t end,
                      TableBlock* block) {
  const size_t trailer_bytes = format == TableFormat::kEarlier ? 0 : kBlockTrailerBytes;
  if (place.offset > end || place.bytes > end - place.offset || trailer_bytes > end - place.offset - place.bytes) {
    return Status::Corruption("bad block handle");
  }
  leveldb::Slice read;
  Status status = ReadBytes(file, place.offset, place.bytes + trailer_bytes, block, &read);
  if (!status.ok()) return status;
  std::string_view bytes = View(read);
  block->format = format;
  status = format == TableFormat::kEarlier ? CheckEarlier(&bytes) : CheckTrailer(&bytes, &block->raw);
  return status.ok() ? SetRestarts(bytes, block) : status;
}

void BlockCursor::Reset(const TableBlock* block, const leveldb::Comparator* order) {
  block_ = block;
  order_ = order;
  valid_ = false;
  damaged_ = false;
}

uint32_t BlockCursor::RestartAt(uint32_t number) const {
  return LoadFixed<uint32_t>(block_->restarts + size_t{number} * sizeof(uint32_t));
}

void BlockCursor::GoToRestart(uint32_t number) {
  restart_ = number;
  next_ = RestartAt(number);
  key_.clear();
}

bool BlockCursor::Damaged() {
  damaged_ = true;
  return valid_ = false;
}

bool BlockCursor::Step() {
  const std::string_view all = block_->entries;
  at_ = next_;
  if (at_ > all.size()) return Damaged();
  if (at_ == all.size()) return valid_ = false;
  std::string_view rest = all.substr(at_);
  uint32_t shared = 0, key_bytes = 0, value_bytes = 0;
  const bool read =
      block_->format == TableFormat::kEarlier
          ? ReadFixed(&rest, &key_bytes) && ReadFixed(&rest, &value_bytes)
          : ReadVarint32(&rest, &shared) && ReadVarint32(&rest, &key_bytes) && ReadVarint32(&rest, &value_bytes);
  if (!read || shared > key_.size() || key_bytes > rest.size() || value_bytes > rest.size() - key_bytes) {
    return Damaged();
  }
  key_.resize(shared);
  key_.append(rest.substr(0, key_bytes));
  value_ = rest.substr(key_bytes, value_bytes);
  next_ = static_cast<size_t>(value_.data() + value_.size() - all.data());
  while (restart_ + 1 < block_->restart_count && RestartAt(restart_ + 1) <= at_) ++restart_;
  return valid_ = true;
}

void BlockCursor::SeekToFirst() {
  valid_ = false;
  if (block_->restart_count == 0) return;
  GoToRestart(0);
  Step();
}

void BlockCursor::SeekToLast() {
  valid_ = false;
  if (block_->restart_count == 0) return;
  GoToRestart(block_->restart_count - 1);
  while (Step() && next_ < block_->entries.size()) {
  }
}

void BlockCursor::Seek(const leveldb::Slice& target) {
  valid_ = false;
  if (block_->restart_count == 0) return;
  uint32_t from = 0;
  for (uint32_t to = block_->restart_count - 1; from < to;) {  // The last restart whose key is below the target.
    const uint32_t middle = from + (to - from + 1) / 2;
    GoToRestart(middle);
    if (!Step()) return static_cast<void>(Damaged());
    if (order_->Compare(key_, target) < 0) {
      from = middle;
    } else {
      to = middle - 1;
    }
  }
  GoToRestart(from);
  while (Step() && order_->Compare(key_, target) < 0) {
  }
}

void BlockCursor::Next() { Step(); }

void BlockCursor::Prev() {
  const size_t before = at_;
  uint32_t restart = restart_;
  while (RestartAt(restart) >= before) {
    if (restart == 0) return static_cast<void>(valid_ = false);
    --restart;
  }
  GoToRestart(restart);
  while (Step() && next_ < before) {
  }
}

}  // namespace amethyst::compat
