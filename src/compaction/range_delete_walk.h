// The range deletes that cover the keys of a rewrite, one key after the other.
//
// Keeps the stretch of keys for which the last answer holds, so that most keys cost a comparison, and nothing where
// there are no range deletes. Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "key/order.h"
#include "key/range_tombstones.h"

namespace amethyst::compaction {

class RangeDeleteWalk {
 public:
  // nullptr: there are none.
  RangeDeleteWalk(std::shared_ptr<const key::RangeTombstones> tombstones, key::Order order)
      : tombstones_(std::move(tombstones)), order_(order) {}

  // A new key begins.
  void StartKey(std::string_view key) {
    if (tombstones_ != nullptr) [[unlikely]]
      Find(key);
  }
  // Whether one covers the key: then no version of it may lose its own number.
  [[nodiscard]] bool covers_key() const { return covers_key_; }
  // Whether one of them was not taken.
  [[nodiscard]] bool HasMore() const { return !left_.empty(); }
  // The newest that was not taken, if it is newer than the key's next version.
  [[nodiscard]] std::optional<key::SequenceNumber> TakeNewerThan(key::SequenceNumber version) {
    if (left_.empty() || left_.front() < version) return std::nullopt;
    const key::SequenceNumber taken = left_.front();
    left_ = left_.subspan(1);
    return taken;
  }

  // What covers `key` for a reader of the newest; nullptr: nothing.
  [[nodiscard]] const key::Cover* CoverOf(std::string_view key) {
    if (tombstones_ == nullptr) [[likely]]
      return nullptr;
    const key::Cover& cover = At(key);
    return cover.sequence == key::SequenceNumber{} ? nullptr : &cover;
  }
  // Whether one covers a key from `first` to `last`, both inclusive.
  [[nodiscard]] bool TouchesAnyOf(std::string_view first, std::string_view last) const {
    return tombstones_ != nullptr && !tombstones_->Overlapping(first, last).empty();
  }

 private:
  [[gnu::noinline]] void Find(std::string_view key) {
    const key::Cover& cover = At(key);
    covers_key_ = cover.sequence != key::SequenceNumber{};
    left_ = covers_key_ ? tombstones_->SequencesOf(*tombstones_->Find(key)) : std::span<const key::SequenceNumber>();
  }
  [[nodiscard]] const key::Cover& At(std::string_view key) {
    if (!cover_ || !cover_->stretch.Holds(key, order_)) cover_ = tombstones_->At(key, key::kSequenceMax);
    return *cover_;
  }

  const std::shared_ptr<const key::RangeTombstones> tombstones_;
  const key::Order order_;
  std::optional<key::Cover> cover_;
  std::span<const key::SequenceNumber> left_;  // Of the current key.
  bool covers_key_ = false;
};

}  // namespace amethyst::compaction
