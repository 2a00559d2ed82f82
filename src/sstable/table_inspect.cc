#include "sstable/table_inspect.h"

#include "base/error.h"
#include "compress/codec.h"

namespace amethyst::sstable {
namespace {

Result<BlockDescription> DescribeChild(const TableReader& reader, const IndexPage& parent, uint32_t child) {
  const IndexEntry entry = parent.entry(child);
  char codec = 0;
  AMETHYST_TRY(
      io::ReadExactly(reader.tree().file().file(), entry.handle.offset + entry.handle.stored_bytes, {&codec, 1}));
  return BlockDescription{.handle = entry.handle,
                          .codec = std::string(compress::CodecName(static_cast<compress::Codec>(codec))),
                          .entries = entry.entries,
                          .live = entry.live,
                          .max_sequence = entry.max_sequence(),
                          .separator = parent.separator(child),
                          .inclusive = entry.inclusive(),
                          .continues = entry.continues()};
}

}  // namespace

Result<TableDescription> Describe(const TableReader& reader) {
  const BlockTree& tree = reader.tree();
  TableDescription description;
  description.footer = reader.footer();
  description.properties = reader.properties();
  description.has_filter = reader.footer().filter.stored_bytes != 0;
  if (description.has_filter && reader.info().entries > 0) {
    description.filter_bits_per_key =
        8.0 * static_cast<double>(reader.footer().filter.raw_bytes) / static_cast<double>(reader.info().entries);
  }
  AlignedBuffer memory;
  for (uint32_t i = 0; i < tree.top().count(); ++i) {
    AMETHYST_ASSIGN(BlockDescription page, DescribeChild(reader, tree.top(), i));
    AMETHYST_ASSIGN(const IndexPage* const children, tree.ReadPage(page.handle, &memory));
    PageDescription described{.page = std::move(page), .blocks = {}};
    for (uint32_t child = 0; child < children->count(); ++child) {
      AMETHYST_ASSIGN(BlockDescription block, DescribeChild(reader, *children, child));
      described.blocks.push_back(std::move(block));
    }
    description.pages.push_back(std::move(described));
  }
  return description;
}

}  // namespace amethyst::sstable
