// Builds the raw bytes of one block (see block.h) from sorted entries, and is then used again for the next.
// Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/buffer.h"
#include "key/entry.h"
#include "key/expiry.h"
#include "key/order.h"
#include "sstable/block.h"

namespace amethyst::sstable {

class BlockBuilder {
 public:
  explicit BlockBuilder(const key::Order& order) : order_(order) { Reset(); }

  // By key ascending, newest first within a key. The block must stay below kRawBytesMax.
  void Add(const key::Entry& entry);
  // A put that has the block for itself, and whose value is not copied: it comes behind what Finish returns.
  void AddAlone(const key::Entry& entry);
  // The value of such a put, borrowed until Reset; empty: there is none.
  [[nodiscard]] std::string_view value_apart() const { return value_apart_; }

  [[nodiscard]] bool empty() const { return tags_.empty(); }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(tags_.size()); }
  [[nodiscard]] uint32_t live() const { return live_; }
  [[nodiscard]] const key::Expiries& expiries() const { return expiries_; }
  [[nodiscard]] key::SequenceNumber max_sequence() const { return key::SequenceNumber{sequence_max_}; }
  [[nodiscard]] key::SequenceNumber min_sequence() const { return key::SequenceNumber{sequence_min_}; }
  [[nodiscard]] std::string_view last_key() const {
    AMETHYST_DCHECK(!empty());
    return Key(count() - 1);
  }
  [[nodiscard]] key::Tag last_tag() const {
    AMETHYST_DCHECK(!empty());
    return tags_.back();
  }
  [[nodiscard]] size_t memory_bytes() const { return keys_.capacity() + values_.capacity() + raw_.capacity(); }
  // About the size of the raw bytes so far, and what one more entry adds.
  [[nodiscard]] size_t EstimatedBytes() const { return kFixedBytes + keys_.size() + values_.size() + 4 * tags_.size(); }
  [[nodiscard]] static size_t EntryBytes(const key::Entry& entry) {
    return size_t{entry.key_bytes} + entry.value_bytes + 4;
  }

  // The raw bytes, valid until the next call of Reset. `flags`: kContinued and kContinues. `dead_from_ms`: of each
  // entry of an index page, or empty. Not empty; call Reset afterwards.
  [[nodiscard]] std::string_view Finish(uint8_t flags, std::span<const uint64_t> dead_from_ms = {});
  void Reset();

 private:
  static constexpr size_t kFixedBytes = block_format::kBlockHeaderBytes + 4 * block_format::kColumnBytes;

  [[nodiscard]] std::string_view Key(uint32_t i) const {
    return {keys_.data() + key_offsets_[i], key_offsets_[i + 1] - key_offsets_[i]};
  }
  template <typename Width>
  void AppendOffsets(const std::vector<uint32_t>& offsets, uint32_t cut);
  void AppendKeys(uint32_t prefix_bytes, bool suffixes);
  void AppendSequences(size_t width);
  [[nodiscard]] bool IsOfOneKind() const;

  const key::Order order_;
  std::string keys_;
  base::Buffer values_;
  std::string_view value_apart_;
  std::vector<uint32_t> key_offsets_;    // One more than entries; the first is 0.
  std::vector<uint32_t> value_offsets_;  // Likewise.
  std::vector<key::Tag> tags_;
  uint64_t sequence_min_ = 0;
  uint64_t sequence_max_ = 0;
  uint32_t live_ = 0;  // Entries of live kinds.
  key::Expiries expiries_;
  base::Buffer raw_;
};

}  // namespace amethyst::sstable
