// What a transaction has read: the keys and ranges that it asked for, whatever was there.
//
// Past its limit neighbours become one range, again and again, at the worst all keys of a family: then more than was
// read counts as read. While that is done it takes up to four times the limit. Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "amethyst/options.h"
#include "engine/read_context.h"
#include "engine/walk.h"
#include "key/expiry.h"
#include "key/types.h"

namespace amethyst::transactions {

class ReadSet final : public engine::ReadListener {
 public:
  struct Point {
    key::FamilyId family{};
    std::string_view key;
    bool was_absent = false;
  };
  struct Range {
    key::FamilyId family{};
    engine::SeenRange keys;
  };

  ReadSet(const engine::ReadContext& reads, size_t limit_bytes) : reads_(reads), limit_bytes_(limit_bytes) {}
  ~ReadSet() override { LetGoOfWalks(); }

  void AddPoint(const Point& point);
  void AddRange(key::FamilyId family, engine::SeenRange keys);
  void SawExpiry(uint64_t expires_ms) override { expires_ms_ = std::min(expires_ms_, expires_ms); }

  // What live iterators have seen so far is added, too.
  void TellWalks();
  // Iterators go on, and are not listened to any more.
  void LetGoOfWalks();

  // Other than the default, each once.
  [[nodiscard]] const std::vector<key::FamilyId>& families() const { return families_; }
  // What was read is not known any more: everything counts.
  [[nodiscard]] bool all_counts() const { return all_counts_; }
  // When the first value expires that was read.
  [[nodiscard]] uint64_t expires_ms() const { return expires_ms_; }
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  // Calls `visit` with each point until it returns false, and says whether it never did.
  template <typename Visit>
  [[nodiscard]] bool ForEachPoint(Visit visit) const {
    for (std::string_view rest : {std::string_view(first_points_.data(), first_bytes_), std::string_view(points_)}) {
      while (!rest.empty()) {
        if (!visit(TakePoint(&rest))) return false;
      }
    }
    return true;
  }
  [[nodiscard]] size_t MemoryBytes() const { return first_bytes_ + points_.size() + range_bytes_; }

 private:
  class Complete;

  // ReadListener:
  void Saw(key::FamilyId family, engine::SeenRange range) override { AddRange(family, std::move(range)); }
  void Began(engine::DbIterator& iterator) override;
  void Ended(engine::DbIterator& iterator) noexcept override;

  static constexpr size_t kPointHeadBytes = 2 * sizeof(uint32_t);  // Family; size and whether it was absent.
  static void Encode(const Point& point, char* bytes);
  [[nodiscard]] static Point TakePoint(std::string_view* rest);
  [[nodiscard]] static size_t BytesOf(const Range& range);
  [[nodiscard]] key::Order OrderOf(key::FamilyId family) const;
  void NoteFamily(key::FamilyId family);
  void Coarsen();
  template <typename Item, typename Less>
  void SortInFamilies(std::vector<Item>* items, Less less) const;
  void AppendPointsTo(std::vector<Range>* ranges) const;
  // Joins ranges that touch; then neighbours two by two.
  [[nodiscard]] std::vector<Range> Sorted();
  void JoinPairs();
  void Count();

  const engine::ReadContext& reads_;
  const size_t limit_bytes_;
  std::vector<key::FamilyId> families_;
  size_t point_count_ = 0;
  // Encoded one after the other, so that a point costs no allocation; the first ones here.
  std::array<char, 232> first_points_;
  size_t first_bytes_ = 0;
  std::string points_{};  // Those that have no room there.
  std::vector<Range> ranges_;
  size_t range_bytes_ = 0;
  uint64_t expires_ms_ = key::kNeverMs;
  bool all_counts_ = false;
  std::vector<engine::DbIterator*> iterators_;  // Live ones; nullptr: a place that is free.
};

}  // namespace amethyst::transactions
