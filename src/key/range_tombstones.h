// Range tombstones as a map from keys to the sequence numbers that cover them: sorted, disjoint fragments.
//
// A range tombstone at sequence n hides every entry of its keys whose number is below n, wherever that entry is: no
// source of a read has to know where the tombstone is kept. Overlapping tombstones are cut at each other's bounds; a
// fragment has the numbers of all that cover it, newest first, as far as some reader can tell them apart: of those
// between two snapshots the newest alone. Neighbours with the same numbers are one fragment. Thread safety: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "key/order.h"
#include "key/range.h"
#include "key/types.h"

namespace amethyst::key {

struct RangeTombstone {
  Range range;
  SequenceNumber sequence{};
};

// What hides entries of one key from a read, and the keys around it for which the same is true.
struct Cover {
  SequenceNumber sequence{};  // Every entry below it is hidden; 0: none is.
  Range stretch;

  [[nodiscard]] bool Hides(SequenceNumber entry) const { return entry < sequence; }
};

class RangeTombstones {
 public:
  struct Fragment {
    Range range;
    uint32_t first;  // Of its numbers.
    uint32_t count;  // At least 1.
  };

  explicit RangeTombstones(Order order = Order()) : order_(order) {}
  // `snapshots`: ascending; the moments, beside the newest, that readers may be at. Ranges that hold no key count for
  // nothing. Keys are borrowed, until KeepKeys.
  RangeTombstones(std::span<const RangeTombstone> tombstones, const Order& order,
                  std::span<const SequenceNumber> snapshots);
  // One more fragment. False: it does not lie behind all others, or its numbers are not there, newest first.
  [[nodiscard]] bool Append(const Range& range, std::span<const SequenceNumber> sequences);
  // At the end, where it is to be kept: copies all keys, so that the tombstones need not outlive it, and notes for
  // readers of the newest which neighbours are the same to them.
  void KeepKeys();

  [[nodiscard]] bool empty() const { return fragments_.empty(); }
  [[nodiscard]] std::span<const Fragment> fragments() const { return fragments_; }
  // Newest first.
  [[nodiscard]] std::span<const SequenceNumber> SequencesOf(const Fragment& fragment) const {
    return std::span(sequences_).subspan(fragment.first, fragment.count);
  }
  // The newest of them that is no greater than `up_to`; 0: all are greater.
  [[nodiscard]] SequenceNumber NewestOf(const Fragment& fragment, SequenceNumber up_to) const;
  // The greatest number of all fragments; 0: there are no fragments.
  [[nodiscard]] SequenceNumber newest() const { return newest_; }

  // The fragment that holds `key`, or nullptr.
  [[nodiscard]] const Fragment* Find(std::string_view key) const;
  // What a read that sees `visible` has to know at `key`.
  [[nodiscard]] Cover At(std::string_view key, SequenceNumber visible) const;
  // Those that hold a key from `first` to `last`, both inclusive.
  [[nodiscard]] std::span<const Fragment> Overlapping(std::string_view first, std::string_view last) const;
  // Whether tombstones between `above` and `up_to`, exclusive and inclusive, cover all keys from `first` to `last`.
  [[nodiscard]] bool CoverAll(std::string_view first, std::string_view last, SequenceNumber above,
                              SequenceNumber up_to) const;
  // As single tombstones again, appended.
  void AppendTo(std::vector<RangeTombstone>* tombstones) const;
  // Only the fragments for which `lives` is true, with keys of their own.
  template <typename Lives>
  [[nodiscard]] RangeTombstones Filtered(Lives lives) const;

 private:
  // How many fragments begin at or before `key`.
  [[nodiscard]] size_t CountAtOrBefore(std::string_view key) const;
  void Add(const Range& range, std::span<const SequenceNumber> sequences);
  void LinkChains();

  Order order_;
  std::vector<Fragment> fragments_;
  std::vector<SequenceNumber> sequences_;
  SequenceNumber newest_{};
  // Set by KeepKeys.
  std::shared_ptr<const char[]> keys_;
  struct Chain {
    uint32_t first;
    uint32_t last;
  };
  std::vector<Chain> chains_;  // Of each fragment: those around it that touch and have the same newest number.
};

template <typename Lives>
RangeTombstones RangeTombstones::Filtered(Lives lives) const {
  RangeTombstones filtered(order_);
  for (const Fragment& fragment : fragments_) {
    if (lives(fragment)) filtered.Add(fragment.range, SequencesOf(fragment));
  }
  filtered.KeepKeys();
  return filtered;
}

}  // namespace amethyst::key
