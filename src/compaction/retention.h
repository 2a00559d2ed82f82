// Which versions of a key a rewrite keeps: a pure decision, shared by flush and compaction.
//
// Snapshots cut the sequence numbers into stripes; of a key's versions in one stripe only those are ever seen that the
// snapshot at the stripe's end needs for its answer (the last stripe's end is a reader at the newest sequence): the
// newest, and while that is an operand the next older one, too. What comes once the stripe's answer is decided is
// dropped. What has expired for all reads to come is a tombstone, and an operand that has is nothing.
// A tombstone is needed only to hide an older version: it is held back until the next version that stays is known. If
// that is a put, the tombstone stays; if that is another tombstone, the older one hides all that both would; if there
// is none, the tombstone goes, unless something older may lie below this rewrite. A put that is below all snapshots,
// with nothing below it, gets sequence 0, and so lets readers skip the question of visibility. Thread safety: one
// thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "key/resolver.h"
#include "key/types.h"

namespace amethyst::compaction {

class Retention {
 public:
  // `snapshots`: ascending; all that are live when the job starts. Later ones see at least everything that the inputs
  // hold. `expired_ms`: what expires by then has expired for all of them, and for all reads to come.
  explicit Retention(std::vector<key::SequenceNumber> snapshots, uint64_t expired_ms = 0);

  enum class Verdict : uint8_t {
    kDrop,
    kKeep,          // A put; the tombstone of TakeHeld, if any, goes before it.
    kKeepAsOldest,  // The same, with sequence 0.
    kHold,          // A tombstone, held from now on; one held before is dropped.
    kOperand,       // An operand; the tombstone of TakeHeld, if any, goes before it.
  };

  // A new key begins; EndKey was called for the one before. `nothing_below`: no older version of it lies outside this
  // job's inputs.
  void StartKey(bool nothing_below);
  // The next version of the key, newest first; `stored`: the value that is stored with it.
  [[nodiscard]] Verdict Decide(key::Tag tag, std::string_view stored);
  // Whether that version was the first of its stripe: operands before it have all that their readers see of the key in
  // this job.
  [[nodiscard]] bool began_stripe() const { return began_stripe_; }
  // A version that takes the place of the operands since the stripe began, and of their base: the verdict on it.
  [[nodiscard]] Verdict DecideMerged(key::Tag tag);
  // Of a put that was just kept: whether no older version of the key stays.
  [[nodiscard]] bool IsLast() const { return last_stripe_ == 0; }
  // As StartKey was told.
  [[nodiscard]] bool nothing_below() const { return nothing_below_; }
  // After kKeep, kKeepAsOldest and kOperand: the tombstone that stays before the version just kept, if one does.
  [[nodiscard]] std::optional<key::Tag> TakeHeld() { return std::exchange(held_, std::nullopt); }
  // Nothing is held any more: what a range delete hides needs no tombstone of its own.
  void ForgetHeld() { held_.reset(); }
  // No version of the key is left: the tombstone that stays as its oldest, if one does.
  [[nodiscard]] std::optional<key::Tag> EndKey();

  // Whether every snapshot sees it: only then can a put get sequence 0.
  [[nodiscard]] bool IsSettled(key::SequenceNumber sequence) const {
    return snapshots_.empty() || sequence <= snapshots_.front();
  }

 private:
  // Whether no reader asks for anything older than the last version.
  [[nodiscard]] bool IsOldest() const { return IsLast() && nothing_below_; }
  [[nodiscard]] key::Answer AnswerTo(key::Tag tag, std::string_view stored) const;
  [[nodiscard]] size_t StripeOf(key::SequenceNumber sequence) const;

  const std::vector<key::SequenceNumber> snapshots_;
  const uint64_t expired_ms_;
  bool began_stripe_ = false;
  size_t last_stripe_ = 0;                        // Of the version before; one past the last stripe: none yet.
  key::Answer answer_ = key::Answer::kUndecided;  // Of the reader at that stripe's end.
  std::optional<key::Tag> held_;
  bool nothing_below_ = false;
};

}  // namespace amethyst::compaction
