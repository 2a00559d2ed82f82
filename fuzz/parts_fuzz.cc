// Any bytes as a table's properties, as its footer, and as a compressed block: an error, or values that encode to
// themselves, and never harm.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/coding.h"
#include "compress/codec.h"
#include "sstable/footer.h"
#include "sstable/properties.h"

namespace {

using namespace amethyst;  // NOLINT: a program of one file.

void ReadProperties(std::string_view bytes) {
  const auto properties = sstable::Properties::FromBytes(bytes);
  if (!properties) return;
  std::string again;
  properties->AppendTo(&again);
  const auto reread = sstable::Properties::FromBytes(again);
  AMETHYST_ASSERT(reread.has_value() && reread->info == properties->info && reread->codec == properties->codec);
  AMETHYST_ASSERT(reread->order_name == properties->order_name && reread->data_blocks == properties->data_blocks);
}

// As they are, and with the checksum and the magic number made right.
void ReadFooter(std::string bytes) {
  if (bytes.size() < sstable::kFooterBytes) return;
  const uint64_t offset = bytes.size() - sstable::kFooterBytes;
  static_cast<void>(sstable::Footer::FromBytes(std::string_view(bytes).substr(offset), bytes.size()));
  base::Uid uid{};
  std::string_view head = std::string_view(bytes).substr(offset);
  AMETHYST_ASSERT(base::ReadFixed(&head, &uid.low) && base::ReadFixed(&head, &uid.high));
  char* const checked = bytes.data() + bytes.size() - 16;
  base::StoreFixed(checked, base::Checksum(std::string_view(bytes).substr(offset, sstable::kFooterBytes - 16),
                                           {.owner = uid, .offset = offset}));
  base::StoreFixed(checked + 8, sstable::kTableMagic);
  auto footer = sstable::Footer::FromBytes(std::string_view(bytes).substr(offset), bytes.size());
  if (!footer) return;  // Where its handles point to is checked when they are used: by TableFile, for table_fuzz.
  std::string again;
  footer->AppendTo(&again, sstable::Digest(), offset);
  constexpr size_t kHandlesEnd = sizeof(base::Uid) + 5 * sizeof(sstable::BlockHandle);
  AMETHYST_ASSERT(std::string_view(again).substr(0, kHandlesEnd) == bytes.substr(offset, kHandlesEnd));
}

void Decompress(std::string_view bytes) {
  uint16_t raw_bytes;
  if (!base::ReadFixed(&bytes, &raw_bytes)) return;
  std::string raw(raw_bytes, '\0');
  for (uint8_t codec = 0; compress::IsKnownCodec(codec); ++codec) {
    static_cast<void>(compress::Decompress(compress::Codec{codec}, bytes, raw));
    base::Buffer stored;
    const compress::Codec used = compress::AppendCompressed(compress::Codec{codec}, bytes, &stored);
    std::string again(bytes.size(), '\0');
    if (used == compress::Codec::kNone) continue;
    AMETHYST_ASSERT(compress::Decompress(used, stored, again).has_value() && again == bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadProperties(bytes);
  ReadFooter(std::string(bytes));
  Decompress(bytes);
  return 0;
}
