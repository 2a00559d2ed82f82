// The public iterator's engine: a merge of all sources of one view, with hidden versions and tombstones taken out.
//
// While the merge's window is plain (no key twice, only puts, all visible) a step is an index step: no comparison at
// all. A run of tombstones is passed by SkipDead, whole subtrees at a time; of a key with many versions the one to show
// is looked up. The view is held, and the sequence pinned
// like a snapshot; once memtables of the view have been flushed the iterator moves onto the tables that replaced them,
// so that it does not hold their memory. Thread safety: one thread at a time; Close of the database may run at the same
// time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "engine/iterator_view.h"
#include "engine/read_context.h"
#include "engine/walk.h"
#include "key/cursor.h"
#include "key/expiry.h"

namespace amethyst::engine {

class DeadWalk;

class DbIterator {
 public:
  // Reads at the snapshot of the options, or as of now. One of a family other than the default holds the view from the
  // start, so that it goes on to its end if the family is dropped.
  // A reader's own writes are read on top.
  DbIterator(const std::shared_ptr<ReadContext>& reads, const ReadOptions& options, const tree::FamilyKey& family = {},
             const Reader& reader = {});
  ~DbIterator();

  // Of one that was just made: it may not read, and each of its moves ends with the error.
  void Refuse(Error error);
  // With a listener: tells it what was read since the last seek, as each seek does; and tells it nothing more.
  void TellWalk();
  void LetGoOfWalk() { walk_.reset(); }

  [[nodiscard]] const IteratorPosition* position() const { return &position_; }
  [[nodiscard]] Status status() const { return status_; }

  void SeekToFirst();
  void SeekToLast();
  void Seek(std::string_view target);
  void SeekForPrev(std::string_view target);
  void Next();
  void Prev();
  // How many entries they have stored in `room`.
  [[nodiscard]] size_t NextBatch(std::span<EntryView> room, size_t bytes_max);
  [[nodiscard]] size_t PrevBatch(std::span<EntryView> room, size_t bytes_max);
  void SetMemoryOnly(bool memory_only) { reading_.memory_only = memory_only; }

 private:
  DbIterator(std::shared_ptr<ReadContext> reads, const ReadOptions& options, const tree::FamilyKey& family,
             const Reader& reader, ViewPtr pinned);

  // An iterator steps over so many versions of one key; if there are more, it looks the key up, as Get does.
  static constexpr uint32_t kVersionsBeforeLookUp = 64;

  // Where the cursor is relative to what is shown.
  enum class At : uint8_t {
    kShown,    // On the entry that is shown.
    kBefore,   // Before all versions of the key that is shown, which is a copy: as going backward leaves it.
    kRefused,  // Anywhere, and nothing is shown: a step from reading_.from was refused, for it had to wait.
  };

  // Runs a move that may read files, inside the gate; what it leaves is shown or the end. One that throws ends the walk
  // with its error, until the next seek.
  template <typename Move>
  void Run(Move move);
  void Fail(Error error);
  void Refresh();
  void OpenCursor();
  void NextSlow();
  void PrevSlow();
  // Before a step: whether it repeats one that was refused. Then, as always, position_ has the key to step from.
  [[nodiscard]] bool BeginStep();
  void EndStep();
  void FindForward();  // Shows the first visible entry at or after the cursor, passing versions of passed_key_.
  void FindBackward();
  void WalkForward(DeadWalk* dead);
  void WalkBackward(DeadWalk* dead);
  void FindLast();
  [[nodiscard]] bool PassDead(std::string_view dead_key, DeadWalk* dead);
  void Remember(const DeadWalk& dead);
  // As Seek (SeekForPrev) of the cursor; it does not load what range deletes hide at the target.
  void SeekCursor(std::string_view target, bool forward) {
    if (!view_.covers().empty()) [[unlikely]]
      return SeekOverCovered(target, forward);
    forward ? cursor_->Seek(target) : cursor_->SeekForPrev(target);
  }
  void SeekOverCovered(std::string_view target, bool forward);
  [[nodiscard]] bool SkipCovered();
  [[nodiscard]] key::Cover CoverFrom(std::string_view key, key::SequenceNumber at_least, bool forward);
  // Whether a range delete hides the entry from us.
  [[nodiscard]] bool IsCovered(const key::Entry& entry) {
    return !view_.covers().empty() && view_.covers().Hides(entry.key(), entry.tag.sequence());
  }
  void SeekPastVersions();
  void PrevPastVersions(std::string_view key);
  [[nodiscard]] Result<bool> LookUpCopiedKey();
  [[nodiscard]] Result<bool> ResolveCopiedKey();
  [[nodiscard]] bool ShowLookedUp();
  void ShowCursor();
  void ShowCopy();
  void End();
  // How many entries of the window can be stepped over without looking, in either direction.
  void CountPlainAhead();
  void CountPlainBehind();
  void CountUncoveredAhead();
  void CountUncoveredBehind();
  // Stores what is shown and then `following`, and shows the last of them. Returns how many it stored.
  template <typename Entries>
  [[nodiscard]] size_t TakeBatch(const Entries& following, std::span<EntryView> room, size_t bytes_max);
  [[nodiscard]] bool AllVisible() const;
  void BeginWalk(std::optional<std::string_view> bound, bool forward, bool holds_bound);
  [[nodiscard]] bool BeyondUpper(std::string_view key) const;
  [[nodiscard]] bool BeyondLower(std::string_view key) const;
  void Pass(std::string_view key);

  const std::shared_ptr<ReadContext> reads_;
  const SnapshotPin pin_;
  const key::ReadPoint read_;
  struct Bounds {
    std::optional<std::string> lower;
    std::optional<std::string> upper;
  };
  const Bounds bounds_;
  struct Reading {
    const bool fill_cache;
    bool memory_only;  // Looked at by cursor_.
    std::string from{};
  };
  Reading reading_;

  IteratorView view_;
  std::unique_ptr<Walk> walk_;  // nullptr: nobody is told.
  std::unique_ptr<key::Cursor> cursor_;
  IteratorPosition position_;
  Status status_;
  At at_ = At::kShown;
  size_t plain_steps_ = 0;  // Entries beyond the shown one, in the direction of travel, that can be shown as they are.
  bool forward_ = true;
  bool passing_ = false;  // passed_key_ is set: its older versions are hidden.
  std::string passed_key_;
  struct Copied {
    std::string key;
    std::string value;
    uint64_t expires_ms = key::kNeverMs;
    uint64_t changes_ms = key::kNeverMs;  // When the first of what made the value expires.
  };
  Copied copied_;       // What is shown under At::kBefore.
  std::string target_;  // Of a seek: a copy, for the caller's may be our own key, which goes with the cursor.
};

}  // namespace amethyst::engine
