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

#include "key/cover_row.h"
#include "key/order.h"
#include "key/range.h"
#include "key/range_heads.h"
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
  // What the read sees, if it may also pass what is deleted, where the deletes hide nothing but what is hidden anyway.
  SequenceNumber visible{};

  [[nodiscard]] bool Hides(SequenceNumber entry) const { return entry < sequence; }
};

// A way over keys that tombstones cover: only those of a number from `at_least`, which is not 0, to `visible` count.
struct CoveredWay {
  bool forward = true;
  SequenceNumber at_least{1};
  SequenceNumber visible = kSequenceMax;
};
// How far such a way goes without a gap.
struct Reach {
  SequenceNumber
      least{};  // Of the newest numbers of the keys on it, that counts; 0: it is not covered where it begins.
  std::optional<std::string_view> edge{};  // Where it ends, or else up to where nothing covers it; nullopt: nowhere.
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
  // readers of the newest which neighbours are the same to them. Indexes it, too.
  void KeepKeys();
  // At the end: makes searches and ways quicker. Nothing else changes.
  void Index();

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
  // What a read that sees `visible` has to know at `key`; Covering: its sequence alone.
  [[nodiscard]] Cover At(std::string_view key, SequenceNumber visible) const;
  [[nodiscard]] SequenceNumber Covering(std::string_view key, SequenceNumber visible) const;
  // A gap between fragments that holds `key`, and whether it holds another one. False says nothing: there may be one,
  // for it is only known of those that heads tell.
  [[nodiscard]] bool FindGap(std::string_view key, RangeHeads::Gap* gap) const { return heads_.FindGap(key, gap); }
  [[nodiscard]] bool IsInGap(std::string_view key, const RangeHeads::Gap& gap) const { return heads_.Holds(gap, key); }
  // A way whose first key is `key`; one that goes back from the keys before it. They may end before they have to.
  [[nodiscard]] Reach ReachFrom(std::string_view key, const CoveredWay& way) const;
  [[nodiscard]] Reach ReachBefore(std::string_view key, const CoveredWay& way) const;
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
  // Where a key lies, or the place right before it.
  enum class Side : uint8_t { kAt, kBefore };
  struct Place {
    size_t begun = 0;     // So many fragments begin at or before it.
    bool inside = false;  // It lies in the last of these.
  };
  [[nodiscard]] bool BeginsAtOrBefore(const Fragment& fragment, std::string_view key, Side side) const;
  [[nodiscard]] bool HasEnded(const Fragment& fragment, std::string_view key, Side side) const;
  [[nodiscard]] Place PlaceOf(std::string_view key, Side side = Side::kAt) const;
  [[nodiscard]] Place IndexedPlaceOf(std::string_view key, Side side) const;
  [[nodiscard]] bool TouchesNext(size_t fragment) const;
  [[nodiscard]] Reach ReachOf(size_t fragment, const CoveredWay& way) const;
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
  // Set by Index, where there are some fragments. The row has the newest numbers.
  RangeHeads heads_;
  CoverRow row_;
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
