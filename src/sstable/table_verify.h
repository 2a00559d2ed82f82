// Reads a whole table and checks everything that its bytes claim: the work behind TableReader::Verify.
//
// Beyond checksums: that parts lie back to back from the file's start to its footer, that entries ascend, within blocks
// and between them, and lie within their separators, that all counts, bounds and flags are true, that the filter
// excludes no key that is there, and the digest. It reads the file, not the cache.
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "amethyst/error.h"
#include "filter/bloom_filter.h"
#include "filter/key_sketch.h"
#include "key/types.h"
#include "sstable/aligned_buffer.h"
#include "sstable/table_reader.h"

namespace amethyst::sstable {

class TableVerifier {
 public:
  explicit TableVerifier(const TableReader& reader)
      : reader_(reader), tree_(reader.tree()), order_(reader.tree().order()) {}
  [[nodiscard]] Status Run();

 private:
  [[nodiscard]] Status CheckHeader();
  [[nodiscard]] Status CheckPage(const IndexPage& parent, uint32_t child);
  [[nodiscard]] Status CheckBlock(const IndexPage& parent, uint32_t child);
  [[nodiscard]] Status CheckEntry(const Block& block, uint32_t i, uint64_t offset);
  // That the entry of `child` sums up `found`, that it promises no death earlier than found, and that its separator
  // bounds the last key.
  [[nodiscard]] Status CheckChild(const IndexPage& parent, uint32_t child, const IndexEntry& found,
                                  uint64_t dead_from_ms) const;
  [[nodiscard]] Status CheckTail();
  [[nodiscard]] Status CheckTotals() const;
  // Reads a part that is not a page or data block. Empty if there is none.
  [[nodiscard]] Result<std::string> ReadPart(const BlockHandle& handle) const;
  // The part begins where the last one ended; its checksum goes into the digest.
  [[nodiscard]] Status Follow(const BlockHandle& handle);
  [[nodiscard]] Status Wrong(uint64_t offset, std::string_view what) const;

  const TableReader& reader_;
  const BlockTree& tree_;
  const key::Order order_;
  std::string filter_bytes_;
  filter::BloomFilterView filter_;
  filter::KeySketch sketch_;  // Of the keys found.
  Digest digest_;
  uint64_t end_ = 0;  // Of the last part.
  AlignedBuffer page_memory_;
  AlignedBuffer block_memory_;
  std::optional<std::string> last_key_;
  key::Tag last_tag_;
  bool continues_ = false;  // What the last block said.
  TableInfo found_;
  uint64_t data_blocks_ = 0;
};

}  // namespace amethyst::sstable
