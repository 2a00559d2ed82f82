// An index page in memory: what it knows of its children, a slot for each of them, and the search among their
// separators.
//
// On disk it is a block (see block.h) whose keys are separators and whose values are index entries (see format.h); a
// column more says of each child from when on none of its entries is alive, if that is to come for one of them. In
// memory
//
//   | IndexPage, 64 bytes | slots, 8 bytes each, zero: empty | Block |
//
// so that it lives in a cache frame, or, for the top index, in memory of the table's own. Thread safety: immutable once
// made, except the slots, which the cache keeps.
#pragma once

#include <cstdint>
#include <string_view>

#include "amethyst/error.h"
#include "base/assert.h"
#include "base/coding.h"
#include "cache/frame.h"
#include "key/expiry.h"
#include "key/order.h"
#include "sstable/block.h"
#include "sstable/format.h"

namespace amethyst::sstable {

class alignas(64) IndexPage {
 public:
  // Memory for a page of that many children, which must be 64-byte aligned.
  [[nodiscard]] static size_t BytesFor(uint32_t count, size_t raw_bytes, const key::Order& order);
  // Makes a page from the raw bytes, which it copies. Its children lie before `file_end`; `sequence_base` is added to
  // each child's sequence number. kCorruption, without saying where.
  [[nodiscard]] static Result<const IndexPage*> Make(char* memory, std::string_view raw, uint64_t file_end,
                                                     const key::Order& order, key::SequenceNumber sequence_base = {});

  [[nodiscard]] uint32_t count() const { return block().count(); }
  [[nodiscard]] IndexEntry entry(uint32_t i) const {
    AMETHYST_DCHECK(i < count());
    IndexEntry child = base::LoadFixed<IndexEntry>(entries_ + size_t{i} * sizeof(IndexEntry));
    child.summary += summary_base_;
    return child;
  }
  // Whether nothing below it is alive for a read at that time.
  [[nodiscard]] bool IsDead(uint32_t i, uint64_t now_ms) const {
    return entry(i).live == 0 || (dead_from_ms_ != nullptr && DeadFromMs(i) <= now_ms);
  }
  [[nodiscard]] uint64_t DeadFromMs(uint32_t i) const {
    if (dead_from_ms_ != nullptr) return base::LoadFixed<uint64_t>(dead_from_ms_ + size_t{i} * sizeof(uint64_t));
    return entry(i).live == 0 ? 0 : key::kNeverMs;
  }
  [[nodiscard]] cache::Slot& slot(uint32_t i) const {
    AMETHYST_DCHECK(i < count());
    return slots_[i];
  }
  void PrefetchEntry(uint32_t i) const { __builtin_prefetch(entries_ + size_t{i} * sizeof(IndexEntry)); }
  [[nodiscard]] std::string separator(uint32_t i) const { return block().key(i); }

  // The only child that can hold `key`'s newest version; later ones hold greater keys (or more of its versions).
  // count(): none.
  [[nodiscard]] uint32_t Find(std::string_view key, const key::Order& order) const {
    return block().FirstNotBefore(key, order, [this](uint32_t i) { return !entry(i).inclusive(); });
  }
  // Starts loading the lines that a Find in a full page will need.
  void Prefetch() const {
    const char* const block = reinterpret_cast<const char*>(this + 1) + kPageBlocksMax * sizeof(cache::Slot);
    constexpr size_t kLines = 1 + kPageBlocksMax * sizeof(key::Head) / 64;
    for (size_t line = 0; line < kLines; ++line) __builtin_prefetch(block + 64 * line);
  }
  // Whether all keys up to the end of child `i` are before `limit` (data() == nullptr: no limit).
  [[nodiscard]] bool EndsBefore(uint32_t i, std::string_view limit, const key::Order& order) const {
    return limit.data() == nullptr || block().CompareKey(i, limit, order) < (entry(i).inclusive() ? 0 : 1);
  }

 private:
  IndexPage(cache::Slot* slots, const Block* block, const char* dead_from_ms, key::SequenceNumber sequence_base)
      : slots_(slots),
        block_(block),
        entries_(block->value(0).data()),
        dead_from_ms_(dead_from_ms),
        summary_base_(key::Raw(sequence_base) << 8) {}
  [[nodiscard]] const Block& block() const { return *block_; }

  cache::Slot* slots_;
  const Block* block_;
  const char* entries_;       // Of sizeof(IndexEntry) each, unaligned.
  const char* dead_from_ms_;  // A u64 each, unaligned; nullptr: the entries say it all.
  uint64_t summary_base_;     // Added to each entry's summary.
};
static_assert(sizeof(IndexPage) == 64);

}  // namespace amethyst::sstable
