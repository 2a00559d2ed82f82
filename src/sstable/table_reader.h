// An open table: point lookups and cursors over its blocks, which it reads through the block cache.
//
// Index pages hang in slots of the table's top index, data blocks in slots of their index page, the filter in a slot of
// its own. One walk looks a key up, in two ways: FindResident goes inside the caller's epoch, without locks or
// reference counts, and says kNotResident where something has to be read; Find reads it. Either answers with the newest
// version that the lookup sees, of whatever kind: what it means is not the table's business (key/resolver.h). Every
// byte read is checksummed against this table's uid and the block's offset. A filter that cannot be read is no filter:
// lookups go on without it. Thread safety: any thread at once. The reader must outlive its cursors; its frames are
// evicted when it dies.
#pragma once

#include <atomic>
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
#include "sstable/block_tree.h"
#include "sstable/cursor_options.h"
#include "sstable/footer.h"
#include "sstable/properties.h"
#include "sstable/table_info.h"

namespace amethyst::sstable {

// How a search ended.
enum class LookupState : uint8_t {
  kAbsent,  // The table has no version that the lookup sees.
  kFound,
  kNotResident,  // Something on the way is not in memory: ask Find, outside the epoch.
};

struct Lookup {
  LookupState state = LookupState::kAbsent;
  bool filter_said_no = false;  // kAbsent without a search.
  bool may_exist = false;       // Of kNotResident: no filter rules the key out.
  key::Tag tag{};               // For kFound.
  std::string_view value{};     // Valid in the epoch, or while its frame is pinned.
};

// A Lookup with its frame pinned; never kNotResident.
struct PinnedLookup {
  Lookup lookup{};
  cache::FrameRef pin{};
  std::optional<Error> filter_lost{};  // Told once: the table's filter cannot be read, and is asked no more.
};

class TableReader {
 public:
  // Reads and checks footer, properties, key sketch and top index against `info`. `file` must be the table's.
  [[nodiscard]] static Result<std::unique_ptr<TableReader>> Open(std::shared_ptr<io::RandomAccessFile> file,
                                                                 const TableInfo& info, key::Order order,
                                                                 cache::BlockCache& cache);
  // As Open, for a file of which nothing is known (inspection, repair): the info comes from the file itself.
  // `sequence_base`: TableInfo::sequence_base, which no file knows.
  [[nodiscard]] static Result<std::unique_ptr<TableReader>> OpenUnknown(std::shared_ptr<io::RandomAccessFile> file,
                                                                        key::Order order, cache::BlockCache& cache,
                                                                        key::SequenceNumber sequence_base = {});
  ~TableReader();

  // Inside an epoch. Starts loading the key's filter line into the processor's cache.
  void PrefetchFilter(uint64_t key_hash) const;
  // Inside an epoch; never blocks. The newest version that the lookup sees.
  [[nodiscard]] Lookup FindResident(const key::LookupKey& lookup) const;

  // The same in steps, for who looks up many keys at once: each step ends with asking for the memory that the next one
  // needs, so that the keys' cache misses overlap. All of them in one epoch, in this order; once one returns false,
  // `answer` holds what FindResident would have returned.
  struct Search {
    Lookup answer{};
    uint32_t page_index = 0;
    uint32_t block_index = 0;
    const IndexPage* page = nullptr;
    const Block* block = nullptr;
  };
  [[nodiscard]] bool FindPage(const key::LookupKey& lookup, Search* search) const;  // After PrefetchFilter.
  [[nodiscard]] bool FindBlock(const key::LookupKey& lookup, Search* search) const;
  static void PrefetchEntry(const key::LookupKey& lookup, const Search& search);
  void Finish(const key::LookupKey& lookup, Search* search) const;

