// The cursor over a memtable: windows of at most 64 entries, each of one leaf.
//
// On arrival at a leaf it takes the leaf's permutation as it is, and keeps to it. Of a cursor for one read, what the
// read does not see is not shown, nor is what a version hides that it sees. Versions of a key are shown newest first; a
// chain longer than a window is continued in the next, in either direction (backward, the jump pointers find where a
// window of older versions begins). The first window after a seek is small, for a seek is often followed by one step.
//
// Thread safety: one thread at a time; nothing that it does disturbs the writer or other readers.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "key/cursor.h"
#include "memtable/key_tree.h"

namespace amethyst::memtable {

class MemtableCursor final : public key::Cursor {
 public:
  explicit MemtableCursor(std::shared_ptr<const KeyTree> tree, std::optional<key::ReadPoint> read = std::nullopt)
      : tree_(std::move(tree)), read_(read) {}

  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(std::string_view target) override;
  void SeekForPrev(std::string_view target) override;
  uint64_t SkipDead(key::ReadPoint read, std::string_view limit) override;
  bool SkipCovered(const key::Cover& cover, bool forward) override;
  void SeekOver(std::string_view target, const key::Cover& cover, bool forward) override;
  [[nodiscard]] Status status() const override { return {}; }

 protected:
  void NextWindow() override;
  void PrevWindow() override;

 private:
  static constexpr uint32_t kWindowMax = 64;
  static constexpr uint32_t kWindowFirst = 2;

  // Where an end of the window is: a rank in the leaf, and one of the versions there.
  struct Edge {
    uint32_t rank;
    const Record* version;
  };

  void Enter(const Node& leaf);
  void SeekBeyond(const key::Range& stretch, bool forward);
  [[nodiscard]] bool IsHiddenBy(const key::Cover& cover) const { return cover.Hides(tree_->newest_sequence()); }
  [[nodiscard]] bool SkipDeadBack(const key::Cover& cover);
  // The newest version at the rank that is shown; nullptr: none is. Of a key, the oldest that is shown.
  [[nodiscard]] const Record* NewestAt(uint32_t rank) const;
  [[nodiscard]] const Record* OldestOf(const Record& newest) const;
  // What a read sees first of a key, if it decides, hides all older versions.
  [[nodiscard]] bool ShowsOlderThan(const Record& version) const {
    return version.has_older() && !(read_ && key::Decides(version.tag().kind()));
  }
  [[nodiscard]] bool IsPlain(const Record& version) const {
    return key::IsPlain(version.tag().kind()) && !ShowsOlderThan(version);
  }
  // Shows a window that begins (ends) there, positioned at that entry.
  void ShowFrom(Edge first);
  void ShowUpTo(Edge last);
  // Starts loading what a scan will show after this leaf, of which it has just shown the last entry.
  void PrefetchNextLeaf() const;
  // Shows what begins (ends) at the rank of the leaf that was entered, or in its neighbour, or the end.
  void ShowFromRank(uint32_t rank);
  void ShowUpToRankBefore(uint32_t rank);
  void Grow() { window_entries_ = window_entries_ * 4 < kWindowMax ? window_entries_ * 4 : kWindowMax; }

  const std::shared_ptr<const KeyTree> tree_;  // Keeps the memtable alive.
  const std::optional<key::ReadPoint> read_;   // For which the cursor is; nullopt: for none in particular.
  const Node* leaf_ = nullptr;
  Permutation order_;
  Edge first_{};
  Edge last_{};
  uint32_t window_entries_ = kWindowFirst;
  std::array<key::Entry, kWindowMax> entries_;
};

}  // namespace amethyst::memtable
