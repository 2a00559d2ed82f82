// An open table: point lookups and cursors over its blocks, which it reads through the block cache.
//
// Index pages hang in slots of the table's top index, data blocks in slots of their index page, the filter in a slot of its own:
// FindResident walks them inside the caller's epoch, without locks or reference counts, and says kNotResident where
// something has to be read; Find reads. Every byte read is checksummed against this table's uid and the block's offset.
// Thread safety: any thread at once. The reader must outlive its cursors; its frames are evicted when it dies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "amethyst/error.h"
#include "cache/block_cache.h"
#include "filter/key_sketch.h"
#include "io/file.h"
#include "key/cursor.h"
#include "key/lookup_key.h"
#include "sstable/table_info.h"

namespace amethyst::sstable {

enum class LookupState : uint8_t {
  kAbsent,       // The table has no visible version of the key.
  kPut,
  kDelete,
  kNotResident,  // Something on the way is not in memory: ask Find, outside the epoch.
};

struct Lookup {
  LookupState state = LookupState::kAbsent;
  bool filter_said_no = false;  // kAbsent without a search.
  key::Tag tag;
  std::string_view value;          // For kPut; valid while `frame` is: in the epoch, or while pinned.
  cache::Frame* frame = nullptr;   // Holds `value`.
};

// A Lookup with its frame pinned; never kNotResident.
struct PinnedLookup {
  Lookup lookup;
  cache::FrameRef pin;
};

struct CursorOptions {
  bool fill_cache = true;
  // For compaction: bypasses the cache and reads ahead in large steps from the start.
  bool sequential = false;
  // Reading ahead stops there; data() == nullptr: no bound. Must outlive the cursor.
  std::string_view upper_bound;
};

class TableReader {
 public:
  // Reads and checks footer, properties, key sketch and top index against `info`. `file` must be the table's.
  [[nodiscard]] static Result<std::unique_ptr<TableReader>> Open(std::shared_ptr<io::RandomAccessFile> file,
                                                                 const TableInfo& info, key::Order order,
                                                                 cache::BlockCache& cache);
  // As Open, for a file of which nothing is known (inspection, repair): the info comes from the file itself.
  [[nodiscard]] static Result<std::unique_ptr<TableReader>> OpenUnknown(std::shared_ptr<io::RandomAccessFile> file,
                                                                        key::Order order, cache::BlockCache& cache);
  ~TableReader();

  // Inside an epoch. Starts loading the key's filter line into the processor's cache.
  void PrefetchFilter(uint64_t key_hash) const;
  // Inside an epoch; never blocks. The newest version at or below lookup.visible.
  [[nodiscard]] Lookup FindResident(const key::LookupKey& lookup) const;
  // Outside epochs; may read. Without fill_cache what it reads is not kept (but used if it is there).
  [[nodiscard]] Result<PinnedLookup> Find(const key::LookupKey& lookup, bool fill_cache) const;

  [[nodiscard]] std::unique_ptr<key::Cursor> NewCursor(const CursorOptions& options) const;

  [[nodiscard]] const TableInfo& info() const;
  [[nodiscard]] const std::optional<filter::KeySketch>& sketch() const;
  // Memory held outside the cache (top index, properties).
  [[nodiscard]] size_t memory_bytes() const;
  // Offset in the file at which entries of `key` would begin; estimates need index pages and may read them.
  [[nodiscard]] Result<uint64_t> ApproximateOffset(std::string_view key) const;
  // Reads every byte and checks checksums, the order and bounds of entries, counts, filter (no false negative) and the digest.
  [[nodiscard]] Status Verify() const;
};

}  // namespace amethyst::sstable
