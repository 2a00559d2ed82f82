// Writes one table from sorted entries. See docs/format/table.md for the bytes.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "filter/bloom_filter.h"
#include "filter/key_sketch.h"
#include "io/file.h"
#include "key/entry.h"
#include "sstable/block_builder.h"
#include "sstable/footer.h"
#include "sstable/format.h"
#include "sstable/table_info.h"

namespace amethyst::sstable {

class TableWriter {
 public:
  // Writes to `file`, which is fresh. `oldest_delete_time_s` is what the table will claim if it holds a tombstone.
  TableWriter(std::unique_ptr<io::WritableFile> file, const TableOptions& options, uint64_t oldest_delete_time_s);
  ~TableWriter();  // Without Finish: the file is left incomplete, for the caller to remove.

  // Entries by key ascending, newest first within a key; keys never repeat a tag. Asserts the order in debug builds.
  [[nodiscard]] Status Add(const key::Entry& entry);
  [[nodiscard]] uint64_t entries() const { return info_.entries + block_.count(); }
  // Bytes written so far and buffered: an estimate of the final size.
  [[nodiscard]] uint64_t EstimatedBytes() const;

  // Writes the rest, syncs and closes. There must be at least one entry. The name is durable once its directory is
  // synced.
  [[nodiscard]] Result<TableInfo> Finish();

 private:
  struct Page {
    std::string raw;
    std::string separator;
    IndexEntry entry;
  };

  [[nodiscard]] uint64_t offset() const { return appended_ + buffer_.size(); }
  [[nodiscard]] Status CutBlock(const key::Entry* next);
  [[nodiscard]] Status AddToPage(std::string_view separator, const IndexEntry& child);
  void CutPage();
  [[nodiscard]] Result<BlockHandle> WriteBlock(std::string_view raw, Compression codec);
  [[nodiscard]] Status AppendBuffer();
  [[nodiscard]] Status WriteIndexPages();
  [[nodiscard]] Status WriteTail();

  std::unique_ptr<io::WritableFile> file_;
  const TableOptions options_;
  const uint64_t oldest_delete_time_s_;
  TableInfo info_;  // Of what is in finished blocks; complete at the end.
  BlockBuilder block_;
  bool own_block_ = false;  // The block holds one large value, and nothing else may join it.
  bool continued_ = false;  // The block begins with the key that the last one ended with.
  BlockBuilder page_;
  IndexEntry page_summary_;
  std::vector<Page> pages_;
  uint64_t pages_bytes_ = 0;
  BlockBuilder top_;
  filter::BloomFilterBuilder filter_;
  filter::KeySketch sketch_;
  Digest digest_;
  uint64_t data_blocks_ = 0;
  std::string compressed_;
  std::string buffer_;  // Not yet appended to the file.
  uint64_t appended_ = 0;
  bool finished_ = false;
};

}  // namespace amethyst::sstable
