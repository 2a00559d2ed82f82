// Any bytes as a block and as an index page, in both kinds of order: refused, or every entry of it can be reached,
// found and shown without harm.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "key/order.h"
#include "sstable/aligned_buffer.h"
#include "sstable/block.h"
#include "sstable/index_page.h"

namespace {

using amethyst::key::Order;
using amethyst::sstable::AlignedBuffer;
using amethyst::sstable::Block;
using amethyst::sstable::IndexPage;

// Bytewise, but not known to be.
class Custom final : public amethyst::Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return a.compare(b); }
  std::string_view Name() const override { return "fuzz.custom"; }
};

uint64_t Use(const Block& block, const Order& order) {
  std::vector<amethyst::key::Entry> shown(block.count());
  std::string key_room(block.KeyRoom(0, block.count()), '\0');
  block.Show(0, block.count(), shown.data(), key_room.data());
  uint64_t sum = 0;
  for (uint32_t i = 0; i < block.count(); ++i) {
    const std::string key = block.key(i);
    AMETHYST_ASSERT(shown[i].key() == key && shown[i].value() == block.value(i) && shown[i].tag == block.tag(i));
    AMETHYST_ASSERT(block.KeyEquals(i, key) && block.sequence(i) <= block.max_sequence());
    const uint32_t found = block.Find(key, block.sequence(i), order);
    AMETHYST_ASSERT(found <= block.count());
    sum += found + amethyst::base::Hash64(key) + amethyst::base::Hash64(block.value(i));
  }
  return sum;
}

void TryBlock(std::string_view raw, const Order& order) {
  const uint32_t count = Block::CountOf(raw);
  if (!Block::IsPlausible(count, raw.size())) return;
  AlignedBuffer memory;
  char* const room = memory.Room(Block::BytesFor(count, raw.size(), order));
  std::memcpy(Block::RawIn(room, count, order), raw.data(), raw.size());
  const auto block = Block::Make(room, count, raw.size(), order);
  if (block) static_cast<void>(Use(**block, order));
}

void TryPage(std::string_view raw, const Order& order) {
  const uint32_t count = Block::CountOf(raw);
  if (!Block::IsPlausible(count, raw.size())) return;
  AlignedBuffer memory;
  const auto page = IndexPage::Make(memory.Room(IndexPage::BytesFor(count, raw.size(), order)), raw, 1 << 20, order);
  if (!page) return;
  for (uint32_t i = 0; i < (*page)->count(); ++i) {
    const std::string separator = (*page)->separator(i);
    AMETHYST_ASSERT((*page)->Find(separator, order) <= (*page)->count());
    AMETHYST_ASSERT((*page)->entry(i).handle.end() <= 1 << 20);
    static_cast<void>((*page)->EndsBefore(i, separator, order));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  const Custom custom;
  for (const Order& order : {Order(), Order(&custom)}) {
    TryBlock(raw, order);
    TryPage(raw, order);
  }
  return 0;
}
