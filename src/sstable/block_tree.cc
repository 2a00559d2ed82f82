#include "sstable/block_tree.h"

#include "base/epoch.h"
#include "base/error.h"
#include "sstable/cursor_options.h"

namespace amethyst::sstable {

cache::FrameRef PinResident(const cache::Slot& slot) {
  const base::EpochGuard guard;
  cache::Frame* const frame = slot.Peek();
  if (frame == nullptr) return {};
  // The pin waits for the frame's own line; what will be searched may come at the same time.
  for (size_t line = 0; line <= 6; ++line) __builtin_prefetch(frame->payload() + 64 * line);
  frame->Pin();
  return cache::FrameRef(frame);
}

Result<std::unique_ptr<BlockTree>> BlockTree::Make(TableFile file, key::Order order, cache::BlockCache& cache,
                                                   std::string_view top, key::SequenceNumber sequence_base) {
  const uint64_t file_bytes = file.bytes();
  std::unique_ptr<BlockTree> tree(new BlockTree(std::move(file), order, cache, sequence_base));
  const uint32_t count = Block::CountOf(top);
  if (!Block::IsPlausible(count, top.size())) return base::Corruption("{} children in {} bytes", count, top.size());
  char* const memory = tree->top_memory_.Room(IndexPage::BytesFor(count, top.size(), order));
  AMETHYST_ASSIGN(tree->top_, IndexPage::Make(memory, top, file_bytes, order, sequence_base));
  return tree;
}

BlockTree::~BlockTree() {
  if (top_ == nullptr) return;  // Make failed.
  for (uint32_t page = 0; page < top_->count(); ++page) {
    if (const cache::FrameRef frame = PinResident(top_->slot(page))) {
      const IndexPage* const children = PageIn(frame.get());
      for (uint32_t block = 0; block < children->count(); ++block) cache_.Evict(children->slot(block));
    }
    cache_.Evict(top_->slot(page));
  }
}

Result<Loaded> BlockTree::Load(cache::Slot& slot, cache::Frame* parent, Keep keep,
                               base::FunctionRef<Result<cache::FrameRef>()> read) const {
  AMETHYST_DCHECK(!base::InEpoch());
  if (cache::FrameRef frame = PinResident(slot)) {
    if (cache_.policy() == CachePolicy::kLru) {
      cache_.RecordHit(frame.get());
    } else {
      frame->Touch();
    }
    return Loaded{.frame = std::move(frame), .missed = false};
  }
  if (keep == Keep::kReadNothing) return NotInMemory();
  if (keep == Keep::kYes) {
    AMETHYST_ASSIGN(cache::FrameRef frame, cache_.GetOrLoad(slot, parent, read));
    return Loaded{.frame = std::move(frame), .missed = true};
  }
  AMETHYST_ASSIGN(cache::FrameRef frame, read());
  if (keep == Keep::kIfReadBefore && cache_.AdmitsScanned(*frame.get())) cache_.Insert(slot, parent, frame.Share());
  return Loaded{.frame = std::move(frame), .missed = true};
}

Result<Loaded> BlockTree::LoadPage(uint32_t page, Keep keep) const {
  return Load(top_->slot(page), nullptr, keep, [&] {
    const BlockHandle handle = top_->entry(page).handle;
    return keep == Keep::kAskFor ? AskFor(handle) : ReadPageFrame(handle);
  });
}

Result<Loaded> BlockTree::LoadBlock(cache::Frame* page_frame, uint32_t block, Keep keep,
                                    const ReadStored* stored) const {
  AMETHYST_DCHECK(page_frame->kind() == cache::FrameKind::kIndex);
  const IndexPage* const page = PageIn(page_frame);
  return Load(page->slot(block), page_frame, keep, [&] {
    const IndexEntry entry = page->entry(block);
    return keep == Keep::kAskFor ? AskFor(entry.handle) : ReadBlockFrame(entry, stored);
  });
}

Result<cache::FrameRef> BlockTree::AskFor(const BlockHandle& handle) const {
  file_.Prefetch(handle);
  return NotInMemory();
}

Status BlockTree::CheckPlausible(const BlockHandle& handle, uint32_t count) const {
  if (Block::IsPlausible(count, handle.raw_bytes)) return {};
  return base::Corruption("{}: block at {}: {} entries in {} raw bytes", file_.path(), handle.offset, count,
                          handle.raw_bytes);
}

Result<std::string> BlockTree::ReadRaw(const BlockHandle& handle) const {
  std::string raw;
  AMETHYST_TRY(file_.Read(handle, [&](size_t bytes) {
    raw.resize(bytes);
    return raw.data();
  }));
  raw.resize(handle.raw_bytes);
  AMETHYST_TRY(CheckPlausible(handle, Block::CountOf(raw)));
  return raw;
}

Result<cache::FrameRef> BlockTree::ReadPageFrame(const BlockHandle& handle) const {
  AMETHYST_ASSIGN(const std::string raw, ReadRaw(handle));
  cache::FrameRef frame = cache_.NewFrame(cache::FrameKind::kIndex, cache::IdentityOf(file_.uid(), handle.offset),
                                          IndexPage::BytesFor(Block::CountOf(raw), raw.size(), order_));
  const auto page = IndexPage::Make(frame->payload(), raw, file_.bytes(), order_, sequence_base_);
  if (!page) return file_.At(handle.offset, page.error());
  return frame;
}

Result<const IndexPage*> BlockTree::ReadPage(const BlockHandle& handle, AlignedBuffer* memory) const {
  AMETHYST_ASSIGN(const std::string raw, ReadRaw(handle));
  char* const room = memory->Room(IndexPage::BytesFor(Block::CountOf(raw), raw.size(), order_));
  const auto page = IndexPage::Make(room, raw, file_.bytes(), order_, sequence_base_);
  if (!page) return file_.At(handle.offset, page.error());
  return *page;
}

Result<cache::FrameRef> BlockTree::ReadBlockFrame(const IndexEntry& entry, const ReadStored* stored) const {
  AMETHYST_TRY(CheckPlausible(entry.handle, entry.entries));
  cache::FrameRef frame;
  const auto room = [&](size_t bytes) {
    frame = cache_.NewFrame(cache::FrameKind::kData, cache::IdentityOf(file_.uid(), entry.handle.offset),
                            Block::BytesFor(entry.entries, bytes, order_));
    return Block::RawIn(frame->payload(), entry.entries, order_);
  };
  if (stored == nullptr) {
    AMETHYST_TRY(file_.Read(entry.handle, room));
  } else {
    AMETHYST_ASSIGN(const std::string_view bytes, (*stored)());
    AMETHYST_TRY(file_.Decode(entry.handle, bytes, room));
  }
  const auto block = Block::Make(frame->payload(), entry.entries, entry.handle.raw_bytes, order_, sequence_base_);
  if (!block) return file_.At(entry.handle.offset, block.error());
  return frame;
}

Result<const Block*> BlockTree::DecodeBlock(const IndexEntry& entry, std::string_view stored,
                                            AlignedBuffer* memory) const {
  AMETHYST_TRY(CheckPlausible(entry.handle, entry.entries));
  char* room = nullptr;
  AMETHYST_TRY(file_.Decode(entry.handle, stored, [&](size_t bytes) {
    room = memory->Room(Block::BytesFor(entry.entries, bytes, order_));
    return Block::RawIn(room, entry.entries, order_);
  }));
  return MakeBlock(entry, room);
}

Result<const Block*> BlockTree::ReadInPlace(const IndexEntry& entry, AlignedBuffer* memory,
                                            std::string_view* stored) const {
  AMETHYST_TRY(CheckPlausible(entry.handle, entry.entries));
  char* room = nullptr;
  AMETHYST_TRY(file_.Read(entry.handle, [&](size_t bytes) {
    room = memory->Room(Block::BytesFor(entry.entries, bytes, order_));
    char* const raw = Block::RawIn(room, entry.entries, order_);
    *stored = {raw, bytes};
    return raw;
  }));
  return MakeBlock(entry, room);
}

Result<const Block*> BlockTree::MakeBlock(const IndexEntry& entry, char* room) const {
  const auto block = Block::Make(room, entry.entries, entry.handle.raw_bytes, order_, sequence_base_);
  if (!block) return file_.At(entry.handle.offset, block.error());
  return *block;
}

}  // namespace amethyst::sstable
