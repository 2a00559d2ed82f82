// A cursor: the internal iterator over sorted entries, of a memtable, a table, a level, or a merge of them.
//
// It shows entries (key ascending, newest first within a key) as a WINDOW of consecutive ones and a position in it.
// Steps inside the window are inline index steps; only at its edges a virtual call fetches the next. So a consumer that
// knows that a stretch of the window needs no decisions (see merge) walks it at the cost of a pointer increment.
//
// Windows start small and grow while steps go on in one direction, so that a seek followed by one step stays cheap.
// Everything in the window is valid until the cursor moves past it, seeks, or dies: the cursor pins what it shows.
//
// A cursor becomes invalid at either end AND on an error: after !Valid(), status() tells which. Cursors never skip
// what they cannot read. After falling off an end only a seek makes it valid again.
//
// Thread safety: one thread at a time. Moves may read files: never call them inside an epoch or under a lock.
#pragma once

#include <span>
#include <string_view>

#include "amethyst/error.h"
#include "base/assert.h"
#include "key/entry.h"
#include "key/range_tombstones.h"
#include "key/read_point.h"

namespace amethyst::key {

class Cursor {
 public:
  Cursor() = default;
  virtual ~Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // Seek: to the first entry whose key is at or after `target`. SeekForPrev: to the LAST entry (the oldest
  // version) whose key is at or before it. Any of them may be called in any state, and clears an error.
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual void Seek(std::string_view target) = 0;
  virtual void SeekForPrev(std::string_view target) = 0;

  // As Seek, unless that would have to read a file: then it asks the system to start reading, and returns false. The
  // cursor has to seek again before it is looked at. So several cursors can wait for one read in place of one each.
  [[nodiscard]] virtual bool TrySeek(std::string_view target) {
    Seek(target);
    return true;
  }

  [[nodiscard]] bool Valid() const { return position_ != nullptr; }
  [[nodiscard]] const Entry& entry() const {
    AMETHYST_DCHECK(Valid());
    return *position_;
  }

  void Next() {
    AMETHYST_DCHECK(Valid());
    if (++position_ == end_) [[unlikely]]
      NextWindow();
  }
  void Prev() {
    AMETHYST_DCHECK(Valid());
    if (position_-- == begin_) [[unlikely]]
      PrevWindow();
  }

  // The entries from the current one to the end of the window, and those from its begin up to the current one,
  // inclusive; empty if not Valid.
  [[nodiscard]] std::span<const Entry> Ahead() const { return {position_, Valid() ? end_ : position_}; }
  [[nodiscard]] std::span<const Entry> Behind() const {
    return Valid() ? std::span<const Entry>(begin_, position_ + 1) : std::span<const Entry>();
  }
  // Makes `n` calls of Next (Prev) in one step. It may leave the window by one entry: then it fetches the next one.
  void Skip(size_t n) {
    AMETHYST_DCHECK(n <= Ahead().size());
    position_ += n;
    if (position_ == end_) NextWindow();
  }
  void SkipBack(size_t n) {
    AMETHYST_DCHECK(n <= Behind().size());
    if (n == Behind().size()) {
      position_ = begin_ - 1;
      PrevWindow();
    } else {
      position_ -= n;
    }
  }

  // True if in the window no key occurs twice, and every entry is of a plain kind (a put). Then `WindowMaxSequence` at
  // or below a reader's snapshot means that every entry is visible as it stands, unless other sources hide it. (The
  // first key of the window may still have newer versions before the window, and the last one older versions after it,
  // unless this is true of the whole table: producers set it only if neither is so.)
  [[nodiscard]] bool WindowIsPlain() const { return plain_; }
  [[nodiscard]] SequenceNumber WindowMaxSequence() const { return max_sequence_; }
  // What is ahead as a file holds it, if that is a block of it, no more and no less, and the producer has it at hand
  // (see sstable::TableWriter::AddStored); else empty.
  [[nodiscard]] std::string_view StoredAhead() const { return position_ == begin_ ? stored_ : std::string_view(); }

  // A hint from a read that has hit a tombstone here: moves forward over whole subtrees (blocks, index pages, memtable
  // nodes) in which no key is live, of which the read sees everything, and which lie wholly before `limit` (empty
  // data(): no limit). It passes no other entry, but may pass fewer than it could, or none. Returns 0 if the cursor
  // stands where it stood and is Valid; else, at least approximately, how many entries were passed. A failure is never
  // 0: the cursor is then not Valid, and must be looked at before a step.
  virtual uint64_t SkipDead(ReadPoint read, std::string_view limit) {
    static_cast<void>(read);
    static_cast<void>(limit);
    return 0;
  }

  // A hint from a read to which `cover` hides what stands here: moves on, forward or back, over what holds no entry
  // that is newer than the cover and lies wholly in its stretch (tables, subtrees). It may pass less than it could, or
  // nothing: then it returns false, and stands where it stood. After a move it may be at its end or have failed.
  virtual bool SkipCovered(const Cover& cover, bool forward) {
    static_cast<void>(cover);
    static_cast<void>(forward);
    return false;
  }

  // As Seek (SeekForPrev), for a read to which `cover`, whose stretch holds the target, hides what is older: it may
  // pass what SkipCovered may pass from there, without a look at it.
  virtual void SeekOver(std::string_view target, const Cover& cover, bool forward) {
    static_cast<void>(cover);
    forward ? Seek(target) : SeekForPrev(target);
  }

  [[nodiscard]] virtual Status status() const = 0;

 protected:
  // Called with the position one past the window (one before it): shows the neighbouring window, positioned at its
  // first (last) entry, by SetWindow, or ends by Clear.
  virtual void NextWindow() = 0;
  virtual void PrevWindow() = 0;

  // Shows `entries`, not empty, positioned at `index`; `stored`: what StoredAhead gives for all of them.
  void SetWindow(std::span<const Entry> entries, size_t index, std::string_view stored = {}) {
    AMETHYST_DCHECK(index < entries.size());
    stored_ = stored;
    begin_ = entries.data();
    end_ = begin_ + entries.size();
    position_ = begin_ + index;
  }
  void SetPlain(bool plain, SequenceNumber max_sequence) {
    plain_ = plain;
    max_sequence_ = max_sequence;
  }
  void Clear() { begin_ = end_ = position_ = nullptr; }

 private:
  const Entry* begin_ = nullptr;
  const Entry* end_ = nullptr;
  const Entry* position_ = nullptr;
  std::string_view stored_;
  SequenceNumber max_sequence_ = kSequenceMax;
  bool plain_ = false;
};

}  // namespace amethyst::key
