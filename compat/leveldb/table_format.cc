#include "compat/leveldb/table_format.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace amethyst::compat {

namespace {

using leveldb::Status;

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "AMTABLE1";
constexpr size_t kEntryHeadBytes = 2 * sizeof(uint32_t);
constexpr size_t kBlockTailBytes = sizeof(uint32_t) + sizeof(uint64_t);

template <typename T>
void Append(std::string* to, const T& value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  to->append(bytes, sizeof(T));
}

template <typename T>
T Read(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

uint64_t Checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace

void TableBlockBuilder::Add(std::string_view key, std::string_view value) {
  offsets_.push_back(static_cast<uint32_t>(entries_.size()));
  Append(&entries_, static_cast<uint32_t>(key.size()));
  Append(&entries_, static_cast<uint32_t>(value.size()));
  entries_.append(key).append(value);
}

size_t TableBlockBuilder::Bytes() const {
  return entries_.size() + offsets_.size() * sizeof(uint32_t) + kBlockTailBytes;
}

std::string TableBlockBuilder::Finish() {
  std::string block = std::move(entries_);
  for (const uint32_t offset : offsets_) Append(&block, offset);
  Append(&block, static_cast<uint32_t>(offsets_.size()));
  Append(&block, Checksum(block));
  entries_.clear();
  offsets_.clear();
  return block;
}

Status TableBlock::Parse(std::string_view bytes, TableBlock* block) {
  if (bytes.size() < kBlockTailBytes) return Status::Corruption("truncated block read");
  const size_t checked = bytes.size() - sizeof(uint64_t);
  if (Read<uint64_t>(bytes.data() + checked) != Checksum(bytes.substr(0, checked))) {
    return Status::Corruption("block checksum mismatch");
  }
  const auto count = Read<uint32_t>(bytes.data() + checked - sizeof(uint32_t));
  const size_t room = bytes.size() - kBlockTailBytes;
  if (count > room / sizeof(uint32_t)) return Status::Corruption("bad block contents");
  const size_t entries_end = room - count * sizeof(uint32_t);
  const char* const offsets = bytes.data() + entries_end;
  for (uint32_t i = 0; i < count; ++i) {
    const auto offset = Read<uint32_t>(offsets + i * sizeof(uint32_t));
    if (offset + kEntryHeadBytes > entries_end) return Status::Corruption("bad block contents");
    const uint64_t entry_bytes =
        uint64_t{Read<uint32_t>(bytes.data() + offset)} + Read<uint32_t>(bytes.data() + offset + sizeof(uint32_t));
    if (entry_bytes > entries_end - offset - kEntryHeadBytes) return Status::Corruption("bad block contents");
  }
  block->data_ = bytes.data();
  block->offsets_ = offsets;
  block->count_ = count;
  return {};
}

TableBlock::Entry TableBlock::entry(uint32_t number) const {
  const char* const entry = data_ + Read<uint32_t>(offsets_ + number * sizeof(uint32_t));
  const auto key_bytes = Read<uint32_t>(entry);
  const auto value_bytes = Read<uint32_t>(entry + sizeof(uint32_t));
  const char* const key = entry + kEntryHeadBytes;
  return {.key = {key, key_bytes}, .value = {key + key_bytes, value_bytes}};
}

std::string EncodePlace(const BlockPlace& place) {
  std::string bytes;
  Append(&bytes, place);
  return bytes;
}

BlockPlace DecodePlace(const leveldb::Slice& value) {
  return value.size() == sizeof(BlockPlace) ? Read<BlockPlace>(value.data()) : BlockPlace();
}

std::string EncodeTableFooter(const BlockPlace& index) {
  std::string footer = EncodePlace(index);
  Append(&footer, Checksum(footer));
  footer += kMagic;
  return footer;
}

Status DecodeTableFooter(std::string_view footer, BlockPlace* index) {
  if (footer.size() != kTableFooterBytes) return Status::Corruption("file is too short to be an sstable");
  if (!footer.ends_with(kMagic)) return Status::Corruption("not an sstable (bad magic number)");
  const std::string_view place = footer.substr(0, sizeof(BlockPlace));
  if (Read<uint64_t>(footer.data() + place.size()) != Checksum(place)) {
    return Status::Corruption("bad sstable footer: checksum mismatch");
  }
  *index = DecodePlace({place.data(), place.size()});
  return {};
}

}  // namespace amethyst::compat
