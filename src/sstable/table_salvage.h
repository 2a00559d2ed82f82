// Reads a table as far as it can be: what inspection and repair stand on. Damage costs the part it is in, and is told.
//
// The footer leads to the parts, the top index to the index pages, these to the blocks: what is damaged hides what is
// below it, and nothing else. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "cache/block_cache.h"
#include "filter/key_sketch.h"
#include "io/file.h"
#include "key/order.h"
#include "sstable/block_tree.h"
#include "sstable/footer.h"
#include "sstable/header.h"
#include "sstable/properties.h"
#include "sstable/table_inspect.h"

namespace amethyst::sstable {

class TableSalvage {
 public:
  // Fails only if the file cannot be read at all. `cache` is asked for nothing, and must outlive what is returned.
  [[nodiscard]] static Result<std::unique_ptr<TableSalvage>> Open(std::shared_ptr<io::RandomAccessFile> file,
                                                                  key::Order order, cache::BlockCache& cache);

  [[nodiscard]] uint64_t file_bytes() const { return file_bytes_; }
  // What of the parts could be read.
  [[nodiscard]] const std::optional<Header>& header() const { return header_; }
  [[nodiscard]] const std::optional<Footer>& footer() const { return footer_; }
  [[nodiscard]] const std::optional<Properties>& properties() const { return properties_; }
  [[nodiscard]] const std::optional<filter::KeySketch>& sketch() const { return sketch_; }
  [[nodiscard]] bool filter_is_good() const { return filter_is_good_; }
  // Without it Next finds nothing.
  [[nodiscard]] bool has_index() const { return tree_ != nullptr; }
  // What is wrong with the others.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  // The next index page or data block, in the file's order.
  struct Step {
    bool is_page = false;
    BlockDescription description;
    const Block* block = nullptr;  // Of a good data block: its entries, valid until the next call.
    std::string problem;           // Why it could not be read. Of a page: with all blocks below it.
  };
  // nullopt at the end.
  [[nodiscard]] std::optional<Step> Next();

 private:
  TableSalvage(std::shared_ptr<io::RandomAccessFile> file, key::Order order, uint64_t file_bytes)
      : file_(std::move(file)), order_(order), file_bytes_(file_bytes) {}

  void ReadParts(cache::BlockCache& cache);
  [[nodiscard]] std::optional<std::string> ReadPart(const TableFile& file, const BlockHandle& handle,
                                                    std::string_view name);
  [[nodiscard]] Step DescribeChild(const IndexPage& parent, uint32_t child) const;
  void ReadBlock(const IndexEntry& entry, Step* step);

  const std::shared_ptr<io::RandomAccessFile> file_;
  const key::Order order_;
  const uint64_t file_bytes_;
  std::optional<Header> header_;
  std::optional<Footer> footer_;
  std::optional<Properties> properties_;
  std::optional<filter::KeySketch> sketch_;
  bool filter_is_good_ = false;
  std::unique_ptr<BlockTree> tree_;
  std::vector<std::string> problems_;

  uint32_t next_page_ = 0;
  const IndexPage* page_ = nullptr;  // Whose blocks are being read.
  uint32_t next_block_ = 0;
  AlignedBuffer page_memory_;
  AlignedBuffer block_memory_;
  std::string stored_;
};

// For a table without a good footer, whose uid is known all the same: finds the data blocks one after the other behind
// the header, by trying at which length a checksum holds. Ends at the first place where none does, or at the first
// index page; returns where.
[[nodiscard]] Result<uint64_t> ScanBlocks(const std::shared_ptr<io::RandomAccessFile>& file, const base::Uid& uid,
                                          const key::Order& order, base::FunctionRef<void(const Block&)> visit);

}  // namespace amethyst::sstable
