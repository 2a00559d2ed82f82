// The top index, index pages and data blocks of an open table as a tree, whose nodes it loads through the cache.
//
// The top index is resident and holds the slots of the index pages; each index page, in its frame, holds those of its
// data blocks. A reader that uses a block outside an epoch pins it, and pins the page while it loads the page's
// children. Thread safety: any thread at once.
#pragma once

#include <cstdint>
#include <memory>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "cache/block_cache.h"
#include "key/order.h"
#include "sstable/aligned_buffer.h"
#include "sstable/block.h"
#include "sstable/index_page.h"
#include "sstable/table_file.h"

namespace amethyst::sstable {

// A resident or privately loaded node, pinned.
struct Loaded {
  cache::FrameRef frame;
  bool missed = false;  // It had to be read.
};

// Whether what has to be read is put into the cache, or is private to the caller.
enum class Keep : uint8_t {
  kNo,
  kYes,
  kIfReadBefore,  // Not the first time: for what a scan comes by.
  kReadNothing,   // Nothing is read: kBusy.
  kAskFor,        // The same, but the system is asked to start reading it.
};
[[nodiscard]] constexpr Keep KeepIf(bool fill_cache) { return fill_cache ? Keep::kYes : Keep::kNo; }

class BlockTree {
 public:
  // `top` is the top index's raw bytes; `sequence_base` is added to each sequence number.
  [[nodiscard]] static Result<std::unique_ptr<BlockTree>> Make(TableFile file, key::Order order,
                                                               cache::BlockCache& cache, std::string_view top,
                                                               key::SequenceNumber sequence_base = {});
  // Evicts every frame that hangs in the tree.
  ~BlockTree();

  [[nodiscard]] const TableFile& file() const { return file_; }
  [[nodiscard]] const key::Order& order() const { return order_; }
  [[nodiscard]] cache::BlockCache& cache() const { return cache_; }
  [[nodiscard]] const IndexPage& top() const { return *top_; }
  [[nodiscard]] size_t memory_bytes() const { return sizeof(*this) + top_memory_.size(); }
  // Whether blocks as they are stored say of their entries what the tree says.
  [[nodiscard]] bool ShowsAsStored() const { return sequence_base_ == key::SequenceNumber{}; }

  // What a frame of either kind holds.
  [[nodiscard]] static const IndexPage* PageIn(const cache::Frame* frame) {
    return reinterpret_cast<const IndexPage*>(frame->payload());
  }
  [[nodiscard]] static const Block* BlockIn(const cache::Frame* frame) {
    return reinterpret_cast<const Block*>(frame->payload());
  }

  // Outside epochs.
  [[nodiscard]] Result<Loaded> LoadPage(uint32_t page, Keep keep) const;
  // `page_frame` is what LoadPage returned. With `stored` a block that is not in memory comes from there, not from the
  // file.
  using ReadStored = base::FunctionRef<Result<std::string_view>()>;
  [[nodiscard]] Result<Loaded> LoadBlock(cache::Frame* page_frame, uint32_t block, Keep keep,
                                         const ReadStored* stored = nullptr) const;

  // Reads and makes a page, a block, in memory of the caller's own.
  [[nodiscard]] Result<const IndexPage*> ReadPage(const BlockHandle& handle, AlignedBuffer* memory) const;
  [[nodiscard]] Result<const Block*> DecodeBlock(const IndexEntry& entry, std::string_view stored,
                                                 AlignedBuffer* memory) const;
  // The same of a block that is stored as it is, read to its place; `*stored`: its bytes there, with their trailer.
  [[nodiscard]] Result<const Block*> ReadInPlace(const IndexEntry& entry, AlignedBuffer* memory,
                                                 std::string_view* stored) const;

  // The frame in `slot`, resident or read by `read`.
  [[nodiscard]] Result<Loaded> Load(cache::Slot& slot, cache::Frame* parent, Keep keep,
                                    base::FunctionRef<Result<cache::FrameRef>()> read) const;

 private:
  BlockTree(TableFile file, key::Order order, cache::BlockCache& cache, key::SequenceNumber sequence_base)
      : file_(std::move(file)), order_(order), cache_(cache), sequence_base_(sequence_base) {}

  [[nodiscard]] Result<cache::FrameRef> AskFor(const BlockHandle& handle) const;
  [[nodiscard]] Result<std::string> ReadRaw(const BlockHandle& handle) const;
  [[nodiscard]] Result<cache::FrameRef> ReadPageFrame(const BlockHandle& handle) const;
  [[nodiscard]] Result<cache::FrameRef> ReadBlockFrame(const IndexEntry& entry, const ReadStored* stored) const;
  [[nodiscard]] Status CheckPlausible(const BlockHandle& handle, uint32_t count) const;
  [[nodiscard]] Result<const Block*> MakeBlock(const IndexEntry& entry, char* room) const;

  const TableFile file_;
  const key::Order order_;
  cache::BlockCache& cache_;
  const key::SequenceNumber sequence_base_;
  AlignedBuffer top_memory_;
  const IndexPage* top_ = nullptr;
};

// The frame in `slot`, pinned, or none.
[[nodiscard]] cache::FrameRef PinResident(const cache::Slot& slot);

}  // namespace amethyst::sstable
