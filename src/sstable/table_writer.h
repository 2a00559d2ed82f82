// Writes one table from sorted entries. See docs/format/table.md for the bytes.
//
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/buffer.h"
#include "filter/bloom_filter.h"
#include "filter/key_sketch.h"
#include "io/file.h"
#include "key/bounds.h"
#include "key/entry.h"
#include "sstable/block_builder.h"
#include "sstable/footer.h"
#include "sstable/format.h"
#include "sstable/index_builder.h"
#include "sstable/lineage.h"
#include "sstable/table_info.h"

namespace amethyst::sstable {

class TableWriter {
 public:
  // Writes to `file`, which is fresh. `oldest_delete_time_s` is what the table will claim if it holds a tombstone.
  TableWriter(std::unique_ptr<io::WritableFile> file, const TableOptions& options, uint64_t oldest_delete_time_s);
  ~TableWriter();  // Without Finish: the file is left incomplete, for the caller to remove.

  // Entries by key ascending, newest first within a key; keys never repeat a tag. Asserts the order in debug builds.
  // `is_last`: nothing older of the key follows; a large value is then written at once, and held as little as may be.
  [[nodiscard]] Status Add(const key::Entry& entry, bool is_last = false);
  // The same for all entries of a block of another table, without making it anew, from `stored`, its bytes with their
  // trailer, which have been checked. They are all puts, and no key of theirs comes twice. False: the block does not
  // suit (its codec, its size, a small block before it), and nothing was added.
  [[nodiscard]] Result<bool> AddStored(std::span<const key::Entry> entries, std::string_view stored);
  [[nodiscard]] uint64_t entries() const { return info_.entries + block_.count(); }
  // Bytes written so far and buffered: an estimate of the final size.
  [[nodiscard]] uint64_t EstimatedBytes() const;

  // Of those the ones that are in blocks, as stored.
  [[nodiscard]] uint64_t StoredBytes() const { return offset(); }
  // About what it holds in memory: the file's part to come, the block, index pages and the filter's hashes.
  [[nodiscard]] size_t memory_bytes() const {
    return buffer_.capacity() + block_.memory_bytes() + index_.EstimatedBytes() +
           sizeof(uint64_t) * filter_.key_count();
  }
  // Of the last entry; there must be one.
  [[nodiscard]] std::string_view last_key() const {
    return block_.empty() ? std::string_view(taken_over_last_key_) : block_.last_key();
  }
  // Before Finish.
  struct Surroundings {
    Lineage lineage{};                       // What the table replaces, if anything.
    key::BoundLimits limits{};               // Within which its bounds stay.
    std::optional<ExternalPart> external{};  // nullopt: the table is a database's.
  };
  void SetSurroundings(Surroundings surroundings) { surroundings_ = std::move(surroundings); }
  // Writes the rest, syncs and closes. There must be at least one entry. The name is durable once its directory is
  // synced.
  [[nodiscard]] Result<TableInfo> Finish();

 private:
  [[nodiscard]] uint64_t offset() const { return appended_ + buffer_.size(); }
  // What the index has to know of a block, once it is known what comes behind.
  struct Written {
    BlockHandle handle;
    uint32_t entries = 0;
    uint32_t live = 0;
    key::SequenceNumber max_sequence{};
    key::Expiries expiries{};
  };

  void AddKey(std::string_view key);
  // Ends what comes before `next`, or before the end of the table (nullptr), and belongs in a block of its own.
  [[nodiscard]] Status EndBlock(const key::Entry* next);
  [[nodiscard]] Status CutBlock(const key::Entry* next);
  [[nodiscard]] Status AddAtOnce(const key::Entry& entry);
  // The block, whose last key goes on in the next one or not, is in the file or its buffer.
  [[nodiscard]] Result<Written> WriteOut(bool continues);
  void AddToIndex(const Written& block, std::string_view last_key, const key::Entry* next);
  [[nodiscard]] Result<BlockHandle> WriteBlock(std::string_view raw, Compression codec);
  [[nodiscard]] Result<BlockHandle> WriteStored(std::string_view stored, Compression codec, uint32_t raw_bytes);
  // What was appended to the buffer since it held `begin` bytes is a block's, and its trailer is to come.
  [[nodiscard]] Result<BlockHandle> EndStored(size_t begin, Compression codec, uint32_t raw_bytes);
  // What is large goes to the file past the buffer, so that it is not held twice.
  [[nodiscard]] Result<BlockHandle> AppendStored(std::string_view stored, std::string_view behind, Compression codec,
                                                 uint32_t raw_bytes);
  void AppendTrailerHead(Compression codec, uint32_t raw_bytes);
  void AppendChecksum(uint64_t hash, uint64_t offset);
  [[nodiscard]] Status AppendBuffer();
  [[nodiscard]] Status WriteTail();

  std::unique_ptr<io::WritableFile> file_;
  const TableOptions options_;
  const uint64_t oldest_delete_time_s_;
  TableInfo info_;  // Of what is in finished blocks; complete at the end.
  BlockBuilder block_;
  bool own_block_ = false;  // The block holds one large value, and nothing else may join it.
  bool continued_ = false;  // The block begins with the key that the last one ended with.
  // A block that is written, and not yet in the index: taken over as it was stored, or of one large value.
  std::optional<Written> taken_over_;
  std::string taken_over_last_key_;
  IndexBuilder index_;
  filter::BloomFilterBuilder filter_;
  filter::KeySketch sketch_;
  Digest digest_;
  Surroundings surroundings_;
  uint64_t data_blocks_ = 0;
  base::Buffer buffer_;  // Not yet appended to the file.
  uint64_t appended_ = 0;
  bool finished_ = false;
};

}  // namespace amethyst::sstable