  // What a search that ended with kNotResident lacks.
  struct Piece {
    cache::FrameKind kind = cache::FrameKind::kData;
    uint32_t page_index = 0;  // Of an index page.
    BlockHandle handle{};
  };
  // In the epoch of the search.
  [[nodiscard]] Piece MissingPiece(const Search& search) const;
  // Outside epochs. Asks the system to start reading it.
  void Prefetch(const Piece& piece) const { tree_->file().Prefetch(piece.handle); }
  // Outside epochs. Brings a filter or an index page into the cache, for other searches. False: it could not be read.
  bool Load(const Piece& piece) const;

  // Outside epochs; may read. Without fill_cache what it reads is not kept (but used if it is there).
  [[nodiscard]] Result<PinnedLookup> Find(const key::LookupKey& lookup, bool fill_cache) const;

  [[nodiscard]] std::unique_ptr<key::Cursor> NewCursor(const CursorOptions& options) const;

  [[nodiscard]] const TableInfo& info() const { return properties_.info; }
  [[nodiscard]] const std::optional<filter::KeySketch>& sketch() const { return sketch_; }
  // Memory held outside the cache (top index, properties).
  [[nodiscard]] size_t memory_bytes() const { return sizeof(*this) + tree_->memory_bytes(); }
  // Offset in the file at which entries of `key` would begin; estimates need index pages and may read them.
  [[nodiscard]] Result<uint64_t> ApproximateOffset(std::string_view key) const;
  // Reads every byte and checks checksums, the order and bounds of entries, counts, filter (no false negative) and the
  // digest.
  [[nodiscard]] Status Verify() const;

  // The parts, for inspection and verification.
  [[nodiscard]] const BlockTree& tree() const { return *tree_; }
  [[nodiscard]] const Footer& footer() const { return footer_; }
  [[nodiscard]] const Properties& properties() const { return properties_; }
  // The filter's frame, pinned; read if need be. There must be a filter.
  [[nodiscard]] Result<cache::FrameRef> LoadFilter() const;

 private:
  TableReader(const Footer& footer, Properties properties)
      : has_filter_(footer.filter.stored_bytes != 0), footer_(footer), properties_(std::move(properties)) {}

  [[nodiscard]] bool HasFilter() const { return has_filter_.load(std::memory_order_relaxed); }
  [[nodiscard]] Result<cache::FrameRef> ReadFilterFrame() const;
  // Whether the filter, as far as it is to be had, excludes the key.
  [[nodiscard]] Result<bool> FilterExcludes(const key::LookupKey& lookup, bool fill_cache) const;
  // The same, where a filter that cannot be read excludes nothing: `lost` says why.
  [[nodiscard]] Result<bool> FilterExcludes(const key::LookupKey& lookup, bool fill_cache,
                                            std::optional<Error>* lost) const;
  [[nodiscard]] std::optional<Error> GiveUpFilter(std::optional<Error> lost) const;

  // How a search comes to the parts of the table: borrowed from what is in memory, or read if need be and pinned. Each
  // step is false if it ends the search, with the answer in it, or an error in `reach`.
  class Resident;
  class Loading;
  template <typename Reach>
  [[nodiscard]] bool FindPage(const key::LookupKey& lookup, Reach& reach, Search* search) const;
  template <typename Reach>
  [[nodiscard]] bool FindBlock(const key::LookupKey& lookup, Reach& reach, Search* search) const;
  template <typename Reach>
  void Finish(const key::LookupKey& lookup, Reach& reach, Search* search) const;
  // Looks into the search's block. False: it knows nothing of the key, but the next one may.
  [[nodiscard]] bool LookIntoBlock(const key::LookupKey& lookup, Search* search) const;

  mutable cache::Slot filter_slot_;
  // Cleared, by any thread, when the filter cannot be read: a hint that guards nothing, so relaxed.
  mutable std::atomic<bool> has_filter_;
  std::unique_ptr<const BlockTree> tree_;
  bool lru_ = false;  // Hits move frames.
  const Footer footer_;
  const Properties properties_;
  std::optional<filter::KeySketch> sketch_;
};

// The order's name that tables keep, to refuse another's.
[[nodiscard]] std::string_view OrderName(const key::Order& order);

}  // namespace amethyst::sstable
