// Gathers what the index of a table says of its data blocks: pages of them, and the top index over the pages.
//
// Pages wait in memory for the end of the data. See docs/format/table.md for the bytes. Thread safety: one thread at a
// time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "sstable/block_builder.h"
#include "sstable/format.h"

namespace amethyst::sstable {

class IndexBuilder {
 public:
  explicit IndexBuilder(const key::Order& order) : page_(order), top_(order) {}

  // The next block: its keys are below `separator`. `dead_from_ms`: from when on no entry of it is alive; 0: none is,
  // kNeverMs: one lives on.
  void AddBlock(std::string_view separator, const IndexEntry& block, uint64_t dead_from_ms);
  // About the size of all pages so far.
  [[nodiscard]] uint64_t EstimatedBytes() const { return pages_bytes_ + page_.EstimatedBytes(); }

  // Writes the pages one after the other; once, after the last block.
  [[nodiscard]] Status WritePages(base::FunctionRef<Result<BlockHandle>(std::string_view raw)> write);
  // After that; the raw bytes are valid as long as the builder.
  [[nodiscard]] size_t page_count() const { return pages_.size(); }
  [[nodiscard]] std::string_view FinishTop();

 private:
  // What is known of a page, as it is known of a block.
  struct Child {
    IndexEntry entry;
    uint64_t dead_from_ms = 0;
  };
  struct Page {
    std::string raw;
    std::string separator;
    Child sum;
  };

  void CutPage();

  BlockBuilder page_;
  Child page_sum_;
  std::vector<uint64_t> page_dead_from_ms_;  // Of each of its children.
  std::vector<Page> pages_;
  uint64_t pages_bytes_ = 0;
  BlockBuilder top_;
};

}  // namespace amethyst::sstable
