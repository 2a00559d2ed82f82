// Which versions of a key a rewrite keeps: a pure decision, shared by flush and compaction.
//
// Snapshots cut the sequence numbers into stripes; of a key's versions in one stripe only those are ever seen that the
// snapshot at the stripe's end needs for its answer (the last stripe's end is a reader at the newest sequence): the
// newest, as every kind decides today. What comes once the stripe's answer is decided is dropped.
// A tombstone is needed only to hide an older version: it is held back until the next version that stays is known. If
// that is a put, the tombstone stays; if that is another tombstone, the older one hides all that both would; if there
// is none, the tombstone goes, unless something older may lie below this rewrite. A put that is below all snapshots,
// with nothing below it, gets sequence 0, and so lets readers skip the question of visibility. Thread safety: one
// thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "key/resolver.h"
#include "key/types.h"

namespace amethyst::compaction {

class Retention {
 public:
  // `snapshots`: ascending; all that are live when the job starts. Later ones see at least everything that the inputs
  // hold.
  explicit Retention(std::vector<key::SequenceNumber> snapshots);

  enum class Verdict : uint8_t {
    kDrop,
    kKeep,          // A put; the tombstone of TakeHeld, if any, goes before it.
    kKeepAsOldest,  // The same, with sequence 0.
    kHold,          // A tombstone, held from now on; one held before is dropped.
  };

  // A new key begins; EndKey was called for the one before. `nothing_below`: no older version of it lies outside this
  // job's inputs.
  void StartKey(bool nothing_below);
  // The next version of the key, newest first.
  [[nodiscard]] Verdict Decide(key::Tag tag);
  // After kKeep and kKeepAsOldest: the tombstone that stays before the version just kept, if one does.
  [[nodiscard]] std::optional<key::Tag> TakeHeld() { return std::exchange(held_, std::nullopt); }
  // No version of the key is left: the tombstone that stays as its oldest, if one does.
  [[nodiscard]] std::optional<key::Tag> EndKey();

  // Whether every snapshot sees it: only then can a put get sequence 0.
  [[nodiscard]] bool IsSettled(key::SequenceNumber sequence) const {
    return snapshots_.empty() || sequence <= snapshots_.front();
  }

 private:
  [[nodiscard]] size_t StripeOf(key::SequenceNumber sequence) const;

  const std::vector<key::SequenceNumber> snapshots_;
  size_t last_stripe_ = 0;                        // Of the version before; one past the last stripe: none yet.
  key::Answer answer_ = key::Answer::kUndecided;  // Of the reader at that stripe's end.
  std::optional<key::Tag> held_;
  bool nothing_below_ = false;
};

}  // namespace amethyst::compaction
