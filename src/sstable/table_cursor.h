// A cursor over one table: shows its blocks' entries in windows, first a few, then whole blocks.
//
// It pins the block whose entries it shows and the index page above that. Moves that stay inside the page touch neither
// top index nor epoch for the page. A long walk over blocks that are not in memory passes the cache by: what it reads
// is kept only if it was read before, so that a scan that comes once costs no room, and one that comes again finds it.
// In sequential mode it reads past the cache, through a buffer of its own.
// Invariants: while Valid, block_ is child block_index_ of page_, page_ is page page_index_, and the window shows the
// entries [shown_begin_, shown_end_) of block_. After an error nothing is held.
// Thread safety: one thread at a time. The table's BlockTree must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cache/frame.h"
#include "key/cursor.h"
#include "sstable/aligned_buffer.h"
#include "sstable/block_tree.h"
#include "sstable/cursor_options.h"
#include "sstable/read_buffer.h"

namespace amethyst::sstable {

class TableCursor final : public key::Cursor {
 public:
  TableCursor(const BlockTree& tree, const CursorOptions& options)
      : tree_(tree), options_(options), read_buffer_(options.sequential ? ReadBuffer::kLarge : ReadBuffer::kSmall) {}

  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(std::string_view target) override;
  void SeekForPrev(std::string_view target) override;
  [[nodiscard]] bool TrySeek(std::string_view target) override;
  uint64_t SkipDead(key::ReadPoint read, std::string_view limit) override;
  bool SkipCovered(const key::Cover& cover, bool forward) override;
  [[nodiscard]] Status status() const override { return status_; }

 protected:
  void NextWindow() override;
  void PrevWindow() override;

 private:
  static constexpr uint32_t kWindowFirst = 4;
  static constexpr uint32_t kWindowMax = 256;
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kScanBlocks = 64;  // So many in a row that had to be read are a scan.

  // A block's place. One past the last page: the end.
  struct Place {
    uint32_t page = 0;
    uint32_t block = 0;
  };
  enum class Direction : uint8_t { kForward, kBackward };

  // Before a seek: as if new; what is held and may be used again stays.
  void Restart();
  // Makes page_ (block_) the one asked for. False: failed, the cursor is invalid.
  [[nodiscard]] bool OpenPage(uint32_t page);
  [[nodiscard]] bool OpenBlock(const Place& place);
  [[nodiscard]] Result<const Block*> LoadBlock(uint32_t block);
  [[nodiscard]] Keep KeepOf(bool is_scan) const;
  // Opens the block that can hold `target`, or is the first behind it. False: failed, or the target is behind all.
  [[nodiscard]] bool OpenBlockFor(std::string_view target);
  [[nodiscard]] std::optional<Place> NextPlace() const;
  // Goes to the next (previous) block and shows its first (last) entries, or ends.
  void NextBlock();
  void PrevBlock();
  // Shows entries from `first` on (up to the one before `end`), positioned at that end.
  void ShowFrom(uint32_t first);
  void ShowUpTo(uint32_t end);
  void Show(uint32_t begin, uint32_t end, uint32_t at);
  // Starts loading what a walk will show of the page's block, if it is in memory.
  void PrefetchBlock(uint32_t block) const;
  [[nodiscard]] uint32_t WindowSize(Direction direction);
  // Where reading ahead in this page stops.
  [[nodiscard]] uint64_t ReadLimit(uint32_t block) const;
  void Fail(Error error);

  // Of SkipDead and SkipCovered: how far the stretch of blocks to be passed that begins at a place reaches.
  struct Stretch {
    Place next;            // The first block behind it, where a key begins.
    uint64_t entries = 0;  // In it.
  };
  [[nodiscard]] bool SkipCoveredBack(const key::Cover& cover);
  // `is_passed(page, child)`: whether the child may be passed over.
  template <typename IsPassed>
  [[nodiscard]] uint64_t SkipChildren(IsPassed is_passed);
  template <typename IsPassed>
  [[nodiscard]] bool Measure(IsPassed is_passed, Stretch* stretch);

  const BlockTree& tree_;
  const CursorOptions options_;
  cache::FrameRef page_frame_;  // Empty in sequential mode.
  cache::FrameRef block_frame_;
  const IndexPage* page_ = nullptr;
  const Block* block_ = nullptr;
  uint32_t page_index_ = kNone;
  uint32_t block_index_ = kNone;
  uint32_t shown_begin_ = 0;
  uint32_t shown_end_ = 0;
  uint32_t window_size_ = 0;
  struct Reading {
    uint32_t missed_in_a_row = 0;  // Blocks, since the last seek.
    bool asks = false;             // Inside TrySeek.
    uint64_t next_offset = 0;      // Where the block behind the last one begins.
  };
  Reading reading_;
  Direction direction_ = Direction::kForward;
  std::vector<key::Entry> entries_;  // The window; grows only.
  std::vector<char> keys_;           // Its keys, where the block stores suffixes; grows only.
  Status status_;
  ReadBuffer read_buffer_;
  // For sequential mode.
  AlignedBuffer page_memory_;
  AlignedBuffer block_memory_;
  std::string_view stored_block_;  // The block that block_memory_ holds decoded, in read_buffer_ or there.
};

}  // namespace amethyst::sstable
