#include "sstable/index_builder.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "key/expiry.h"

namespace amethyst::sstable {
namespace {

// Empty where counts say it all: each child is dead already, or never will be.
std::span<const uint64_t> IfToCome(std::span<const uint64_t> dead_from_ms) {
  const bool any =
      std::ranges::any_of(dead_from_ms, [](uint64_t at_ms) { return at_ms != 0 && at_ms != key::kNeverMs; });
  return any ? dead_from_ms : std::span<const uint64_t>();
}

void AddTo(BlockBuilder& page, std::string_view separator, const IndexEntry& child) {
  page.Add(key::Entry(separator, key::Tag(key::SequenceNumber{}, key::EntryKind::kPut),
                      {reinterpret_cast<const char*>(&child), sizeof child}));
}

}  // namespace

void IndexBuilder::AddBlock(std::string_view separator, const IndexEntry& block, uint64_t dead_from_ms) {
  AddTo(page_, separator, block);
  page_dead_from_ms_.push_back(dead_from_ms);
  IndexEntry& sum = page_sum_.entry;
  sum.entries += block.entries;
  sum.live += block.live;
  sum.summary = (std::max(sum.summary, block.summary) & ~uint64_t{0xff}) | (block.summary & 0xff);
  page_sum_.dead_from_ms = std::max(page_sum_.dead_from_ms, dead_from_ms);
  if (page_.count() == kPageBlocksMax || page_.EstimatedBytes() >= kPageBytesMax) CutPage();
}

void IndexBuilder::CutPage() {
  pages_.push_back({.raw = std::string(page_.Finish(0, IfToCome(page_dead_from_ms_))),
                    .separator = std::string(page_.last_key()),
                    .sum = page_sum_});
  pages_bytes_ += pages_.back().raw.size();
  page_sum_ = {};
  page_dead_from_ms_.clear();
  page_.Reset();
}

Status IndexBuilder::WritePages(base::FunctionRef<Result<BlockHandle>(std::string_view raw)> write) {
  if (!page_.empty()) CutPage();
  for (Page& page : pages_) {
    AMETHYST_ASSIGN(page.sum.entry.handle, write(page.raw));
    AddTo(top_, page.separator, page.sum.entry);
  }
  return {};
}

std::string_view IndexBuilder::FinishTop() {
  std::vector<uint64_t> dead_from_ms;
  dead_from_ms.reserve(pages_.size());
  for (const Page& page : pages_) dead_from_ms.push_back(page.sum.dead_from_ms);
  return top_.Finish(0, IfToCome(dead_from_ms));
}

}  // namespace amethyst::sstable
