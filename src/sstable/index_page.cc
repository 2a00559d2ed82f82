#include "sstable/index_page.h"

#include <cstring>
#include <new>

#include "base/error.h"

namespace amethyst::sstable {
namespace {

size_t SlotsBytes(uint32_t count) { return (size_t{count} * sizeof(cache::Slot) + 63) / 64 * 64; }

// A child that can be read without asking for memory that it cannot need.
bool IsPlausible(const IndexEntry& child, uint64_t file_end) {
  return child.handle.stored_bytes > 0 && child.handle.offset <= file_end && child.handle.end() <= file_end &&
         child.entries > 0 && child.live <= child.entries;
}

}  // namespace

size_t IndexPage::BytesFor(uint32_t count, size_t raw_bytes, const key::Order& order) {
  return sizeof(IndexPage) + SlotsBytes(count) + Block::BytesFor(count, raw_bytes, order);
}

Result<const IndexPage*> IndexPage::Make(char* memory, std::string_view raw, uint64_t file_end, const key::Order& order,
                                         key::SequenceNumber sequence_base) {
  AMETHYST_ASSERT(reinterpret_cast<uintptr_t>(memory) % alignof(IndexPage) == 0);
  const uint32_t count = Block::CountOf(raw);
  char* const slots = memory + sizeof(IndexPage);
  char* const block_memory = slots + SlotsBytes(count);
  std::memcpy(Block::RawIn(block_memory, count, order), raw.data(), raw.size());
  AMETHYST_ASSIGN(const Block* const block, Block::Make(block_memory, count, raw.size(), order));
  for (uint32_t i = 0; i < count; ++i) {
    const std::string_view value = block->value(i);
    if (value.size() != sizeof(IndexEntry)) {
      return base::Corruption("index entry {} has {} bytes, expected {}", i, value.size(), sizeof(IndexEntry));
    }
    const IndexEntry child = base::LoadFixed<IndexEntry>(value.data());
    if (!IsPlausible(child, file_end)) {
      return base::Corruption("index entry {} names {} entries in {} bytes at {}, in a file of {}", i, child.entries,
                              child.handle.stored_bytes, child.handle.offset, file_end);
    }
    if (key::Raw(child.max_sequence()) > key::Raw(key::kSequenceMax) - key::Raw(sequence_base)) {
      return base::Corruption("index entry {}: a sequence number {} + {} is too great", i, key::Raw(sequence_base),
                              key::Raw(child.max_sequence()));
    }
  }
  const std::string_view dead_from =
      Block::ColumnOf({Block::RawIn(block_memory, count, order), raw.size()}, block_format::kDeadFrom);
  if (dead_from.data() != nullptr && dead_from.size() != size_t{count} * sizeof(uint64_t)) {
    return base::Corruption("{} bytes of expiries for {} index entries", dead_from.size(), count);
  }
  static_assert(alignof(cache::Slot) == sizeof(cache::Slot));
  cache::Slot* const empty = reinterpret_cast<cache::Slot*>(slots);
  for (uint32_t i = 0; i < count; ++i) new (empty + i) cache::Slot();
  return new (memory) IndexPage(empty, block, dead_from.data(), sequence_base);
}

}  // namespace amethyst::sstable
